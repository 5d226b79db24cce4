import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BYTE_CHARS } from '../../src/tokenizer/bytes.js'
import { tokenizerFromGguf } from '../../src/tokenizer/index.js'
import { Merger } from '../../src/tokenizer/merge.js'
import { LongMerger } from '../../src/tokenizer/merge-long.js'
import { MergeTable } from '../../src/tokenizer/merge-table.js'

/** All adjacent pairs are looked at before each merge; the best, and of equals the leftmost, is merged. */
function mergeNaively<T>(
  symbols: readonly T[],
  find: (left: T, right: T) => { rank: number; merged: T } | undefined,
) {
  const parts = [...symbols]
  for (;;) {
    let best = -1
    let found: { rank: number; merged: T } | undefined
    for (let i = 0; i + 1 < parts.length; i++) {
      const pair = find(parts[i]!, parts[i + 1]!)
      if (pair && (!found || pair.rank < found.rank)) {
        best = i
        found = pair
      }
    }
    if (!found) return parts
    parts.splice(best, 2, found.merged)
  }
}

/** Merges of what earlier merges made, so that long symbols come about, but ranked in any order, some alike. */
const anyMerges = fc.array(fc.tuple(fc.nat(99), fc.nat(99), fc.nat(20)), { minLength: 4, maxLength: 24 })
const LETTERS = 3
function tableOf(merges: readonly (readonly [number, number, number])[]) {
  const table = new MergeTable(4)
  let symbols = LETTERS
  for (const [left, right, rank] of merges) table.add(left % symbols, right % symbols, rank, symbols++)
  return table
}
const letters = (maxLength: number) =>
  fc.oneof(
    fc.array(fc.nat(LETTERS - 1), { minLength: 1, maxLength, size: 'max' }),
    fc
      .tuple(
        fc.array(fc.nat(LETTERS - 1), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: maxLength }),
      )
      .map(([unit, length]) => Array.from({ length }, (_, i) => unit[i % unit.length]!)),
  )

test('short and long sequences are merged as the definition says', () => {
  fc.assert(
    fc.property(anyMerges, letters(300), (merges, input) => {
      const table = tableOf(merges)
      const expected = mergeNaively(input, (left, right) => {
        const entry = table.find(left, right)
        return entry < 0 ? undefined : { rank: table.rank(entry), merged: table.merged(entry) }
      })
      const symbols = Int32Array.from(input)
      const merger = new Merger(table)
      expect(Array.from(symbols.subarray(0, merger.merge(symbols, input.length)))).toEqual(expected)
      const again = Int32Array.from(input)
      expect(Array.from(again.subarray(0, new LongMerger(merger).merge(again, input.length)))).toEqual(
        expected,
      )
    }),
    { numRuns: 600 },
  )
})

test('windows join to what a heap over the whole sequence gives', () => {
  fc.assert(
    fc.property(anyMerges, letters(4000), (merges, part) => {
      // Longer than what is merged without a heap.
      const input = Int32Array.from({ length: 1100 + part.length }, (_, i) => part[i % part.length]!)
      const merger = new Merger(tableOf(merges))
      const whole = input.slice()
      const expected = whole.subarray(0, merger.merge(whole, whole.length))
      const joined = input.slice()
      const count = new LongMerger(merger).merge(joined, joined.length)
      expect(joined.subarray(0, count)).toEqual(expected)
    }),
    { numRuns: 400 },
  )
})

test('windows join where every merge depends on what stands far to the right', () => {
  // Of 0 1 2 … n the last two merge first, then the two before them, and so on: the end decides, at any distance.
  const kinds = 300
  const table = new MergeTable(kinds)
  for (let i = 0; i + 1 < kinds; i++) table.add(i, i + 1, kinds - i, kinds + i)
  const run = fc.tuple(fc.nat(kinds - 2), fc.integer({ min: 1, max: kinds }))
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 20 }), (runs) => {
      const input = runs.flatMap(([from, length]) =>
        Array.from({ length: Math.min(length, kinds - from) }, (_, i) => from + i),
      )
      const expected = mergeNaively(input, (left, right) => {
        const entry = table.find(left, right)
        return entry < 0 ? undefined : { rank: table.rank(entry), merged: table.merged(entry) }
      })
      const symbols = Int32Array.from(input)
      const count = new LongMerger(new Merger(table)).merge(symbols, symbols.length)
      expect(Array.from(symbols.subarray(0, count))).toEqual(expected)
    }),
    { numRuns: 20 },
  )
})

test('characters of several bytes are merged as their bytes are, whatever the ranks', () => {
  const utf8 = new TextEncoder()
  const characters = ['a', ' ', 'é', 'è', 'ж', '中', '丮', '丸', '乭', '🙂']
  const bytes = [...new Set(characters.flatMap((char) => [...utf8.encode(char)]))].map(
    (byte) => BYTE_CHARS[byte]!,
  )
  /** The merges that make whole characters come often, most others between any two symbols. */
  const step = fc.tuple(fc.oneof(fc.constantFrom(...characters), fc.nat(99)), fc.nat(99), fc.nat(1000))
  const input = fc
    .array(fc.constantFrom(...characters), { minLength: 1, maxLength: 30 })
    .map((all) => all.join(''))
  let wholeCharacters = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 30 }), input, (steps, text) => {
      const symbols = [...bytes]
      const ranked: { merge: [string, string]; rank: number }[] = []
      const add = (left: string, right: string, rank: number) => {
        if (ranked.some(({ merge }) => merge[0] === left && merge[1] === right)) return
        ranked.push({ merge: [left, right], rank })
        symbols.push(left + right)
      }
      for (const [what, second, rank] of steps) {
        if (typeof what === 'number')
          add(symbols[what % symbols.length]!, symbols[second % symbols.length]!, rank)
        else {
          const spelled = Array.from(utf8.encode(what), (byte) => BYTE_CHARS[byte]!)
          for (let i = 1; i < spelled.length; i++)
            add(spelled.slice(0, i).join(''), spelled[i]!, rank + (second % 3) * i)
        }
      }
      ranked.sort((a, b) => a.rank - b.rank)
      const ranks = new Map(ranked.map(({ merge }, rank) => [merge.join(' '), rank]))
      const tokens = [...new Set([...BYTE_CHARS, ...symbols])]
      const entries = { model: 'gpt2', pre: 'bloom', tokens, merges: [...ranks.keys()] }
      const tokenizer = tokenizerFromGguf(
        new Map(Object.entries(entries).map(([name, value]) => [`tokenizer.ggml.${name}`, value])),
      )
      // One piece: a blank stands first or not at all.
      const piece = text[0] + text.slice(1).replaceAll(' ', 'a')
      const expected = mergeNaively(
        Array.from(utf8.encode(piece), (byte) => BYTE_CHARS[byte]!),
        (left, right) => {
          const rank = ranks.get(`${left} ${right}`)
          return rank === undefined ? undefined : { rank, merged: left + right }
        },
      )
      wholeCharacters += expected.filter((token) => token.length > 1 && token.length < 4).length
      expect(Array.from(tokenizer.encode(piece), (id) => tokenizer.tokenText(id))).toEqual(expected)
    }),
    { numRuns: 1500 },
  )
  expect(wholeCharacters).toBeGreaterThan(1000)
})

test('more different pieces than are remembered, again and again', () => {
  const entries = { model: 'gpt2', pre: 'gpt-2', tokens: BYTE_CHARS, merges: [] }
  const tokenizer = tokenizerFromGguf(
    new Map(Object.entries(entries).map(([name, value]) => [`tokenizer.ggml.${name}`, value])),
  )
  const text = Array.from({ length: 80_000 }, (_, i) => ` ${i}`).join('')
  const expected = Uint32Array.from(text, (char) => tokenizer.idOf(char === ' ' ? 'Ġ' : char)!)
  for (let i = 0; i < 2; i++) expect(tokenizer.encode(text).join() === expected.join()).toBe(true)
})
