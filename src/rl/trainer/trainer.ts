import type { TrainingOperations } from '../../backend/index.js'
import { breathe } from '../../engine/breathe.js'
import { BatchSource, type DataPosition, type Dataset, packPieces } from './dataset.js'
import { Network } from './network.js'
import { Optimizer } from './optimizer.js'
import { completeRecipe, learningRate, type Recipe } from './presets.js'
import type { ModelShape } from './shape.js'

/** One update. */
export interface StepReport {
  /** From 1. */
  readonly step: number
  /** Mean negative log-probability of the tokens of this update, before it, in nats. */
  readonly loss: number
  /** Tokens of this update. */
  readonly tokens: number
  /** Tokens of all updates so far. */
  readonly totalTokens: number
  readonly epoch: number
  readonly rate: number
  /** Length of the gradient before it was clipped. */
  readonly gradientNorm: number
}

/** What a training needs to go on, apart from the arrays. */
export interface TrainerState {
  readonly step: number
  readonly totalTokens: number
  readonly position: DataPosition
}

export interface TrainerParts {
  readonly operations: TrainingOperations<Float32Array>
  readonly shape: ModelShape
  readonly recipe: Partial<Recipe> & Pick<Recipe, 'steps'>
  readonly data: Dataset
}

/**
 * Learns to predict the next token: cross-entropy, AdamW, warm-up and cosine. All of it follows from the data, the
 * shape and the recipe: the same seed gives the same bits, whatever the number of threads, and after going on from a
 * checkpoint too.
 */
export class Trainer {
  readonly recipe: Recipe
  readonly network: Network
  readonly optimizer: Optimizer
  readonly data: Dataset
  readonly #source: BatchSource
  #totalTokens = 0

  /** Begins with random weights. @throws RangeError for a shape or recipe that is impossible */
  constructor({ operations, shape, recipe, data }: TrainerParts) {
    this.recipe = completeRecipe(recipe)
    const { passTokens, seed } = this.recipe
    if (passTokens < shape.context)
      throw new RangeError(`passTokens must be at least the context of ${shape.context}, not ${passTokens}`)
    this.data = data
    this.network = new Network(operations, shape, passTokens)
    this.network.initialise(seed)
    this.optimizer = new Optimizer(operations, this.network)
    this.#source = new BatchSource(data, seed)
  }

  get state(): TrainerState {
    return {
      step: this.optimizer.step,
      totalTokens: this.#totalTokens,
      position: this.#source.position,
    }
  }

  set state({ step, totalTokens, position }: TrainerState) {
    this.optimizer.step = step
    this.#totalTokens = totalTokens
    this.#source.position = position
  }

  get done(): boolean {
    return this.optimizer.step >= this.recipe.steps
  }

  /**
   * One update. The event loop turns between passes; if the signal aborts, nothing has changed.
   * @throws Error if loss or gradient are not finite
   */
  async step(signal?: AbortSignal): Promise<StepReport> {
    const { recipe, network } = this
    const before = this.#source.position
    const batches = this.#source.next(recipe.batchTokens, recipe.passTokens)
    const tokens = batches.reduce((sum, { ids }) => sum + ids.length, 0)
    network.clearGradients()
    let total = 0
    try {
      for (const batch of batches) {
        total -= sum(network.accumulate(batch, (part) => new Float64Array(part.length).fill(-1 / tokens)))
        await breathe(signal)
      }
    } catch (error) {
      this.#source.position = before
      throw error
    }
    const rate = learningRate(recipe, this.optimizer.step + 1)
    const gradientNorm = this.optimizer.update(rate, recipe)
    this.#totalTokens += tokens
    return {
      step: this.optimizer.step,
      loss: total / tokens,
      tokens,
      totalTokens: this.#totalTokens,
      epoch: this.#source.position.epoch,
      rate,
      gradientNorm,
    }
  }

  /** Mean negative log-probability of other data's tokens, in nats. */
  async evaluate(data: Dataset, signal?: AbortSignal): Promise<number> {
    const pieces = Array.from({ length: data.starts.length - 1 }, (_, i) => i)
    let total = 0
    for (const batch of packPieces(data, pieces, this.network.rows)) {
      total -= sum(this.network.evaluate(batch))
      await breathe(signal)
    }
    return total / data.tokens
  }
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
