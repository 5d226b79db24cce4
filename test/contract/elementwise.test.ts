import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend, RopeOptions } from '../../src/backend/index.js'
import { dequantize, type MatrixTypeName } from '../../src/format/index.js'
import {
  columnsOf,
  expectBits,
  expectVaried,
  expectWithin,
  roundings,
  tensorOf,
  weightOf,
} from '../helpers/contract.js'
import { CODE_TYPES } from '../helpers/integer-product.js'
import { randomBlocks, randomNormal } from '../helpers/quants.js'
import { SUBJECTS } from './backends.js'

/** Lengths at and around the lanes of a vector. */
const LENGTHS = [1, 2, 15, 16, 17, 31, 32, 33, 48, 100]

describe.each(SUBJECTS)('$label', ({ create, kind }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test.each(LENGTHS)('rmsNorm of 5 rows of %i, seeds 300 and 400 + length', async (cols) => {
    for (const [size, epsilon] of [
      [1, 1e-5],
      [1e-3, 1e-6],
      [1e4, 1e-5],
      [1e30, 1e-5], // squares overflow float32: zeros must not come out
    ]) {
      const x = randomNormal(5 * cols, 300 + cols, size).map((v, i) => (i % 41 === 7 ? 30 * v : v))
      x.fill(0, cols, 2 * cols)
      const gain = randomNormal(cols, 400 + cols)
      const expected = new Float64Array(x.length)
      for (let start = 0; start < x.length; start += cols) {
        const squares = x.subarray(start, start + cols).reduce((sum, v) => sum + v * v, 0)
        const root = Math.sqrt(squares / cols + Math.fround(epsilon))
        for (let k = 0; k < cols; k++) expected[start + k] = (x[start + k] / root) * gain[k]
      }
      // Under the root: a square, cols / 16 + 4 additions (16 lanes, then a tree), the mean, the epsilon,
      // its own rounding: half of that is left. Then root, quotient, two products, the result.
      const relative = roundings((Math.ceil(cols / 16) + 4 + 4) / 2 + 5)
      const bound = (i: number) => relative * Math.abs(expected[i])
      const out = backend.tensor(5, cols)
      const input = tensorOf(backend, 5, cols, x)
      const by = tensorOf(backend, 1, cols, gain)
      backend.rmsNorm(input, by, epsilon, out)
      const y = await backend.read(out)
      if (cols > 8)
        expectVaried(
          y.filter((_, i) => i < cols || i >= 2 * cols),
          `size ${size}`,
        )
      expectWithin(y, expected, bound, `size ${size}`)
      expectBits(await backend.read(input), x, cols, 'the input stays')
      backend.rmsNorm(input, by, epsilon, input)
      expectBits(await backend.read(input), y, cols, 'in place')
    }
  })

  test.each([
    { heads: 1, size: 2, width: 2 },
    { heads: 3, size: 8, width: 8 },
    { heads: 2, size: 34, width: 20 },
    { heads: 5, size: 64, width: 64 },
    { heads: 2, size: 80, width: 16 },
  ])('rope of $heads heads of $size, $width turned, seed 21', async ({ heads, size, width }) => {
    const [positions, rows, position] = [12, 4, 7]
    const table = randomNormal(positions * width, 21)
    const x = randomNormal(rows * heads * size, 22)
    for (const pairs of ['interleaved', 'half'] as const) {
      const expected = Float64Array.from(x)
      const magnitude = new Float64Array(x.length)
      for (let row = 0; row < rows; row++)
        for (let head = 0; head < heads; head++)
          for (let i = 0; i < width / 2; i++) {
            const start = (row * heads + head) * size
            const a = start + (pairs === 'half' ? i : 2 * i)
            const b = start + (pairs === 'half' ? i + width / 2 : 2 * i + 1)
            const cos = table[(position + row) * width + i]
            const sin = table[(position + row) * width + width / 2 + i]
            expected[a] = x[a] * cos - x[b] * sin
            expected[b] = x[a] * sin + x[b] * cos
            magnitude[a] = Math.abs(x[a] * cos) + Math.abs(x[b] * sin)
            magnitude[b] = Math.abs(x[a] * sin) + Math.abs(x[b] * cos)
          }
      const tensor = tensorOf(backend, rows, heads * size, x)
      const options: RopeOptions = {
        heads,
        table: tensorOf(backend, positions, width, table),
        positions: Int32Array.from({ length: rows }, (_, row) => position + row),
        pairs,
      }
      backend.rope(tensor, options)
      // Two products, a sum. Elements beyond the width have no magnitude: they stay to the bit.
      expectWithin(await backend.read(tensor), expected, (i) => roundings(2) * magnitude[i], pairs)
    }
  })

  test.each([...LENGTHS, 20_000])('gatedActivation of %i, seed 50 + length', async (length) => {
    const special = [
      -100, -90, -88.5, -87.5, -87, -50, -1e-30, -0, 0, 1e-30, 50, 88.5, 100, 1e30, -1e30, -3e38,
    ]
    const gate = randomNormal(length, 50 + length, 4).map((v, i) => (i % 3 === 0 ? special[(i / 3) % 16] : v))
    const up = randomNormal(length, 51 + length)
    const expected = Float64Array.from(gate, (g, i) => (g / (1 + Math.exp(-g))) * up[i])
    // e^-gate within 5 roundings: Horner's rule with |r| ≤ 0.35 leaves at most 4 (nearly all of its last two
    // steps), its truncation and the reduction by ln 2 less than 1. Then sum, quotient, product.
    // Gates below −88 give up what is left of them, |gate| · e^-88.
    const bound = (i: number) =>
      roundings(8) * Math.abs(expected[i]) +
      (gate[i] < -88 ? 100 * Math.exp(-88) * Math.abs(up[i]) : 2 ** -149)
    const out = backend.tensor(1, length)
    const left = tensorOf(backend, 1, length, gate)
    const right = tensorOf(backend, 1, length, up)
    backend.gatedActivation(left, right, out)
    const y = await backend.read(out)
    expectWithin(y, expected, bound, 'silu(gate) · up')
    backend.gatedActivation(left, right, left)
    expectBits(await backend.read(left), y, length, 'in place')
  })

  test('gatedActivation keeps what is not finite, in every lane', async () => {
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
      for (let lane = 0; lane < 19; lane++)
        for (const side of ['gate', 'up'] as const) {
          const sides = { gate: new Float32Array(19).fill(1), up: new Float32Array(19).fill(1) }
          sides[side][lane] = value
          const out = backend.tensor(1, 19)
          backend.gatedActivation(
            tensorOf(backend, 1, 19, sides.gate),
            tensorOf(backend, 1, 19, sides.up),
            out,
          )
          const y = await backend.read(out)
          expect(
            [...y].map((v) => Number.isFinite(v)),
            `${value} as ${side} ${lane}`,
          ).toEqual([...y].map((_, i) => i !== lane))
          if (Number.isNaN(value)) expect(y[lane]).toBeNaN()
        }
  })

  test.each([...LENGTHS, 40_000])('add of %i is exact, seed 70', async (length) => {
    const x = randomNormal(length, 70)
    const y = randomNormal(length, 71, 1e-3)
    x[0] = Number.NaN
    const sum = tensorOf(backend, 1, length, x)
    const other = tensorOf(backend, 1, length, y)
    backend.add(sum, other)
    expectBits(
      await backend.read(sum),
      x.map((v, i) => v + y[i]),
      length,
      'x + y',
    )
    expectBits(await backend.read(other), y, length, 'y stays')
    backend.add(other, other)
    expectBits(
      await backend.read(other),
      y.map((v) => 2 * v),
      length,
      'y + y',
    )
  })

  const TYPES: readonly MatrixTypeName[] = [...CODE_TYPES, 'F32', 'F16', 'BF16']

  test.each(TYPES)('embed takes rows of %s as they are, seed 90', async (type) => {
    const quantized = (CODE_TYPES as readonly string[]).includes(type)
    const [rows, cols] = [37, columnsOf(type, quantized ? 96 : 33, 2)]
    const bytes = quantized
      ? randomBlocks(type as (typeof CODE_TYPES)[number], rows, cols, 90)
      : // Normal numbers of all three types: the low halves of float32 are their mantissas' ends.
        new Uint8Array(Float32Array.from(randomNormal(rows * cols, 90)).buffer).subarray(
          0,
          rows * cols * (type === 'F32' ? 4 : 2),
        )
    if (type === 'F16') for (let i = 1; i < bytes.length; i += 2) bytes[i] &= 0xbb // no exponent of all ones
    if (type === 'BF16') for (let i = 1; i < bytes.length; i += 2) bytes[i] &= 0xbf
    // Neighbouring scales of one byte share most of their products: all that there are differ more.
    if (type === 'MXFP4') for (let i = 0; i < bytes.length; i += 17) bytes[i] = (7 * i) % 253
    if (type === 'NVFP4')
      for (let i = 0; i < bytes.length; i++) if (i % 36 < 4) bytes[i] = ((7 * i) % 127) | (i & 0x80)
    const values = dequantize(type, bytes, rows, cols)
    const weight = await weightOf(backend, type, rows, cols, bytes)
    for (const ids of [[0], [36], [5, 5, 0, 36, 16, 15, 31, 32]]) {
      const out = backend.tensor(ids.length, cols)
      backend.embed(weight, ids, out)
      const expected = Float32Array.from(
        ids.flatMap((id) => [...values.subarray(id * cols, (id + 1) * cols)]),
      )
      expectVaried(expected, `${type}, rows ${ids}`)
      expectBits(await backend.read(out), expected, cols, `${kind}, rows ${ids}`)
    }
  })

  test('tensors: views share memory, reading copies', async () => {
    const tensor = backend.tensor(5, 3)
    expectBits(await backend.read(tensor), new Float32Array(15), 3, 'zeros')
    backend.upload(
      tensor,
      Float32Array.from({ length: 15 }, (_, i) => i),
    )
    const middle = backend.rows(tensor, 1, 3)
    expect([middle.rows, middle.cols]).toEqual([2, 3])
    const copy = await backend.read(middle)
    expect([...copy]).toEqual([3, 4, 5, 6, 7, 8])
    backend.add(middle, tensorOf(backend, 2, 3, new Float32Array(6).fill(100)))
    expect([...copy]).toEqual([3, 4, 5, 6, 7, 8])
    const after = [0, 1, 2, 103, 104, 105, 106, 107, 108, 9, 10, 11, 12, 13, 14]
    expect([...(await backend.read(tensor))]).toEqual(after)
    expect([...(await backend.read(backend.rows(middle, 1, 2)))]).toEqual([106, 107, 108])
  })
})
