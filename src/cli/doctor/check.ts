import type { Backend, Tensor } from '../../backend/index.js'

/** One computation whose result is known. */
export interface Check {
  readonly name: string
  /** Of the reference backend. */
  readonly expected: Float32Array
  /** How far each value may be from it; null where the contract of backends promises every bit. */
  readonly bounds: Float64Array | null
  /** A product of digits, which the native variants promise to agree on to the bit. */
  readonly lowBit: boolean
  run(backend: Backend): Promise<Float32Array>
}

/** Unit roundoff of float32: one rounding is off by at most this, relatively. */
export const UNIT = 2 ** -24

/** Relative error of so many float32 roundings in a row (Higham, "Accuracy and Stability", lemma 3.1). */
export function roundings(count: number): number {
  return (count * UNIT) / (1 - count * UNIT)
}

export function tensorOf(backend: Backend, rows: number, cols: number, values: ArrayLike<number>): Tensor {
  const tensor = backend.tensor(rows, cols)
  backend.upload(tensor, values)
  return tensor
}

/** What is wrong with a result, or null. */
export function difference({ expected, bounds }: Check, actual: ArrayLike<number>): string | null {
  if (actual.length !== expected.length) return `${actual.length} values instead of ${expected.length}`
  let wrong = 0
  let first = -1
  for (let i = 0; i < expected.length; i++) {
    // Written so that NaN is wrong.
    const agrees = bounds ? Math.abs(actual[i] - expected[i]) <= bounds[i] : Object.is(actual[i], expected[i])
    if (!agrees && wrong++ === 0) first = i
  }
  if (wrong === 0) return null
  const allowed = bounds ? `at most ${bounds[first].toExponential(2)} away` : 'every bit of it'
  return `${wrong} of ${expected.length} values are wrong; value ${first} is ${actual[first]} and should be ${expected[first]}, ${allowed}`
}
