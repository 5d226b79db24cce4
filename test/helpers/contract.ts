import { expect } from 'vitest'
import type { Backend, DigitOptions, Tensor, Weight, WeightOptions } from '../../src/backend/index.js'
import { type MatrixTypeName, quantizedMatrixFromBytes, tensorType } from '../../src/format/index.js'

/** Unit roundoff of float32: one rounding is off by at most this, relatively. */
export const UNIT = 2 ** -24

/** Relative error of so many float32 roundings in a row (Higham's γ). */
export function roundings(count: number): number {
  return (count * UNIT) / (1 - count * UNIT)
}

/** `cols` where the type's blocks divide it, else so many blocks. */
export function columnsOf(type: MatrixTypeName, cols: number, blocks: number): number {
  const { blockSize } = tensorType(type)
  return cols % blockSize === 0 ? cols : blocks * blockSize
}

export function tensorOf(backend: Backend, rows: number, cols: number, values: ArrayLike<number>): Tensor {
  const tensor = backend.tensor(rows, cols)
  backend.upload(tensor, values)
  return tensor
}

export function weightOf(
  backend: Backend,
  type: MatrixTypeName,
  rows: number,
  cols: number,
  bytes: Uint8Array,
  options?: WeightOptions,
): Promise<Weight> {
  return backend.weight(quantizedMatrixFromBytes('weights', type, rows, cols, bytes), options)
}

/** x [rows, weight.cols] times the weight, by digits if there are options, through all steps of production. */
export function product(
  backend: Backend,
  x: Float32Array,
  weight: Weight,
  options: DigitOptions | null,
  bias?: Float32Array,
): Promise<Float32Array> {
  const rows = x.length / weight.cols
  const input = tensorOf(backend, rows, weight.cols, x)
  const out = tensorOf(backend, rows, weight.rows, new Float32Array(rows * weight.rows).fill(Number.NaN))
  const added = bias && tensorOf(backend, 1, weight.rows, bias)
  if (!options) {
    backend.linear(input, weight, out, added)
    return backend.read(out)
  }
  const digits = backend.digits(rows, weight.cols, options)
  try {
    backend.decompose(input, digits)
    backend.linear(digits, weight, out, added)
  } finally {
    backend.free(digits)
  }
  return backend.read(out)
}

/** Every bit equal; NaN equals NaN, and 0 is not −0. */
export function expectBits(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  cols: number,
  where: string,
): void {
  expect(actual.length, where).toBe(expected.length)
  let first = -1
  let wrong = 0
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue
    if (wrong++ === 0) first = i
  }
  if (wrong === 0) return
  const place = `[${Math.floor(first / cols)}, ${first % cols}]`
  const values = `${actual[first]} for ${expected[first]}`
  expect.fail(`${where}: ${wrong} of ${expected.length} values differ, first ${place}: ${values}`)
}

/** |actual − expected| ≤ bound(i); NaN only where NaN is expected. */
export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: (index: number) => number,
  where: string,
): void {
  expect(actual.length, where).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue
    const limit = bound(i)
    // Written so that NaN fails.
    if (Math.abs(actual[i] - expected[i]) <= limit) continue
    expect.fail(`${where}: value ${i} is ${actual[i]} for ${expected[i]}, further than ${limit} away`)
  }
}

/** Guards the tests themselves: data that is all alike would hide a wrong index. */
export function expectVaried(values: ArrayLike<number>, where: string): void {
  expect(new Set(Array.from(values)).size, `${where}: different values`).toBeGreaterThan(values.length / 8)
}
