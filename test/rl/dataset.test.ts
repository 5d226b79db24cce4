import { describe, expect, test } from 'vitest'
import { BatchSource, type Dataset, packPieces, tokenizeDocuments } from '../../src/rl/trainer/dataset.js'
import type { Batch } from '../../src/rl/trainer/network.js'
import type { Tokenizer } from '../../src/tokenizer/index.js'

/** A token a letter, 10 + its place in the alphabet; 0 begins, 1 ends. */
function letters(special: { bosId?: number; eosId?: number } = { bosId: 0, eosId: 1 }): Tokenizer {
  const encode = (text: string, options?: { addSpecial?: boolean }) => {
    expect(options?.addSpecial, 'the data set puts BOS and EOS itself').toBe(false)
    return Uint32Array.from(text, (letter) => 10 + letter.charCodeAt(0) - 97)
  }
  return { ...special, vocabSize: 36, encode } as unknown as Tokenizer
}

const pieceOf = ({ ids, starts }: Dataset, piece: number) => [
  ...ids.subarray(starts[piece], starts[piece + 1]),
]
const piecesOf = (data: Dataset) => Array.from({ length: data.starts.length - 1 }, (_, p) => pieceOf(data, p))

describe('tokenizeDocuments', () => {
  test('each document begins with BOS and ends with EOS, where there are such', async () => {
    const documents = ['ab', '', 'c']
    const pieces = async (special: { bosId?: number; eosId?: number }) =>
      piecesOf(await tokenizeDocuments(documents, letters(special), 10))
    expect(await pieces({ bosId: 0, eosId: 1 })).toEqual([
      [0, 10, 11, 1],
      [0, 1],
      [0, 12, 1],
    ])
    expect(await pieces({ bosId: 0 })).toEqual([
      [0, 10, 11],
      [0, 12],
    ])
    expect(await pieces({ eosId: 1 })).toEqual([
      [10, 11, 1],
      [12, 1],
    ])
    expect(await pieces({})).toEqual([[10, 11]])
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'context %i: every token but the first is predicted once',
    async (context) => {
      const texts = ['abcdefg', 'h', 'ijklmnop', 'qrstuv']
      const data = await tokenizeDocuments(texts, letters(), context)
      const pieces = piecesOf(data)
      for (const piece of pieces) {
        expect(piece.length).toBeLessThanOrEqual(context + 1)
        expect(piece.length).toBeGreaterThan(1)
      }
      // A piece begins with the token that the last one ends with: joined there, they are the documents.
      const joined: number[][] = []
      for (const piece of pieces) {
        if (piece[0] === 0) joined.push([...piece])
        else {
          expect(joined.at(-1)?.at(-1)).toBe(piece[0])
          joined.at(-1)?.push(...piece.slice(1))
        }
      }
      expect(joined).toEqual(texts.map((text) => [0, ...letters().encode(text, { addSpecial: false }), 1]))
      expect(data.tokens).toBe(joined.reduce((sum, { length }) => sum + length - 1, 0))
      // Only the last piece of a document is shorter than the context allows.
      pieces.forEach((piece, p) => {
        if (p + 1 < pieces.length && pieces[p + 1][0] !== 0) expect(piece.length).toBe(context + 1)
      })
    },
  )

  test('counts documents and bytes, and tells', async () => {
    const told: number[] = []
    const texts = Array.from({ length: 1030 }, () => 'é')
    const data = await tokenizeDocuments(texts, letters(), 10, { onProgress: (n) => told.push(n) })
    expect([data.documents, data.bytes, told]).toEqual([1030, 2060, [512, 1024, 1030]])
  })

  test('holds more tokens than it began with room for', async () => {
    const text = 'abcdefghij'.repeat(7001)
    const data = await tokenizeDocuments([text, 'xyz', text], letters(), 1_000_000)
    const whole = [0, ...letters().encode(text, { addSpecial: false }), 1]
    expect([...data.starts]).toEqual([0, whole.length, whole.length + 5, 2 * whole.length + 5])
    expect(pieceOf(data, 0)).toEqual(whole)
    expect(pieceOf(data, 1)).toEqual([0, 33, 34, 35, 1])
    expect(pieceOf(data, 2)).toEqual(whole)
  })

  test('the fingerprint is that of the tokens and where they are cut', async () => {
    const print = async (texts: string[], context = 10) =>
      (await tokenizeDocuments(texts, letters(), context)).fingerprint
    const first = await print(['abcd', 'ef'])
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(await print(['abcd', 'ef'])).toBe(first)
    const others = [await print(['abcd', 'eg']), await print(['ef', 'abcd']), await print(['abcd', 'ef'], 3)]
    expect(new Set([first, ...others]).size).toBe(4)
    // The same tokens, cut elsewhere.
    const bare = async (texts: string[]) => (await tokenizeDocuments(texts, letters({}), 10)).fingerprint
    expect(await bare(['abcd', 'ef'])).not.toBe(await bare(['ab', 'cdef']))
  })

  test('nothing to train on is refused', async () => {
    await expect(tokenizeDocuments([], letters(), 10)).rejects.toThrow(/nothing to train on/)
    await expect(tokenizeDocuments(['a', 'b'], letters({}), 10)).rejects.toThrow(/two tokens/)
  })

  test('stops when it is told to', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const forever = (function* () {
      for (;;) yield 'abc'
    })()
    const tokenizing = tokenizeDocuments(forever, letters(), 10, {
      signal: controller.signal,
      onProgress: (n) => n >= 1024 && controller.abort(reason),
    })
    await expect(tokenizing).rejects.toBe(reason)
  })
})

/** Documents of 1 to 26 letters, so that each piece is known by its last but one token and its length. */
const DATA = await tokenizeDocuments(
  Array.from({ length: 60 }, (_, i) => 'abcdefghijklmnopqrstuvwxyz'.slice(0, 1 + (i % 26))),
  letters(),
  20,
)

/** The tokens of a batch's documents, the last one's target included. */
function documentsIn({ ids, targets, positions, starts }: Batch): number[][] {
  expect([targets.length, positions.length, starts.at(-1), starts[0]]).toEqual([
    ids.length,
    ids.length,
    ids.length,
    0,
  ])
  return Array.from({ length: starts.length - 1 }, (_, d) => {
    const [begin, end] = [starts[d], starts[d + 1]]
    expect([...positions.subarray(begin, end)]).toEqual(Array.from({ length: end - begin }, (_, i) => i))
    expect([...targets.subarray(begin, end - 1)]).toEqual([...ids.subarray(begin + 1, end)])
    return [...ids.subarray(begin, end), targets[end - 1]]
  })
}

const text = (piece: readonly number[]) => piece.join(' ')

describe('BatchSource', () => {
  const total = DATA.starts.length - 1
  /** Pieces of the next epoch, in order. */
  function epochOf(source: BatchSource): string[] {
    const pieces: string[] = []
    const { epoch } = source.position
    while (source.position.epoch === epoch && source.position.taken < total)
      pieces.push(...source.next(1, 100).flatMap(documentsIn).map(text))
    return pieces
  }
  const sorted = (pieces: string[]) => [...pieces].sort()

  test('takes every piece once an epoch, each time in another order', () => {
    const source = new BatchSource(DATA, 1)
    const first = epochOf(source)
    expect(source.position).toEqual({ epoch: 0, taken: total })
    source.next(1, 100)
    expect(source.position).toEqual({ epoch: 1, taken: 1 })
    const second = epochOf(new BatchSource(DATA, 1, { epoch: 1, taken: 0 }))
    const all = sorted(piecesOf(DATA).map(text))
    expect(sorted(first)).toEqual(all)
    expect(sorted(second)).toEqual(all)
    expect(first).not.toEqual(second)
    expect(first).not.toEqual(piecesOf(DATA).map(text))
  })

  test('the seed decides the order', () => {
    const of = (seed: number) => epochOf(new BatchSource(DATA, seed))
    expect(of(7)).toEqual(of(7))
    expect(of(7)).not.toEqual(of(8))
  })

  test('goes on identically from any position, in a new source and in a used one', () => {
    const source = new BatchSource(DATA, 3)
    const used = new BatchSource(DATA, 3)
    for (let step = 0; step < 12; step++) {
      const { position } = source
      const expected = source.next(150, 60)
      expect(new BatchSource(DATA, 3, position).next(150, 60)).toEqual(expected)
      used.position = position
      expect(used.next(150, 60)).toEqual(expected)
      // Astray, to be called back.
      used.next(1 + 97 * step, 60)
    }
    expect(source.position.epoch).toBeGreaterThan(1)
  })

  test('gives at least the tokens that are asked for, and not a piece more than that takes', () => {
    const source = new BatchSource(DATA, 4)
    for (const tokens of [1, 20, 21, 333, 3 * DATA.tokens]) {
      const documents = source.next(tokens, 50).flatMap(documentsIn)
      const rows = documents.map((piece) => piece.length - 1)
      const sum = rows.reduce((a, b) => a + b, 0)
      expect(sum).toBeGreaterThanOrEqual(tokens)
      expect(sum - rows[rows.length - 1]).toBeLessThan(tokens)
    }
  })
})

describe('packPieces', () => {
  test('fills batches in order, with whole pieces', () => {
    const pieces = Array.from({ length: DATA.starts.length - 1 }, (_, i) => i)
    for (const rows of [20, 33, 64, 10_000]) {
      const batches = packPieces(DATA, pieces, rows)
      expect(batches.flatMap(documentsIn)).toEqual(piecesOf(DATA))
      batches.forEach(({ ids }, i) => {
        expect(ids.length).toBeLessThanOrEqual(rows)
        // The next one's first piece had no room.
        if (i + 1 < batches.length) expect(ids.length + batches[i + 1].starts[1]).toBeGreaterThan(rows)
      })
    }
  })

  test('nothing gives nothing, and a piece that is too long is refused', () => {
    expect(packPieces(DATA, [], 20)).toEqual([])
    expect(() => packPieces(DATA, [25], 19)).toThrow(RangeError)
    expect(() => packPieces(DATA, [25], 19)).toThrow(/20.*19/)
  })
})
