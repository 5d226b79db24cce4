import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReferenceTraining, type TrainingOperations } from '../../src/backend/index.js'
import { ggufBytes } from '../../src/format/index.js'
import type { GrpoRecipe } from '../../src/rl/policy/grpo-recipe.js'
import { GrpoTrainer, type Task } from '../../src/rl/policy/grpo-trainer.js'
import { loadNetwork } from '../../src/rl/policy/load.js'
import { RolloutEngine } from '../../src/rl/policy/rollouts.js'
import { floatTensors, modelMetadata } from '../../src/rl/trainer/gguf.js'
import { Network } from '../../src/rl/trainer/network.js'
import type { ModelShape } from '../../src/rl/trainer/shape.js'
import { type TrainedBpe, trainBpe } from '../../src/tokenizer/index.js'
import { TRAINING } from '../helpers/training.js'

const SHAPE: Omit<ModelShape, 'vocabulary'> = {
  width: 32,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 16,
  feedForward: 32,
  context: 24,
  epsilon: 1e-5,
  ropeBase: 1000,
  tied: true,
}

let vocabulary: TrainedBpe
let model: Uint8Array
beforeAll(async () => {
  vocabulary = await trainBpe(['abab', 'cdcd'], { vocabularySize: 258 })
  const shape = { ...SHAPE, vocabulary: vocabulary.tokens.length }
  const network = new Network(new ReferenceTraining(Float32Array), shape, 1)
  network.initialise(4)
  const metadata = modelMetadata(shape, vocabulary.metadata, 'policy')
  model = await ggufBytes({ metadata, tensors: floatTensors(network) })
})

const operations = TRAINING.at(-1)?.create() ?? new ReferenceTraining(Float32Array)
afterAll(() => operations.close())

async function trainerOf(
  tasks: readonly Task[],
  recipe: Partial<GrpoRecipe>,
  on: TrainingOperations<Float32Array> = operations,
) {
  const { network, tokenizer } = await loadNetwork(model, on, { rows: 512 })
  const engine = new RolloutEngine(network.shape, { type: 'Q4_0', passes: 1, threads: 2 })
  const trainer = new GrpoTrainer({ operations: on, network, tokenizer, engine, tasks, recipe })
  return { trainer, network, engine }
}

/** The first token is a letter from a to m: chance gives some 5 %, learning almost all. */
const letters: Task[] = ['a', 'b'].map((prompt) => ({
  prompt,
  reward: ({ text }) => (/^[a-m]/.test(text) ? 1 : 0),
}))
const QUICK: Partial<GrpoRecipe> = { tasks: 4, group: 16, maxTokens: 2, rate: 1e-2, seed: 3 }

describe('GRPO on low-bit rollouts', () => {
  test.each(['ais', 'none', 'is', 'tis', 'mis'] as const)('%s: reward rises', async (correction) => {
    const { trainer, engine } = await trainerOf(letters, { ...QUICK, correction })
    const rewards: number[] = []
    for (let round = 0; round < 30; round++) rewards.push((await trainer.round()).reward)
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
    expect(mean(rewards.slice(0, 3))).toBeLessThan(0.3)
    expect(mean(rewards.slice(-5))).toBeGreaterThan(0.8)
    expect(await trainer.evaluate(letters)).toBe(1)
    engine.close()
  })

  test('the same seed gives the same bits, another one others', async () => {
    const results: Float32Array[] = []
    for (const seed of [3, 3, 4]) {
      const { trainer, network, engine } = await trainerOf(letters, { ...QUICK, seed, updates: 2, kl: 0.01 })
      for (let round = 0; round < 3; round++) await trainer.round()
      results.push(network.parameters.slice())
      engine.close()
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).not.toEqual(results[0])
  })

  test('what is reported', async () => {
    const { trainer, engine } = await trainerOf(letters, { ...QUICK, updates: 2, kl: 0.5 })
    const first = await trainer.round()
    expect(first.round).toBe(1)
    expect(first.length).toBeLessThanOrEqual(2)
    expect(first.diagnostics.essRatio).toBeLessThan(1)
    expect(first.diagnostics.divergence).toBeGreaterThan(0)
    expect(first.lambda).toBeGreaterThan(0)
    // The second update already sees the first one.
    expect(first.kl).toBeGreaterThan(0)
    expect((await trainer.round()).round).toBe(2)
    engine.close()
  })

  test('where all completions are worth the same, nothing is learned', async () => {
    const same: Task[] = [{ prompt: 'a', reward: () => 0.3 }]
    const { trainer, network, engine } = await trainerOf(same, { ...QUICK, decay: 0 })
    const before = network.parameters.slice()
    const { gradientNorm, reward } = await trainer.round()
    expect(gradientNorm).toBe(0)
    expect(reward).toBeCloseTo(0.3, 12)
    expect(network.parameters).toEqual(before)
    engine.close()
  })

  test('a divergence that costs much keeps the policy near the first one', async () => {
    const rewards: number[] = []
    for (const kl of [0, 20]) {
      const { trainer, engine } = await trainerOf(letters, { ...QUICK, kl })
      let last = 0
      for (let round = 1; round <= 20; round++) {
        const { reward } = await trainer.round()
        if (round > 15) last += reward / 5
      }
      rewards.push(last)
      engine.close()
    }
    expect(rewards[0]).toBeGreaterThan(rewards[1] + 0.2)
  })

  test('an abort leaves the weights as they were', async () => {
    const { trainer, network, engine } = await trainerOf(letters, QUICK)
    const before = network.parameters.slice()
    await expect(trainer.round(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    expect(network.parameters).toEqual(before)
    engine.close()
  })

  test('rewards that are no numbers, and recipes that are impossible, are refused', async () => {
    const bad: Task[] = [{ prompt: 'ab', reward: () => Number.NaN }]
    const { trainer, engine } = await trainerOf(bad, QUICK)
    await expect(trainer.round()).rejects.toThrow(/returned NaN for "ab"; it must return a finite number/)
    engine.close()
    for (const [recipe, message] of [
      [{ group: 1 }, /a group needs two/],
      [{ temperature: 0 }, /temperature must be above 0/],
      [{ tasks: 0 }, /tasks must be a positive whole number/],
      [{ rate: 0 }, /rate must be a positive number/],
    ] as const) {
      await expect(trainerOf(letters, recipe)).rejects.toThrow(message)
    }
    await expect(trainerOf([], {})).rejects.toThrow(/no tasks/)
  })
})

describe('a model file as a network', () => {
  test('has the parameters that were written', async () => {
    const { network, name } = await loadNetwork(model, operations)
    const expected = new Network(new ReferenceTraining(Float32Array), network.shape, 1)
    expected.initialise(4)
    expect(network.parameters).toEqual(expected.parameters)
    expect(name).toBe('policy')
  })

  test('parts that are not trained are refused', async () => {
    const shape = { ...SHAPE, vocabulary: vocabulary.tokens.length }
    const network = new Network(new ReferenceTraining(Float32Array), shape, 1)
    const write = async (
      change: (metadata: ReturnType<typeof modelMetadata>) => void,
      more: string[] = [],
    ) => {
      const metadata = modelMetadata(shape, vocabulary.metadata, 'policy')
      change(metadata)
      const extra = more.map((name) => ({
        name,
        type: 'F32' as const,
        dims: [32],
        bytes: new Uint8Array(128),
      }))
      return ggufBytes({ metadata, tensors: [...floatTensors(network), ...extra] })
    }
    const scaled = await write((metadata) =>
      metadata.set('llama.rope.scaling.type', 'linear').set('llama.rope.scaling.factor', { f32: 4 }),
    )
    await expect(loadNetwork(scaled, operations)).rejects.toThrow(
      /scaled rotary angles, which cannot be trained/,
    )
    const windowed = await write((metadata) => metadata.set('llama.attention.sliding_window', 64))
    await expect(loadNetwork(windowed, operations)).rejects.toThrow(/a window or a softcap/)
    const partly = await write((metadata) => metadata.set('llama.rope.dimension_count', 8))
    await expect(loadNetwork(partly, operations)).rejects.toThrow(/rotated in part/)
    const biased = await write(() => {}, ['blk.0.attn_q.bias'])
    await expect(loadNetwork(biased, operations)).rejects.toThrow(/a tensor 'blk\.0\.attn_q\.bias'/)
  })
})
