import { FormatError, type GgufFile, openGguf, writeGguf } from '../../format/index.js'
import { bytesOf, floatTensors, modelMetadata, type TokenizerMetadata, tokenizerMetadata } from './gguf.js'
import { completeRecipe, type Recipe } from './presets.js'
import { checkShape, type ModelShape } from './shape.js'
import type { Trainer, TrainerState } from './trainer.js'

const KEY = 'multiscale.training'

/** What a checkpoint says of its training, beside the arrays. */
export interface CheckpointHeader {
  readonly name: string
  readonly shape: ModelShape
  readonly recipe: Recipe
  readonly state: TrainerState
  /** Of the training data. */
  readonly fingerprint: string
  /** Loss of each update so far. */
  readonly losses: readonly number[]
  readonly tokenizer: TokenizerMetadata
}

/**
 * Writes all that a training needs to go on bit for bit: a GGUF file with the float32 parameters and AdamW's means and
 * variances. It takes the place of the one before when it is whole on the disk, never earlier.
 */
export async function saveCheckpoint(
  path: string,
  trainer: Trainer,
  { name, tokenizer, losses }: Pick<CheckpointHeader, 'name' | 'tokenizer' | 'losses'>,
): Promise<void> {
  const { network, optimizer, recipe, state, data } = trainer
  const metadata = modelMetadata(network.shape, tokenizer, name)
  const header = { shape: network.shape, recipe, state, fingerprint: data.fingerprint }
  metadata.set(KEY, JSON.stringify(header))
  metadata.set(`${KEY}.losses`, Float64Array.from(losses))
  const flat = (name: string, values: Float32Array) => ({
    name,
    type: 'F32' as const,
    dims: [values.length],
    bytes: bytesOf(values),
  })
  const tensors = [
    ...floatTensors(network),
    flat('adamw.means', optimizer.means),
    flat('adamw.variances', optimizer.variances),
  ]
  await writeGguf(path, { metadata, tensors })
}

/** Opens a checkpoint; close it after `restore`. @throws FormatError for a file that is none */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const file = await openGguf(path)
  try {
    return new Checkpoint(file)
  } catch (error) {
    await file.close()
    throw error
  }
}

export class Checkpoint {
  readonly header: CheckpointHeader
  readonly #file: GgufFile

  constructor(file: GgufFile) {
    this.#file = file
    const text = file.optionalString(KEY)
    if (text === undefined)
      throw new FormatError(file.name, 'is a model, not a checkpoint of a training; train with --out again')
    this.header = {
      ...readHeader(file, text),
      name: file.string('general.name'),
      losses: Array.from(file.optionalNumbers(`${KEY}.losses`) ?? []).map(Number),
      tokenizer: tokenizerMetadata(file),
    }
  }

  /**
   * Makes a new trainer the one that was saved.
   * @throws Error if it was made for another shape, recipe or data; FormatError for a damaged file
   */
  async restore(trainer: Trainer): Promise<void> {
    const { shape, recipe, fingerprint, state } = this.header
    const same = (a: object, b: object) => JSON.stringify(a) === JSON.stringify(b)
    if (!same(shape, trainer.network.shape) || !same(recipe, trainer.recipe))
      throw new Error(`${this.#file.name} is of a training with another shape or recipe`)
    if (fingerprint !== trainer.data.fingerprint) {
      throw new Error(
        `${this.#file.name} is of a training on other data; resume with the same --data, or begin anew with another --out`,
      )
    }
    const { network, optimizer } = trainer
    const load = async (name: string, into: Float32Array) => {
      const values = await this.#file.floats(name)
      if (values.length !== into.length)
        throw new FormatError(
          this.#file.name,
          `tensor '${name}' has ${values.length} values, not ${into.length}`,
        )
      into.set(values)
    }
    for (const { name } of network.layout.parameters) await load(name, network.parameter(name))
    await load('adamw.means', optimizer.means)
    await load('adamw.variances', optimizer.variances)
    trainer.state = state
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** @throws FormatError for text that is no header, or describes what cannot be */
function readHeader(file: GgufFile, text: string): Omit<CheckpointHeader, 'name' | 'losses' | 'tokenizer'> {
  try {
    const { shape, recipe, state, fingerprint } = JSON.parse(text) as CheckpointHeader
    checkShape(shape)
    completeRecipe(recipe)
    const { step, totalTokens, position } = state
    for (const count of [step, totalTokens, position.epoch, position.taken]) {
      if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${count} is no count`)
    }
    return { shape, recipe, state, fingerprint: String(fingerprint) }
  } catch (cause) {
    const what = `metadata key '${KEY}' is damaged: ${(cause as Error).message}`
    throw new FormatError(file.name, what, { cause })
  }
}
