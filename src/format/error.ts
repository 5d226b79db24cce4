/**
 * What every function of this folder throws when a file cannot be used as it is: the message starts with the
 * file's name, then names the key, tensor or offset, and says what can be done.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError'

  /** @param file name of the file or source @param problem what is wrong, where, and what to do */
  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options)
  }
}

/** Text from a file, cut and escaped so that it can stand in a one-line message. */
export function quote(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text
  return JSON.stringify(cut)
}
