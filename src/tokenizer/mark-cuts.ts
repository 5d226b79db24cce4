import { SPACE_MARK } from './sentencepiece.js'

/**
 * Where a text can be cut before ▁: no token holds the character before it and ▁ side by side, so none ever spans the
 * place. Words by themselves are far cheaper than all at once.
 */
export class MarkCuts {
  /** Units that stand before ▁ inside some token. */
  private readonly before = new Uint8Array(0x10000)

  constructor(tokens: Iterable<string>) {
    for (const token of tokens)
      for (let at = token.indexOf(SPACE_MARK, 1); at > 0; at = token.indexOf(SPACE_MARK, at + 1))
        this.before[token.charCodeAt(at - 1)] = 1
  }

  /** Calls `onPart` with the parts of a text, in order and without gaps. */
  split(text: string, onPart: (start: number, end: number) => void): void {
    let start = 0
    for (let at = text.indexOf(SPACE_MARK, 1); at > 0; at = text.indexOf(SPACE_MARK, at + 1)) {
      if (this.before[text.charCodeAt(at - 1)]) continue
      onPart(start, at)
      start = at
    }
    if (start < text.length) onPart(start, text.length)
  }
}
