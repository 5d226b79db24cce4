import type { IdBuffer, SegmentEncoder } from './id-buffer.js'
import { Trie } from './trie.js'

const NONE = -1

export interface WordPieceParts {
  /** Tokens that a word may begin with, and tokens that it may go on with, both as they stand in a word. */
  readonly first: Iterable<readonly [text: string, id: number]>
  readonly others: Iterable<readonly [text: string, id: number]>
  readonly unknownId: number
  /** Longer words, in characters, are unknown. */
  readonly longestWord: number
}

/**
 * WordPiece: of a word the longest token that it begins with, then of the rest, and so on; a word that cannot be put
 * together so is one unknown token. O(n · longest token).
 */
export class WordPiece implements SegmentEncoder {
  private readonly first = new Trie()
  private readonly others = new Trie()
  private readonly unknownId: number
  private readonly longestWord: number
  private found = new Int32Array(64)

  constructor({ first, others, unknownId, longestWord }: WordPieceParts) {
    for (const [text, id] of first) if (text !== '') this.first.add(text, id)
    for (const [text, id] of others) if (text !== '') this.others.add(text, id)
    this.unknownId = unknownId
    this.longestWord = longestWord
  }

  /** @param word a word as the pre-tokenizer cuts it */
  encode(word: string, _isStart: boolean, out: IdBuffer): void {
    if (word === '') return
    const count = this.isTooLong(word) ? 0 : this.match(word)
    if (count === 0) out.push(this.unknownId, word.length)
    for (let i = 0; i < count; i++) out.push(this.found[2 * i]!, this.found[2 * i + 1]!)
  }

  private isTooLong(word: string): boolean {
    if (word.length <= this.longestWord) return false
    let length = 0
    for (const _char of word) if (++length > this.longestWord) return true
    return false
  }

  /** Leaves (id, end) of the word's tokens in `found` and returns how many they are; 0 if it is unknown. */
  private match(word: string): number {
    if (this.found.length < 2 * word.length) this.found = new Int32Array(4 * word.length)
    let count = 0
    let at = 0
    while (at < word.length) {
      const trie = at === 0 ? this.first : this.others
      let id = NONE
      let end = at
      let node = Trie.root
      for (let to = at; to < word.length; ) {
        node = trie.child(node, word.charCodeAt(to++))
        if (node === NONE) break
        if (trie.value(node) === NONE) continue
        id = trie.value(node)
        end = to
      }
      if (id === NONE) return 0
      this.found[2 * count] = id
      this.found[2 * count++ + 1] = end
      at = end
    }
    return count
  }
}

/** A word is a token, or unknown. */
export class WordLevel implements SegmentEncoder {
  private readonly ids: ReadonlyMap<string, number>
  private readonly unknownId?: number

  constructor(ids: ReadonlyMap<string, number>, unknownId?: number) {
    this.ids = ids
    this.unknownId = unknownId
  }

  /** @throws Error for an unknown word if there is no unknown token */
  encode(word: string, _isStart: boolean, out: IdBuffer): void {
    if (word === '') return
    const id = this.ids.get(word) ?? this.unknownId
    if (id === undefined)
      throw new Error(
        `The vocabulary has no token for ${JSON.stringify(word.slice(0, 60))} and no unknown token; remove it from the text`,
      )
    out.push(id, word.length)
  }
}
