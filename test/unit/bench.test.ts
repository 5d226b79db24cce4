import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { promptIds } from '../../src/cli/bench/contestant.js'
import { threadCounts } from '../../src/cli/bench/peer.js'
import { spread, summarize } from '../../src/cli/bench/summary.js'
import { bytesPerToken, decodeCeiling, modelWork, prefillCeiling } from '../../src/cli/bench/work.js'
import type { ModelInfo } from '../../src/engine/types.js'
import { TINY_VOCABULARY, tinyGguf } from '../helpers/tiny-model.js'

const folder = mkdtempSync(join(tmpdir(), 'multiscale-bench-'))
afterAll(() => rmSync(folder, { recursive: true }))

const CEILINGS = {
  variant: 'v',
  threads: 1,
  readBandwidth: 1000,
  int8Peak: 100,
  floatPeak: 10,
  bf16Peak: null,
  conversionRate: 1,
}
const WORK = {
  weightBytes: 400,
  cacheBytes: 10,
  layers: { codes: 20, float: 3 },
  output: { codes: 40, float: 0 },
}

test('spread: the median of the sorted samples, in their own order', () => {
  expect(spread([3, 1, 10])).toEqual({ median: 3, min: 1, max: 10, samples: [3, 1, 10] })
  expect(spread([4, 1, 2, 9]).median).toBe(3)
})

describe('the least that a token costs', () => {
  test('generating reads the weights and what the cache holds', () => {
    // Six tokens after a prompt of 8: the first comes with the prompt, the others see 9, 10, 11, 12, 13 positions.
    expect(bytesPerToken(WORK, 8, 6)).toBe(400 + 10 * 11)
    expect(decodeCeiling(WORK, 8, 6, CEILINGS)).toBeCloseTo(1000 / 510, 12)
  })

  test('a prompt multiplies every digit in the layers, and once for the output', () => {
    // 8 · 20 + 40 codes of 2 digits at 100 a second, 8 · 3 floats at 10.
    expect(prefillCeiling(WORK, 8, 2, CEILINGS)).toBeCloseTo(8 / (4 + 2.4), 12)
  })

  test.each([true, false])('from the shapes of a model, untied: %s', async (untied) => {
    const path = join(folder, `${untied}.gguf`)
    const shape = { layers: 3, width: 64, heads: 4, kvHeads: 2, feedForward: 96 }
    writeFileSync(path, tinyGguf({ ...shape, untied, type: 'Q8_0' }))
    const info = { backend: 'native', cacheType: 'f32' } as ModelInfo
    const layer = 64 * 64 * 2 + 32 * 64 * 2 + 3 * 64 * 96
    const work = await modelWork(path, info)
    expect(work).toMatchObject({
      cacheBytes: 2 * 3 * 32 * 4,
      layers: { codes: 3 * layer, float: 0 },
      output: { codes: TINY_VOCABULARY * 64, float: 0 },
    })
    // The embedding is read as the output or not at all; 8 bits of code and a share of a 16-bit scale.
    expect(work.weightBytes).toBe(((3 * layer + TINY_VOCABULARY * 64) * 8.5) / 8)
  })
})

test('summarize: ratios of what was measured next to each other', () => {
  const rounds = [
    { ceilings: CEILINGS, ours: { prefill: 2, decode: 1 }, peer: { prefill: 1, decode: 2 } },
    { ceilings: CEILINGS, ours: { prefill: 8, decode: 1 }, peer: { prefill: 8, decode: 1 } },
    { ceilings: CEILINGS, ours: { prefill: 6, decode: 3 }, peer: { prefill: 2, decode: 1 } },
  ]
  const { prefill, decode, ceilings } = summarize(rounds, WORK, { prompt: 8, decode: 6, passes: 2 })
  expect(prefill.ratioOfMedians).toBe(3)
  expect(prefill.pairedRatio).toEqual({ median: 2, min: 1, max: 3, samples: [2, 1, 3] })
  expect(decode.pairedRatio?.samples).toEqual([0.5, 1, 3])
  expect(decode.ceilingShare?.median).toBeCloseTo(510 / 1000, 12)
  expect(ceilings?.readBandwidth.median).toBe(1000)
  const alone = summarize([{ ...rounds[0], peer: null, ceilings: null }], WORK, {
    prompt: 8,
    decode: 6,
    passes: 2,
  })
  expect(alone).toMatchObject({
    ceilings: null,
    decode: { peer: null, pairedRatio: null, ceilingShare: null },
  })
})

test('prompts: within the vocabulary, another beginning for each seed', () => {
  for (const vocabulary of [40, 512, 150_000]) {
    const prompts = [1, 2, 3].map((seed) => promptIds(50, vocabulary, seed))
    for (const ids of prompts) expect(ids.every((id) => id < vocabulary)).toBe(true)
    expect(new Set(prompts.map((ids) => ids.slice(0, 3).join())).size).toBe(3)
  }
})

test('thread counts to try: all of a small machine, powers of two of a large one', () => {
  expect(threadCounts(1)).toEqual([1])
  expect(threadCounts(6)).toEqual([1, 2, 3, 4, 5, 6])
  expect(threadCounts(24)).toEqual([1, 2, 4, 8, 16, 24])
})
