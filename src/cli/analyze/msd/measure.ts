import type { Activations, Approximation } from './schemes.js'

/** Numbers beyond so many times the median magnitude of their row count as massive. */
export const MASSIVE = 100

/** Sums and maxima from which a scheme's report follows; of several parts they are pooled. */
export interface Errors {
  /** Σ x², Σ (x − x̂)². */
  readonly signal: number
  readonly noise: number
  /** The same over numbers that are not massive. */
  readonly ordinarySignal: number
  readonly ordinaryNoise: number
  /** max |x − x̂|, the largest bound, and the largest share of its own bound that an error takes. */
  readonly maxError: number
  readonly bound: number
  readonly reached: number
  /** The same of y = x · wᵀ; `largest` is max |y|. */
  readonly productSignal: number
  readonly productNoise: number
  readonly productError: number
  readonly productLargest: number
  readonly productReached: number
}

export interface ErrorReport {
  /** −log2 of `relative`; null if there is no error. */
  readonly effectiveBits: number | null
  /** ‖x − x̂‖₂ / ‖x‖₂. */
  readonly relative: number
  /** The same over numbers that are not massive. */
  readonly ordinary: number
  /** In units of x. */
  readonly maxError: number
  /** The largest bound, in units of x. */
  readonly bound: number
  /** Largest |x − x̂| / its own bound: 1 if the bound is reached. */
  readonly reached: number
  readonly product: {
    /** ‖y − ŷ‖₂ / ‖y‖₂. */
    readonly relative: number
    /** max |y − ŷ| / max |y|. */
    readonly maxError: number
    /** Largest |y − ŷ| / Σ_k bound · |w|. */
    readonly reached: number
  }
}

/** Activations and the weights that they are multiplied with, both as numbers, and the exact product. */
export class Part {
  readonly activations: Activations
  /** Numbers of the activations that are massive. */
  readonly massive: number
  readonly #isMassive: Uint8Array
  readonly #weights: Float64Array
  readonly #magnitudes: Float64Array
  readonly #y: Float64Array

  /**
   * @param weights [outputs · cols], row-major
   * @throws RangeError for activations that are not finite
   */
  constructor(activations: Activations, weights: Float64Array) {
    checkFinite(activations)
    this.activations = activations
    this.#isMassive = massiveOf(activations)
    this.massive = this.#isMassive.reduce((sum, one) => sum + one, 0)
    this.#weights = weights
    this.#magnitudes = weights.map(Math.abs)
    this.#y = product(Float64Array.from(activations.x), weights, activations.cols)
  }

  /** Errors of an approximation; those of the product are the product of its errors, so that nothing cancels. */
  errors({ values, bounds }: Approximation): Errors {
    const { x, cols } = this.activations
    const differences = values.map((value, i) => x[i] - value)
    const whole = compare(x, differences, bounds)
    const ordinary = compare(x, differences, bounds, this.#isMassive)
    const products = compare(
      this.#y,
      product(differences, this.#weights, cols),
      product(bounds, this.#magnitudes, cols),
    )
    return {
      signal: whole.signal,
      noise: whole.noise,
      ordinarySignal: ordinary.signal,
      ordinaryNoise: ordinary.noise,
      maxError: whole.maxError,
      bound: bounds.reduce((most, bound) => Math.max(most, bound), 0),
      reached: whole.reached,
      productSignal: products.signal,
      productNoise: products.noise,
      productError: products.maxError,
      productLargest: this.#y.reduce((most, y) => Math.max(most, Math.abs(y)), 0),
      productReached: products.reached,
    }
  }
}

/** x · wᵀ in float64, row-major [rows · outputs]. */
export function product(x: Float64Array, weights: Float64Array, cols: number): Float64Array {
  const [rows, outputs] = [x.length / cols, weights.length / cols]
  const y = new Float64Array(rows * outputs)
  for (let row = 0, at = 0; row < rows; row++)
    for (let output = 0; output < outputs; output++, at++) {
      let sum = 0
      for (let k = 0; k < cols; k++) sum += x[row * cols + k] * weights[output * cols + k]
      y[at] = sum
    }
  return y
}

function compare(
  wanted: Float32Array | Float64Array,
  differences: Float64Array,
  bounds: Float64Array,
  leftOut?: Uint8Array,
) {
  let [signal, noise, maxError, reached] = [0, 0, 0, 0]
  for (let i = 0; i < wanted.length; i++) {
    if (leftOut?.[i]) continue
    const error = Math.abs(differences[i])
    signal += wanted[i] ** 2
    noise += error ** 2
    maxError = Math.max(maxError, error)
    if (error > 0) reached = Math.max(reached, error / bounds[i])
  }
  return { signal, noise, maxError, reached }
}

function checkFinite({ x, cols }: Activations): void {
  const bad = x.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return
  throw new RangeError(
    `the activation in row ${Math.floor(bad / cols)}, column ${bad % cols} is ${x[bad]}; it must be finite ` +
      '(is the model damaged, or was it trained until it diverged?)',
  )
}

/** 1 for massive numbers. A row that is mostly zeros has none. */
function massiveOf({ x, rows, cols }: Activations): Uint8Array {
  const massive = new Uint8Array(x.length)
  for (let row = 0; row < rows; row++) {
    const magnitudes = x.slice(row * cols, (row + 1) * cols).map(Math.abs)
    const limit = MASSIVE * magnitudes.toSorted()[cols >> 1]
    for (let k = 0; k < cols; k++) massive[row * cols + k] = Number(limit > 0 && magnitudes[k] > limit)
  }
  return massive
}

/** Errors over several parts: sums of sums, largest of maxima. @param parts at least one */
export function pooled(parts: readonly Errors[]): Errors {
  return parts.reduce((a, b) => ({
    signal: a.signal + b.signal,
    noise: a.noise + b.noise,
    ordinarySignal: a.ordinarySignal + b.ordinarySignal,
    ordinaryNoise: a.ordinaryNoise + b.ordinaryNoise,
    maxError: Math.max(a.maxError, b.maxError),
    bound: Math.max(a.bound, b.bound),
    reached: Math.max(a.reached, b.reached),
    productSignal: a.productSignal + b.productSignal,
    productNoise: a.productNoise + b.productNoise,
    productError: Math.max(a.productError, b.productError),
    productLargest: Math.max(a.productLargest, b.productLargest),
    productReached: Math.max(a.productReached, b.productReached),
  }))
}

export function reportOf(errors: Errors): ErrorReport {
  const relative = ratio(errors.noise, errors.signal)
  return {
    effectiveBits: relative === 0 ? null : -Math.log2(relative),
    relative,
    ordinary: ratio(errors.ordinaryNoise, errors.ordinarySignal),
    maxError: errors.maxError,
    bound: errors.bound,
    reached: errors.reached,
    product: {
      relative: ratio(errors.productNoise, errors.productSignal),
      maxError: errors.productError === 0 ? 0 : errors.productError / errors.productLargest,
      reached: errors.productReached,
    },
  }
}

/** The root of a ratio of sums of squares; no error of nothing is none. */
const ratio = (noise: number, signal: number) => (noise === 0 ? 0 : Math.sqrt(noise / signal))
