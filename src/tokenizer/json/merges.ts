import type { Field } from './field.js'

/** `model.merges`, checked: of a pair that is listed twice the later entry counts, as in Hugging Face `tokenizers`. */
export interface Merges {
  readonly length: number
  /** `left right`, by rank. @throws Error for a token with a space in it */
  texts(): string[]
  /** How many characters or bytes each token stands for that merging can make; 0 for others; by id. */
  spans(texts: readonly string[]): Uint16Array
  forEach(use: (left: number, right: number, merged: number, rank: number) => void): void
}

/**
 * Reads merges, written as `"a b"` or as `["a", "b"]`.
 * @param ids text → id of the model's vocabulary
 * @param prefix what every right part begins with and loses in merging (`continuing_subword_prefix`)
 * @throws Error naming the merge that is none, or of tokens that the vocabulary does not hold
 */
export function readMerges(field: Field, ids: ReadonlyMap<string, number>, prefix: string): Merges {
  const entries = field.array()
  const lefts = new Int32Array(entries.length)
  const rights = new Int32Array(entries.length)
  const merged = new Int32Array(entries.length)
  const ranks = new Map<number, number>()
  const fail = (rank: number, fault: string) => {
    const shown = JSON.stringify(entries[rank])?.slice(0, 80)
    return field.error(`[${rank}] is ${shown}, ${fault}`)
  }
  const idOf = (text: string, rank: number) => {
    const id = ids.get(text)
    if (id === undefined) throw fail(rank, `but model.vocab does not hold ${JSON.stringify(text)}`)
    return id
  }
  entries.forEach((entry, rank) => {
    const pair = typeof entry === 'string' ? entry.split(' ') : entry
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((part) => typeof part === 'string'))
      throw fail(rank, 'not two tokens')
    const [left, right] = pair as [string, string]
    lefts[rank] = idOf(left, rank)
    rights[rank] = idOf(right, rank)
    merged[rank] = idOf(left + right.slice(prefix.length), rank)
    ranks.set(lefts[rank]! * 2 ** 22 + rights[rank]!, rank)
  })
  const isLast = (rank: number) => ranks.get(lefts[rank]! * 2 ** 22 + rights[rank]!) === rank
  const hasTwice = ranks.size < entries.length
  return {
    length: entries.length,
    texts: () =>
      entries
        .filter((_, rank) => !hasTwice || isLast(rank))
        .map((entry, rank) => {
          if (typeof entry === 'string') return entry
          const [left, right] = entry as [string, string]
          if (left.includes(' ') || right.includes(' '))
            throw fail(rank, 'with a space that the vocabulary of bytes cannot hold')
          return `${left} ${right}`
        }),
    spans: (texts) => {
      // Shorter ones first: what a token is put together from is shorter than it is, a right part's prefix aside.
      const lengthOf = (id: number) => texts[id]!.length - (texts[id]!.startsWith(prefix) ? prefix.length : 0)
      const order = Uint32Array.from(entries.keys()).sort(
        (a, b) => lengthOf(merged[a]!) - lengthOf(merged[b]!),
      )
      const spans = new Uint16Array(texts.length)
      for (const rank of order)
        spans[merged[rank]!] = (spans[lefts[rank]!] || 1) + (spans[rights[rank]!] || 1)
      return spans
    },
    forEach: (use) => {
      for (let rank = 0; rank < entries.length; rank++)
        if (!hasTwice || isLast(rank)) use(lefts[rank]!, rights[rank]!, merged[rank]!, rank)
    },
  }
}
