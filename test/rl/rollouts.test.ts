import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReferenceTraining } from '../../src/backend/index.js'
import { Engine } from '../../src/engine/engine.js'
import { createSampler } from '../../src/engine/sampler.js'
import { packExperience, scoreExperience } from '../../src/rl/policy/experience.js'
import { type Rollout, RolloutEngine, type SampleOptions } from '../../src/rl/policy/rollouts.js'
import { exportModel } from '../../src/rl/trainer/export.js'
import { Network } from '../../src/rl/trainer/network.js'
import type { ModelShape } from '../../src/rl/trainer/shape.js'
import { trainBpe } from '../../src/tokenizer/index.js'
import { NATIVE } from '../contract/backends.js'
import { floatTolerance, largestDifference } from '../helpers/tolerance.js'
import { lively } from './models.js'

const SHAPE: ModelShape = {
  vocabulary: 40,
  width: 32,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 16,
  feedForward: 64,
  context: 48,
  epsilon: 1e-5,
  ropeBase: 1000,
  tied: false,
}
const PROMPTS = [[1, 2, 3], [7], [5, 5, 9, 30, 2, 11], [1, 2, 3]].map((ids) => Int32Array.from(ids))
const OPTIONS: SampleOptions = { maxTokens: 12, endIds: new Set([0, 13]), seed: 100, temperature: 1 }

const network = new Network(new ReferenceTraining(Float32Array), SHAPE, 128)
lively(network, 5)
/** The same policy in float64: what the log-probabilities ought to be. */
const exact = new Network(new ReferenceTraining(Float64Array), SHAPE, 128)
exact.parameters.set(network.parameters)

/** log p of every token after a beginning, in float64. */
function distribution(beginning: readonly number[], temperature: number): number[] {
  return Array.from({ length: SHAPE.vocabulary }, (_, token) => {
    const rows = beginning.length
    const targets = new Int32Array(rows).fill(token)
    const positions = Int32Array.from({ length: rows }, (_, i) => i)
    const batch = { ids: Int32Array.from(beginning), targets, positions, starts: Int32Array.of(0, rows) }
    return exact.evaluate(batch, temperature)[rows - 1]
  })
}

const beginningOf = (rollout: Rollout, token: number) => [
  ...PROMPTS[rollout.prompt],
  ...rollout.tokens.subarray(0, token),
]

/** Of a log-probability in float32; logits here are below 16, and twice as large at temperature 0.5. */
const tolerance = floatTolerance(SHAPE, SHAPE.context, 32)

const BACKENDS = [
  { label: 'reference', options: { backend: 'reference' as const } },
  ...NATIVE.map(({ variant }) => ({
    label: `native ${variant}`,
    options: { backend: 'native' as const, variant: variant as string, threads: 2 },
  })),
]

describe.each(BACKENDS)('rollouts, $label', ({ options }) => {
  let engine: RolloutEngine
  beforeAll(async () => {
    engine = new RolloutEngine(SHAPE, { ...options, type: 'F32' })
    await engine.update(network)
  })
  afterAll(() => engine.close())

  test('log-probabilities are those of the trained policy, at the temperature they were drawn at', async () => {
    for (const temperature of [1, 0.5]) {
      const rollouts = await engine.sample(PROMPTS, { ...OPTIONS, temperature })
      const experience = packExperience(PROMPTS, rollouts, exact.rows)
      const expected = scoreExperience(exact, experience, temperature)
      const sampled = rollouts.flatMap(({ logProbabilities }) => [...logProbabilities])
      expect(sampled).toHaveLength(expected.length)
      expect(expected.length).toBeGreaterThan(PROMPTS.length)
      expect(largestDifference(sampled, expected)).toBeLessThan(tolerance)
    }
  })

  test('with top-p they are those of the nucleus', async () => {
    const topP = 0.6
    const rollouts = await engine.sample(PROMPTS, { ...OPTIONS, topP, maxTokens: 4 })
    let cut = 0
    for (const rollout of rollouts) {
      rollout.tokens.forEach((token, i) => {
        const all = distribution(beginningOf(rollout, i), 1)
        const order = all.map((_, id) => id).sort((a, b) => all[b] - all[a])
        let mass = 0
        const nucleus = new Set<number>()
        for (const id of order) {
          nucleus.add(id)
          mass += Math.exp(all[id])
          if (mass >= topP) break
        }
        expect(nucleus.has(token)).toBe(true)
        if (mass < 0.99) cut++
        expect(Math.abs(rollout.logProbabilities[i] - (all[token] - Math.log(mass)))).toBeLessThan(
          2 * tolerance,
        )
      })
    }
    expect(cut).toBeGreaterThan(0)
  })

  test('a completion does not depend on what is sampled with it', async () => {
    const together = await engine.sample(PROMPTS, OPTIONS)
    for (const [i, prompt] of PROMPTS.entries()) {
      const [alone] = await engine.sample([prompt], { ...OPTIONS, seed: 100 + i })
      expect(alone.tokens).toEqual(together[i].tokens)
      expect(alone.logProbabilities).toEqual(together[i].logProbabilities)
    }
    // Neither do more prompts than there is room for.
    const few = new RolloutEngine(SHAPE, { ...options, type: 'F32', sequences: 2 })
    await few.update(network)
    expect(await few.sample(PROMPTS, OPTIONS)).toEqual(together)
    few.close()
  })

  test('it ends at an end token or at the limit', async () => {
    const many = new Array(30).fill(PROMPTS[1])
    const rollouts = await engine.sample(many, OPTIONS)
    for (const { tokens, ended, logProbabilities } of rollouts) {
      expect(logProbabilities).toHaveLength(tokens.length)
      const inside = [...tokens.subarray(0, -1)].filter((token) => OPTIONS.endIds.has(token))
      expect(inside).toEqual([])
      expect(ended).toBe(OPTIONS.endIds.has(tokens[tokens.length - 1]))
      if (!ended) expect(tokens).toHaveLength(OPTIONS.maxTokens)
    }
    expect(new Set(rollouts.map(({ ended }) => ended)).size).toBe(2)
  })

  test('it follows the weights, without files', async () => {
    const other = new Network(new ReferenceTraining(Float32Array), SHAPE, 1)
    lively(other, 6)
    const before = await engine.sample(PROMPTS, OPTIONS)
    await engine.update(other)
    expect(await engine.sample(PROMPTS, OPTIONS)).not.toEqual(before)
    await engine.update(network)
    expect(await engine.sample(PROMPTS, OPTIONS)).toEqual(before)
  })
})

describe('quantised rollouts', () => {
  test.each(['Q8_0', 'Q4_0', 'MXFP4'] as const)(
    '%s: bit for bit those of the exported model',
    async (type) => {
      const folder = mkdtempSync(join(tmpdir(), 'multiscale-rollouts-'))
      try {
        const vocabulary = await trainBpe(['abcd'], { vocabularySize: 257 })
        const shape = { ...SHAPE, vocabulary: vocabulary.tokens.length }
        const trained = new Network(new ReferenceTraining(Float32Array), shape, 1)
        lively(trained, 8)
        const path = join(folder, 'policy.gguf')
        await exportModel(path, trained, { type, tokenizer: vocabulary.metadata, name: 'policy' })
        for (const { options } of BACKENDS) {
          const engine = new RolloutEngine(shape, { ...options, type, passes: 1 })
          await engine.update(trained)
          const [rollout] = await engine.sample([PROMPTS[2]], OPTIONS)
          engine.close()
          const model = await Engine.load(path, { ...options, passes: 1, cacheType: 'f32' })
          const ids = [...PROMPTS[2]]
          for (const [i, token] of rollout.tokens.entries()) {
            const { logits } = await model.evaluate(ids)
            const sampler = createSampler({ temperature: 1 })
            const { ids: known, probabilities } = sampler.distribution(logits, [])
            expect(Math.log(probabilities[known.indexOf(token)])).toBe(rollout.logProbabilities[i])
            ids.push(token)
          }
          model.close()
        }
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )

  test.each(['Q8_0', 'Q4_0', 'MXFP4'] as const)(
    '%s: near the trained policy, and not the same',
    async (type) => {
      const distances: number[] = []
      for (const passes of [2, 1] as const) {
        const engine = new RolloutEngine(SHAPE, { backend: 'reference', type, passes })
        await engine.update(network)
        const rollouts = await engine.sample(new Array(8).fill(PROMPTS[0]), OPTIONS)
        const experience = packExperience(new Array(8).fill(PROMPTS[0]), rollouts, exact.rows)
        const trained = scoreExperience(exact, experience, 1)
        const sampled = rollouts.flatMap(({ logProbabilities }) => [...logProbabilities])
        distances.push(largestDifference(sampled, trained))
        engine.close()
      }
      for (const distance of distances) {
        expect(distance).toBeGreaterThan(tolerance)
        expect(distance).toBeLessThan(5)
      }
    },
  )

  test('what cannot be is refused', async () => {
    expect(() => new RolloutEngine(SHAPE, { backend: 'reference', context: 49 })).toThrow(
      /context must be 2 to 48/,
    )
    expect(() => new RolloutEngine(SHAPE, { backend: 'reference', sequences: 0 })).toThrow(
      /sequences must be/,
    )
    const engine = new RolloutEngine(SHAPE, { backend: 'reference', context: 16 })
    await expect(engine.sample([PROMPTS[1]], OPTIONS)).rejects.toThrow(/no weights yet; call update/)
    await engine.update(network)
    await expect(engine.sample([new Int32Array(0)], OPTIONS)).rejects.toThrow(/prompt 0 has 0 tokens/)
    await expect(engine.sample([PROMPTS[2]], OPTIONS)).rejects.toThrow(/prompt 0 has 6 tokens; with 12 more/)
    await expect(engine.sample(PROMPTS, { ...OPTIONS, maxTokens: 0 })).rejects.toThrow(/maxTokens must be/)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(engine.sample([PROMPTS[1]], { ...OPTIONS, signal })).rejects.toThrow('enough')
    engine.close()
    const wide = new RolloutEngine(SHAPE, { backend: 'reference', type: 'Q2_K' })
    await expect(wide.update(network)).rejects.toThrow(/256/)
    wide.close()
  })
})
