import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReferenceTraining } from '../../src/backend/index.js'
import { ggufBytes } from '../../src/format/index.js'
import { openCheckpoint, saveCheckpoint } from '../../src/rl/trainer/checkpoint.js'
import { type Dataset, tokenizeDocuments } from '../../src/rl/trainer/dataset.js'
import { floatTensors, modelMetadata } from '../../src/rl/trainer/gguf.js'
import { Trainer } from '../../src/rl/trainer/trainer.js'
import { type TrainedBpe, tokenizerFromGguf, trainBpe } from '../../src/tokenizer/index.js'
import { SMALL } from './models.js'

const TEXTS = Array.from({ length: 12 }, (_, i) => 'the cat sat on the mat and saw a rat'.slice(i))
const RECIPE = { steps: 9, batchTokens: 30, passTokens: 16, warmup: 2, seed: 5 }

let folder: string
let path: string
let vocabulary: TrainedBpe
let data: Dataset
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-checkpoint-'))
  path = join(folder, 'model.checkpoint')
  vocabulary = await trainBpe(TEXTS, { vocabularySize: 262 })
  data = await tokenizeDocuments(TEXTS, tokenizerFromGguf(vocabulary.metadata), SMALL.context)
})
afterAll(() => rmSync(folder, { recursive: true }))

const shape = () => ({ ...SMALL, vocabulary: vocabulary.tokens.length })
const trainerOf = (change: object = {}) =>
  new Trainer({
    operations: new ReferenceTraining(Float32Array),
    shape: shape(),
    recipe: RECIPE,
    data,
    ...change,
  })
const about = (losses: number[]) => ({ name: 'test', tokenizer: vocabulary.metadata, losses })

describe('a checkpoint', () => {
  test('holds all that decides what comes next', async () => {
    const whole = trainerOf()
    const losses: number[] = []
    for (let step = 0; step < 4; step++) losses.push((await whole.step()).loss)
    await saveCheckpoint(path, whole, about(losses))
    const rest: number[] = []
    while (!whole.done) rest.push((await whole.step()).loss)

    const resumed = trainerOf()
    await using checkpoint = await openCheckpoint(path)
    expect(checkpoint.header).toMatchObject({ name: 'test', losses, shape: shape(), state: { step: 4 } })
    expect(tokenizerFromGguf(checkpoint.header.tokenizer).encode('the cat')).toEqual(
      tokenizerFromGguf(vocabulary.metadata).encode('the cat'),
    )
    await checkpoint.restore(resumed)
    const again: number[] = []
    while (!resumed.done) again.push((await resumed.step()).loss)
    expect(again).toEqual(rest)
    expect(resumed.network.parameters).toEqual(whole.network.parameters)
    expect(resumed.optimizer.variances).toEqual(whole.optimizer.variances)
    // The data went round, so places in later epochs count too.
    expect(resumed.state.position.epoch).toBeGreaterThan(0)
  })

  test('of another training is refused', async () => {
    const trainer = trainerOf()
    await trainer.step()
    await saveCheckpoint(path, trainer, about([1]))
    await using checkpoint = await openCheckpoint(path)
    await expect(checkpoint.restore(trainerOf({ recipe: { ...RECIPE, rate: 0.5 } }))).rejects.toThrow(
      /another shape or recipe/,
    )
    const other = await tokenizeDocuments(
      TEXTS.slice(1),
      tokenizerFromGguf(vocabulary.metadata),
      SMALL.context,
    )
    await expect(checkpoint.restore(trainerOf({ data: other }))).rejects.toThrow(
      /training on other data; resume with the same --data/,
    )
  })

  test('a model is none, and damage is told', async () => {
    const { network } = trainerOf()
    const metadata = modelMetadata(shape(), vocabulary.metadata, 'model')
    const write = async (header?: string) => {
      if (header !== undefined) metadata.set('multiscale.training', header)
      writeFileSync(path, await ggufBytes({ metadata, tensors: floatTensors(network) }))
    }
    await write()
    await expect(openCheckpoint(path)).rejects.toThrow(/is a model, not a checkpoint/)
    const good = {
      shape: shape(),
      recipe: trainerOf().recipe,
      state: { step: 1, totalTokens: 30, position: { epoch: 0, taken: 1 } },
      fingerprint: data.fingerprint,
    }
    for (const damaged of [
      '{',
      'null',
      JSON.stringify({ ...good, shape: { ...good.shape, heads: 0 } }),
      JSON.stringify({ ...good, recipe: { ...good.recipe, clip: 'much' } }),
      JSON.stringify({ ...good, state: { ...good.state, position: null } }),
      JSON.stringify({ ...good, state: { ...good.state, step: -1 } }),
    ]) {
      await write(damaged)
      await expect(openCheckpoint(path), damaged).rejects.toThrow(/'multiscale\.training' is damaged/)
    }
    // Whole, but for the optimizer's arrays; and a place that the data has not.
    await write(JSON.stringify(good))
    const checkpoint = await openCheckpoint(path)
    await expect(checkpoint.restore(trainerOf())).rejects.toThrow(/no tensor "adamw\.means"/)
    await checkpoint.close()
  })

  test('cut off or with bytes changed it is an error, or the numbers that it holds', async () => {
    const trainer = trainerOf()
    await trainer.step()
    await saveCheckpoint(path, trainer, about([1]))
    const { readFileSync } = await import('node:fs')
    const whole = readFileSync(path)
    const damaged = join(folder, 'damaged')
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: whole.length }),
        fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 4 }),
        async (length, changes) => {
          const bytes = Buffer.from(whole.subarray(0, changes.length > 0 ? whole.length : length))
          for (const [at, value] of changes) bytes[at] = value
          writeFileSync(damaged, bytes)
          try {
            await using checkpoint = await openCheckpoint(damaged)
            await checkpoint.restore(trainerOf())
          } catch (error) {
            expect(String(error)).toMatch(/^(FormatError|RangeError|Error): /)
            expect(String(error)).not.toMatch(/undefined|not a function|TypeError/)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
