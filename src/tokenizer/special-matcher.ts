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
  }

  /**
   * Cuts `text` at the tokens found, in order: `onText` gets what lies between (never empty), `onToken` the
   * ids and where they stand. Offsets are UTF-16 indices. O(text × longest token).
   */
  split(
    text: string,
    onText: (start: number, end: number) => void,
    onToken: (id: number, start: number, end: number) => void,
  ): void {
    const { root } = this
    let textStart = 0
    let at = 0
    while (root.next.size > 0 && at < text.length) {
      let id = -1
      let end = at
      let node = root.next.get(text.charCodeAt(at))
      for (let i = at + 1; node; node = node.next.get(text.charCodeAt(i++))) {
        if (node.id >= 0) {
          id = node.id
          end = i
        }
      }
      if (id < 0) {
        at++
        continue
      }
      if (at > textStart) onText(textStart, at)
      onToken(id, at, end)
      textStart = at = end
    }
    if (textStart < text.length) onText(textStart, text.length)
  }
}
