type OnPiece = (start: number, end: number) => void

/**
 * Cuts text by expressions, applied one after the other, each to the pieces that the one before left: a match is a
 * piece, and so is what lies between two matches. Some 100 ns a character; scanners (scanner.ts) do the same faster.
 * @param sources written for the flags u and y
 * @returns a function that calls `onPiece` with UTF-16 offsets of every piece, in order and without gaps
 */
export function regexSplitter(sources: readonly string[]): (text: string, onPiece: OnPiece) => void {
  const stages = sources.map((source) => new RegExp(source, 'uy'))
  return (text, onPiece) => splitStage(stages, 0, text, 0, onPiece)
}

function splitStage(
  stages: readonly RegExp[],
  stage: number,
  text: string,
  offset: number,
  onPiece: OnPiece,
): void {
  const isLast = stage === stages.length - 1
  const emit = (start: number, end: number) => {
    if (isLast) onPiece(offset + start, offset + end)
    else splitStage(stages, stage + 1, text.slice(start, end), offset + start, onPiece)
  }
  const expression = stages[stage]!
  let done = 0
  let at = 0
  while (at < text.length) {
    if (matchesAt(expression, text, at)) {
      const end = expression.lastIndex
      if (at > done) emit(done, at)
      emit(at, end)
      done = at = end
    } else {
      at += text.codePointAt(at)! > 0xffff ? 2 : 1
    }
  }
  if (at > done) emit(done, at)
}

/** Sets `lastIndex` to the end of the match. @throws Error where the expression engine gives up */
function matchesAt(expression: RegExp, text: string, at: number): boolean {
  expression.lastIndex = at
  try {
    return expression.test(text)
  } catch (error) {
    // V8 keeps a place to back up to for every character of a match: about 64 MiB of them, then this
    // RangeError.
    if (!(error instanceof RangeError)) throw error
    throw new Error(
      `The text holds a run of millions of characters of one kind at index ${at}, too long to pre-tokenize; encode it in parts`,
      { cause: error },
    )
  }
}
