import type { Floats, TrainingOperations } from '../../backend/index.js'
import type { Network } from './network.js'
import type { Recipe } from './presets.js'

/** AdamW over all parameters of a network, with the gradient's length held below a bound. */
export class Optimizer<A extends Floats = Float32Array> {
  /** Updates so far. */
  step = 0
  /** Running means of the gradient and of its square, by the network's layout. */
  readonly means: A
  readonly variances: A
  readonly #operations: TrainingOperations<A>
  readonly #network: Network<A>

  constructor(operations: TrainingOperations<A>, network: Network<A>) {
    this.#operations = operations
    this.#network = network
    this.means = operations.allocate(network.layout.length)
    this.variances = operations.allocate(network.layout.length)
  }

  /**
   * One update with the network's gradients.
   * @returns the length of the gradient before it was clipped
   * @throws Error, and changes nothing, if the gradient is not finite
   */
  update(
    rate: number,
    { beta1, beta2, epsilon, decay, clip }: Pick<Recipe, 'beta1' | 'beta2' | 'epsilon' | 'decay' | 'clip'>,
  ): number {
    const { gradients, parameters, layout } = this.#network
    const length = Math.sqrt(this.#operations.squares(gradients))
    if (!Number.isFinite(length)) {
      throw new Error(
        `the gradient of update ${this.step + 1} is not finite: the training has diverged; take a lower learning rate`,
      )
    }
    this.step++
    const gradientScale = length > clip ? clip / length : 1
    const update = (begin: number, end: number, withDecay: number) => {
      const part = (x: A) => x.subarray(begin, end) as A
      this.#operations.adamw(part(parameters), part(gradients), part(this.means), part(this.variances), {
        step: this.step,
        rate,
        beta1,
        beta2,
        epsilon,
        decay: withDecay,
        gradientScale,
      })
    }
    update(0, layout.vectorsAt, decay)
    update(layout.vectorsAt, layout.length, 0)
    return length
  }
}
