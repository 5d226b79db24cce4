import { availableParallelism } from 'node:os'
import { type Addon, type Handle, loadAddon } from '../addon.js'
import { checkThreads } from '../checks.js'
import { chooseVariant, type NativeOptions } from '../native.js'
import type { AdamWStep, Documents, Heads, ProductOptions, TrainingOperations } from './operations.js'

/** What would be cut off quietly is a mistake. */
function evenly(name: string, { length }: Float32Array, parts: number): number {
  if (length % parts === 0) return length / parts
  throw new RangeError(`${name}: ${length} elements cannot be divided by ${parts}`)
}

type Tensors = Parameters<TrainingOperations<Float32Array>['attentionBackward']>[2]

/** The kernels of kernels/train. */
class NativeTraining implements TrainingOperations<Float32Array> {
  readonly name = 'native'
  readonly #addon: Addon
  readonly #context: Handle

  constructor(
    addon: Addon,
    readonly variant: string,
    readonly threads: number,
  ) {
    this.#addon = addon
    this.#context = addon.context(variant, threads)
  }

  allocate(length: number): Float32Array {
    return new Float32Array(length)
  }

  product(c: Float32Array, a: Float32Array, b: Float32Array, options: ProductOptions): void {
    const { m, n, k, transposeA = false, transposeB = false, add = false } = options
    this.#addon.trainProduct(this.#context, c, a, b, m, n, k, transposeA, transposeB, add)
  }

  add(x: Float32Array, y: Float32Array): void {
    this.#addon.add(this.#context, x, y, y.length)
  }

  embed(ids: Int32Array, table: Float32Array, cols: number, out: Float32Array): void {
    const vocabulary = evenly('the embedding table', table, cols)
    this.#addon.trainEmbed(this.#context, ids, ids.length, table, vocabulary, cols, out)
  }

  embedBackward(ids: Int32Array, dx: Float32Array, cols: number, dtable: Float32Array): void {
    const vocabulary = evenly('the gradient of the embedding table', dtable, cols)
    this.#addon.trainEmbedBackward(this.#context, ids, ids.length, dx, dtable, vocabulary, cols)
  }

  rmsNorm(x: Float32Array, gain: Float32Array, epsilon: number, y: Float32Array): void {
    const cols = gain.length
    this.#addon.rmsNorm(this.#context, x, gain, epsilon, y, evenly('x', x, cols), cols)
  }

  rmsNormBackward(
    dy: Float32Array,
    x: Float32Array,
    gain: Float32Array,
    epsilon: number,
    dx: Float32Array,
    dgain: Float32Array,
  ): void {
    const cols = gain.length
    const rows = evenly('x', x, cols)
    this.#addon.trainRmsNormBackward(this.#context, dy, x, gain, epsilon, dx, dgain, rows, cols)
  }

  rope(
    x: Float32Array,
    heads: number,
    headSize: number,
    table: Float32Array,
    positions: Int32Array,
    inverse: boolean,
  ): void {
    if (headSize % 2 !== 0) throw new RangeError(`heads of ${headSize} elements cannot be rotated in pairs`)
    const [rows, known] = [positions.length, evenly('the rotary table', table, headSize)]
    this.#addon.trainRope(this.#context, x, rows, heads, headSize, table, positions, known, inverse)
  }

  attention(
    { starts }: Documents,
    { heads, kvHeads, headSize }: Heads,
    q: Float32Array,
    k: Float32Array,
    v: Float32Array,
    out: Float32Array,
  ): void {
    const scale = 1 / Math.sqrt(headSize)
    const documents = starts.length - 1
    this.#addon.trainAttention(
      this.#context,
      starts,
      documents,
      heads,
      kvHeads,
      headSize,
      scale,
      q,
      k,
      v,
      out,
    )
  }

  attentionBackward({ starts }: Documents, { heads, kvHeads, headSize }: Heads, tensors: Tensors): void {
    const { q, k, v, dout, dq, dk, dv } = tensors
    const shape = [starts.length - 1, heads, kvHeads, headSize, 1 / Math.sqrt(headSize)] as const
    this.#addon.trainAttentionBackward(this.#context, starts, ...shape, q, k, v, dout, dq, dk, dv)
  }

  swiglu(gate: Float32Array, up: Float32Array, out: Float32Array): void {
    this.#addon.swiglu(this.#context, gate, up, out, gate.length)
  }

  swigluBackward(
    dout: Float32Array,
    gate: Float32Array,
    up: Float32Array,
    dgate: Float32Array,
    dup: Float32Array,
  ): void {
    this.#addon.trainSwigluBackward(this.#context, dout, gate, up, dgate, dup, gate.length)
  }

  logProbabilities(
    logits: Float32Array,
    targets: Int32Array,
    temperature: number,
    logProbabilities: Float64Array,
    inverseSums: Float64Array,
  ): void {
    const rows = targets.length
    const vocabulary = evenly('the logits', logits, rows)
    this.#addon.trainLogProbabilities(
      this.#context,
      logits,
      rows,
      vocabulary,
      targets,
      temperature,
      logProbabilities,
      inverseSums,
    )
  }

  logProbabilitiesBackward(
    exponentials: Float32Array,
    targets: Int32Array,
    temperature: number,
    gradient: Float64Array,
    inverseSums: Float64Array,
  ): void {
    const rows = targets.length
    const vocabulary = evenly('the exponentials', exponentials, rows)
    this.#addon.trainLogProbabilitiesBackward(
      this.#context,
      exponentials,
      rows,
      vocabulary,
      targets,
      temperature,
      gradient,
      inverseSums,
    )
  }

  squares(x: Float32Array): number {
    return this.#addon.trainSquares(this.#context, x, x.length)
  }

  adamw(
    parameters: Float32Array,
    gradients: Float32Array,
    means: Float32Array,
    variances: Float32Array,
    options: AdamWStep,
  ): void {
    const { step, rate, beta1, beta2, epsilon, decay, gradientScale } = options
    this.#addon.trainAdamW(
      this.#context,
      parameters,
      gradients,
      means,
      variances,
      parameters.length,
      rate,
      beta1,
      beta2,
      epsilon,
      decay,
      gradientScale,
      1 / (1 - beta1 ** step),
      1 / (1 - beta2 ** step),
    )
  }

  close(): void {
    this.#addon.freeContext(this.#context)
  }
}

/** @returns null if the addon was not built */
export function createNativeTraining(
  options: Omit<NativeOptions, 'preload'> = {},
): TrainingOperations<Float32Array> | null {
  const addon = loadAddon()
  if (!addon) return null
  const threads = options.threads ?? availableParallelism()
  checkThreads(threads)
  return new NativeTraining(addon, chooseVariant(addon, options.variant), threads)
}
