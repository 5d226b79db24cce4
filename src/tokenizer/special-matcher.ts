interface TrieNode {
  id: number
  readonly next: Map<number, TrieNode>
}

/**
 * Finds tokens that stand in a text as they are, the leftmost first and of several at one place the longest.
 * (llama.cpp looks for the longest anywhere first; the two differ only if the end of one token is the
 * beginning of another.)
 */
export class SpecialMatcher {
  private readonly root: TrieNode = { id: -1, next: new Map() }
  /** Units that begin tokens. There are few, and an engine finds the next of one far faster than a loop. */
  private readonly beginnings: readonly string[]

  constructor(tokens: Iterable<readonly [text: string, id: number]>) {
    for (const [text, id] of tokens) {
      let node = this.root
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i)
        let child = node.next.get(unit)
        if (!child) {
          child = { id: -1, next: new Map() }
          node.next.set(unit, child)
        }
        node = child
      }
      if (text.length > 0) node.id = id
    }
    this.beginnings = Array.from(this.root.next.keys(), (unit) => String.fromCharCode(unit))
  }

  /**
   * Cuts `text` at the tokens found, in order: `onText` gets what lies between (never empty), `onToken` the
   * ids and where the token ends. Offsets are UTF-16 indices. O(text × longest token).
   */
  split(
    text: string,
    onText: (start: number, end: number) => void,
    onToken: (id: number, end: number) => void,
  ): void {
    let textStart = 0
    const nexts = this.beginnings.map(() => -1)
    for (let at = this.next(text, 0, nexts); at < text.length; ) {
      let id = -1
      let end = at
      let node = this.root.next.get(text.charCodeAt(at))
      for (let i = at + 1; node; node = node.next.get(text.charCodeAt(i++))) {
        if (node.id >= 0) {
          id = node.id
          end = i
        }
      }
      if (id < 0) {
        at = this.next(text, at + 1, nexts)
        continue
      }
      if (at > textStart) onText(textStart, at)
      onToken(id, end)
      textStart = end
      at = this.next(text, end, nexts)
    }
    if (textStart < text.length) onText(textStart, text.length)
  }

  /** The first place from `at` on where a token may begin. `nexts` holds where each beginning was found last. */
  private next(text: string, at: number, nexts: number[]): number {
    let first = text.length
    for (let i = 0; i < nexts.length; i++) {
      if (nexts[i]! < at) {
        const found = text.indexOf(this.beginnings[i]!, at)
        nexts[i] = found < 0 ? text.length : found
      }
      if (nexts[i]! < first) first = nexts[i]!
    }
    return first
  }
}
