import { Trie } from '../trie.js'
import type { Field } from './field.js'

/** The largest vocabularies have some 260 000 tokens; ids far beyond would only take memory. */
export const MAX_TOKEN_ID = 2 ** 22 - 1

/** An entry of `added_tokens`. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly singleWord: boolean
  readonly lstrip: boolean
  readonly rstrip: boolean
  /** Matched in normalized text, itself normalized. */
  readonly normalized: boolean
  readonly special: boolean
}

export function readAddedTokens(field: Field): AddedToken[] {
  if (!field.exists) return []
  return field.items().map((item) => {
    const special = item.get('special').flag(false)
    return {
      id: item.get('id').integer(0, MAX_TOKEN_ID),
      content: item.get('content').string(),
      singleWord: item.get('single_word').flag(false),
      lstrip: item.get('lstrip').flag(false),
      rstrip: item.get('rstrip').flag(false),
      normalized: item.get('normalized').flag(!special),
      special,
    }
  })
}

const NONE = -1
const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u
const SPACE = /\p{White_Space}/u

/**
 * Finds added tokens in a text: the leftmost first, of several at one place the longest (Hugging Face `tokenizers`,
 * added_vocabulary.rs). O(text · longest token).
 */
export class AddedTokenMatcher {
  private readonly trie = new Trie()
  private readonly tokens: readonly AddedToken[]
  private readonly begins = new Uint8Array(0x10000)

  /** @param spell what of a token is looked for */
  constructor(tokens: readonly AddedToken[], spell = (token: AddedToken) => token.content) {
    this.tokens = tokens
    // Of two with one text the first counts, as in Rust's aho-corasick.
    for (let i = tokens.length - 1; i >= 0; i--) {
      const text = spell(tokens[i]!)
      if (text === '') continue
      this.trie.add(text, i)
      this.begins[text.charCodeAt(0)] = 1
    }
  }

  /**
   * Cuts a text at the tokens found, in order: `onText` gets what lies between (never empty), `onToken` the ids, both
   * with UTF-16 offsets.
   * @param special whether special tokens count; where they do not, they are plain text
   */
  split(
    text: string,
    special: boolean,
    onText: (start: number, end: number) => void,
    onToken: (id: number, start: number, end: number) => void,
  ): void {
    let done = 0
    // Where the run of spaces ends that was looked at last: tokens of spaces may begin again and again inside it.
    let spacesEnd = 0
    for (let at = 0; at < text.length; ) {
      const found = this.begins[text.charCodeAt(at)] ? this.longestAt(text, at) : undefined
      if (!found) {
        at++
        continue
      }
      const { token, end: foundEnd } = found
      let start = at
      let end = foundEnd
      at = end
      if (token.special && !special) continue
      if (token.singleWord && (isWordBefore(text, start) || isWordAt(text, end))) continue
      if (token.lstrip) while (start > done && SPACE.test(text[start - 1]!)) start--
      if (token.rstrip) {
        end = Math.max(end, spacesEnd)
        while (end < text.length && SPACE.test(text[end]!)) end++
        spacesEnd = end
      }
      if (start > done) onText(done, start)
      onToken(token.id, Math.max(start, done), end)
      done = end
    }
    if (done < text.length) onText(done, text.length)
  }

  private longestAt(text: string, at: number): { token: AddedToken; end: number } | undefined {
    let token: AddedToken | undefined
    let end = at
    let node = Trie.root
    for (let to = at; to < text.length; ) {
      node = this.trie.child(node, text.charCodeAt(to++))
      if (node === NONE) break
      const index = this.trie.value(node)
      if (index === NONE) continue
      token = this.tokens[index]
      end = to
    }
    return token && { token, end }
  }
}

function isWordAt(text: string, at: number): boolean {
  return at < text.length && WORD.test(String.fromCodePoint(text.codePointAt(at)!))
}

function isWordBefore(text: string, at: number): boolean {
  if (at === 0) return false
  const isPair = at > 1 && text.codePointAt(at - 2)! > 0xffff
  return isWordAt(text, at - (isPair ? 2 : 1))
}
