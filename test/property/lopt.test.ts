import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Tokenizer, tokenizerFromGguf } from '../../src/tokenizer/index.js'
import { trustedEnd } from '../../src/tokenizer/lopt/seam.js'
import { RULES } from '../../src/tokenizer/pretokenize.js'
import { readMetadata, sharedData, skipWithoutData } from '../golden/read-metadata.js'
import { anyChunks, encodeInline, textsOf } from '../helpers/lopt.js'
import {
  byteLevelVocabularies,
  jsonVocabularies,
  sentencePieceVocabularies,
} from '../helpers/small-vocabularies.js'

/** What docs/papers/lopt.md proves. LOPT_RUNS makes the tests as thorough as wanted. */
const RUNS = Number(process.env.LOPT_RUNS ?? 400)

const totals = { joins: 0, retries: 0, chunks: 0 }

async function expectSame(tokenizer: Tokenizer, text: string, options: object): Promise<void> {
  const encode = () => Array.from(tokenizer.encode(text, options))
  let expected: number[]
  try {
    expected = encode()
  } catch (error) {
    await expect(encodeInline(tokenizer, text, options)).rejects.toThrow((error as Error).message)
    return
  }
  const result = await encodeInline(tokenizer, text, options)
  if (!result) throw new Error('nothing is proved for this tokenizer')
  expect(Array.from(result.ids)).toEqual(expected)
  totals.chunks += result.chunks
  totals.joins += result.joins
  totals.retries += result.retries
}

/** Expressions that no scanner is known for: nothing is proved for these. */
const UNPROVED = /tokenizer.json [45]: /

describe.each([...(await byteLevelVocabularies()), ...sentencePieceVocabularies(), ...jsonVocabularies()])(
  '%s',
  (name, tokenizer) => {
    const isUnproved = UNPROVED.test(name)
    test.runIf(isUnproved)('nothing is proved, so all is encoded in sequence', async () => {
      expect(await encodeInline(tokenizer, 'a', {})).toBeUndefined()
      const text = 'one two 123 '.repeat(20)
      const { ids, sequential } = await tokenizer.encodeParallel(text, { chunkLength: 10 })
      expect([Array.from(ids), sequential]).toEqual([Array.from(tokenizer.encode(text)), true])
    })

    test.skipIf(isUnproved)('joined is as encoded in sequence', async () => {
      Object.assign(totals, { joins: 0, retries: 0, chunks: 0 })
      await fc.assert(
        fc.asyncProperty(textsOf(tokenizer), anyChunks, (text, options) =>
          expectSame(tokenizer, text, options),
        ),
        { numRuns: RUNS },
      )
      // Or it would have said nothing.
      expect(totals.joins).toBeGreaterThan(RUNS / 2)
      expect(totals.retries).toBeGreaterThan(0)
    })
  },
)

const files = ['bert-bge', 'deepseek-coder', 'gpt-2', 'llama-bpe-rebuilt', 'llama-spm', 'qwen2-rebuilt']
describe.skipIf(skipWithoutData).each(files)('%s', (name) => {
  test('joined is as encoded in sequence', async () => {
    const tokenizer = tokenizerFromGguf(readMetadata(new URL(`vocabs/ggml-vocab-${name}.gguf`, sharedData)))
    await fc.assert(
      fc.asyncProperty(textsOf(tokenizer), anyChunks, (text, options) =>
        expectSame(tokenizer, text, options),
      ),
      { numRuns: RUNS },
    )
  })
})

describe.each(RULES.map((rule) => ({ name: rule.names[0]!, scanner: rule.scanner! })))(
  '$name',
  ({ scanner }) => {
    test('what a scan that ends early cuts before its trusted end stays so whatever follows', () => {
      const all = [..." \n\t'slreLEaAB中のǅé\u030112½.,/$`^!(\u0001🙂\u{10400}\u{10428}\u{1D7D8}한"]
      const some = fc.constantFrom(...all)
      const few = fc.constantFrom(..."'lreaA1 \n中", '   ', '\n   ', 'AAA', '中AAA', "a'l", "'r")
      const text = fc.array(fc.oneof(some, few, few), { minLength: 1, maxLength: 40, size: 'max' })
      let trusted = 0
      fc.assert(
        fc.property(text, text, (before, behind) => {
          const start = before.join('')
          const [short, long] = [cutsOf(start, scanner), cutsOf(start + behind.join(''), scanner)]
          const end = trustedEnd(start, 0, start.length)
          trusted += end
          expect(short.filter((cut) => cut <= end)).toEqual(long.filter((cut) => cut <= end))
        }),
        { numRuns: 10 * RUNS },
      )
      expect(trusted).toBeGreaterThan(RUNS)
    })
  },
)

function cutsOf(text: string, scanner: (text: Uint16Array, at: number, end: number) => number): number[] {
  const units = Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
  const cuts: number[] = []
  for (let at = 0; at < text.length; ) {
    at = scanner(units, at, text.length)
    cuts.push(at)
  }
  return cuts
}
