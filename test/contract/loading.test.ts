import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, PACKED_BITS, WASM_PACKED_BITS } from '../../src/backend/index.js'
import {
  dequantize,
  FormatError,
  type MatrixTypeName,
  type QuantizedMatrix,
  quantizedMatrixFromBytes,
} from '../../src/format/index.js'
import { columnsOf, expectBits, weightOf } from '../helpers/contract.js'
import { CODE_TYPES } from '../helpers/integer-product.js'
import { randomBlocks, seededRandom } from '../helpers/quants.js'
import { NATIVE, SUBJECTS, WASM } from './backends.js'

/** Packing a matrix that is read in pieces. */

const COLS = 1024
// 18.7 MiB of Q8_0: several pieces, and not a whole number of blocks of 16 rows in the last.
const ROWS = 18_003
const ROW_BYTES = (COLS / 32) * 34

/** Where each type keeps numbers that must be finite: byte offsets of their upper halves within a block. */
const UPPER_BYTES: Readonly<Record<MatrixTypeName, { block: number; at: readonly number[] }>> = {
  Q4_0: { block: 18, at: [1] },
  Q4_1: { block: 20, at: [1, 3] },
  Q5_0: { block: 22, at: [1] },
  Q5_1: { block: 24, at: [1, 3] },
  Q8_0: { block: 34, at: [1] },
  Q2_K: { block: 84, at: [81, 83] },
  Q3_K: { block: 110, at: [109] },
  Q4_K: { block: 144, at: [1, 3] },
  Q5_K: { block: 176, at: [1, 3] },
  Q6_K: { block: 210, at: [209] },
  IQ4_NL: { block: 18, at: [1] },
  IQ4_XS: { block: 136, at: [1] },
  // Scales of one byte have tests of their own.
  MXFP4: { block: 17, at: [] },
  NVFP4: { block: 36, at: [] },
  F32: { block: 4, at: [3] },
  F16: { block: 2, at: [1] },
  BF16: { block: 2, at: [1] },
}

let large: Uint8Array
beforeAll(() => {
  // Codes may be anything; only the scales are held in range.
  const random = seededRandom(1)
  const words = new Uint32Array((ROWS * ROW_BYTES) / 4 + 1).map(() => 2 ** 32 * random())
  large = new Uint8Array(words.buffer, 0, ROWS * ROW_BYTES)
  for (let at = 1; at < large.length; at += 34) large[at] &= 0x3f
})

/** The matrix over `bytes`, telling of every piece that is read; `during` runs while one is on its way. */
function watched(bytes: Uint8Array, during: (call: number) => void = () => {}) {
  const inner = quantizedMatrixFromBytes('blk.0.large', 'Q8_0', ROWS, COLS, bytes)
  const pieces: [number, number][] = []
  let pending = 0
  const matrix: QuantizedMatrix = {
    name: inner.name,
    type: inner.type,
    rows: inner.rows,
    cols: inner.cols,
    rowBytes: inner.rowBytes,
    byteLength: inner.byteLength,
    async readRows(begin, end, into) {
      pieces.push([begin, end])
      pending++
      const number = pieces.length
      try {
        await new Promise((resolve) => setTimeout(resolve, 20))
        during(number)
      } finally {
        pending--
      }
      return inner.readRows(begin, end, into)
    },
  }
  return { matrix, pieces, idle: () => pending === 0 }
}

describe.each(SUBJECTS)('$label loads', ({ create }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test('a matrix larger than a piece: every row once, in order, progress told', async () => {
    const { matrix, pieces } = watched(large)
    const told: number[] = []
    const weight = await backend.weight(matrix, { onProgress: (bytes) => told.push(bytes) })
    expect(pieces.length, 'pieces').toBeGreaterThan(1)
    expect(pieces[0][0]).toBe(0)
    expect(pieces.at(-1)?.[1]).toBe(ROWS)
    for (let i = 1; i < pieces.length; i++) expect(pieces[i][0], `piece ${i}`).toBe(pieces[i - 1][1])
    expect(told).toEqual(pieces.map(([begin, end]) => (end - begin) * ROW_BYTES))
    expect([weight.rows, weight.cols, weight.type, weight.name]).toEqual([ROWS, COLS, 'Q8_0', 'blk.0.large'])
    expect(weight.byteLength).toBeGreaterThanOrEqual(ROWS * COLS)
    // The rows on both sides of every seam.
    const ids = pieces.flatMap(([begin, end]) => [begin, begin + 1, begin + 17, end - 2, end - 1])
    const out = backend.tensor(ids.length, COLS)
    backend.embed(weight, ids, out)
    const stored = new Uint8Array(ids.length * ROW_BYTES)
    ids.forEach((id, i) => {
      stored.set(large.subarray(id * ROW_BYTES, (id + 1) * ROW_BYTES), i * ROW_BYTES)
    })
    const expected = Float32Array.from(dequantize('Q8_0', stored, ids.length, COLS))
    expectBits(await backend.read(out), expected, COLS, `rows ${ids}`)
    backend.free(weight)
  })

  // Rows of the first and the last piece, at the ends of blocks of 16.
  test.each([0, 15, 16, 9_999, ROWS - 1])(
    'a scale that is not finite in row %i of a large matrix',
    async (row) => {
      const bytes = large.slice()
      for (const place of [row, ROWS - 1]) bytes[place * ROW_BYTES + 5 * 34 + 1] = 0x7c
      const { matrix, idle } = watched(bytes)
      const error = await failure(backend.weight(matrix))
      expect(idle(), 'no read is left behind').toBe(true)
      expect(error).toBeInstanceOf(FormatError)
      expect(error?.message).toMatch(/blk\.0\.large/)
      expect(error?.message).toMatch(new RegExp(`row ${row}\\b`))
    },
  )

  test.each(Object.keys(UPPER_BYTES) as MatrixTypeName[])('%s: infinity and NaN are found', async (type) => {
    const { block, at } = UPPER_BYTES[type]
    const wide = type === 'F32' || type === 'BF16' // eight bits of exponent
    const coded = (CODE_TYPES as readonly string[]).includes(type)
    const [rows, cols] = [19, columnsOf(type, coded ? 96 : 5, 2)]
    const clean = coded
      ? randomBlocks(type as (typeof CODE_TYPES)[number], rows, cols, 9)
      : new Uint8Array(rows * cols * block).fill(0x11)
    await weightOf(backend, type, rows, cols, clean)
    const rowBytes = clean.length / rows
    for (const row of [0, 16, 18])
      for (const offset of at)
        for (const place of [0, rowBytes - block])
          for (const [name, upper, lower] of [
            ['infinity', wide ? 0x7f : 0x7c, wide ? 0x80 : 0],
            ['NaN', 0x7f, 0xff],
            ['negative NaN', 0xff, 0xff],
          ] as const) {
            const bytes = clean.slice()
            bytes[row * rowBytes + place + offset] = upper
            bytes[row * rowBytes + place + offset - 1] = lower
            const error = await failure(weightOf(backend, type, rows, cols, bytes))
            const where = `${name}, row ${row}, block at ${place}, byte ${offset}`
            expect(error, where).toBeInstanceOf(FormatError)
            expect(error?.message, where).toMatch(new RegExp(`weights.*row ${row}\\b`))
          }
  })

  test('the largest finite scales are taken', async () => {
    for (const type of CODE_TYPES) {
      const { block, at } = UPPER_BYTES[type]
      const cols = columnsOf(type, 32, 1)
      const bytes = randomBlocks(type, 17, cols, 10)
      for (let start = 0; start < bytes.length; start += block)
        for (const offset of at) [bytes[start + offset], bytes[start + offset - 1]] = [0x7b, 0xff]
      const weight = await weightOf(backend, type, 17, cols, bytes)
      const out = backend.tensor(1, cols)
      backend.embed(weight, [16], out)
      const last = dequantize(type, bytes, 17, cols).subarray(16 * cols)
      expectBits(await backend.read(out), Float32Array.from(last), cols, type)
    }
  })

  test('MXFP4: the exponent 0xff is found; every other is exact in float32', async () => {
    const [rows, cols] = [19, 96]
    const clean = randomBlocks('MXFP4', rows, cols, 12)
    for (const row of [0, 16, 18])
      for (const block of [0, 2]) {
        const bytes = clean.slice()
        bytes[(3 * row + block) * 17] = 0xff
        const error = await failure(weightOf(backend, 'MXFP4', rows, cols, bytes))
        expect(error, `row ${row}, block ${block}`).toBeInstanceOf(FormatError)
        expect(error?.message).toMatch(new RegExp(`weights.*row ${row}\\b`))
      }
    // 2^-128 and 2^-127 are subnormal scales; a weight beyond float32 (12 · 2^126) becomes infinite.
    const exponents = [0, 1, 2, 3, 127, 252, 253, 254]
    const bytes = randomBlocks('MXFP4', exponents.length, 32, 13)
    exponents.forEach((exponent, row) => {
      bytes[17 * row] = exponent
    })
    const weight = await weightOf(backend, 'MXFP4', exponents.length, 32, bytes)
    const out = backend.tensor(exponents.length, 32)
    backend.embed(weight, [...exponents.keys()], out)
    const expected = Float32Array.from(dequantize('MXFP4', bytes, exponents.length, 32))
    expectBits(await backend.read(out), expected, 32, `exponents ${exponents}`)
  })

  test('NVFP4: the scale 0x7f is found, with and without a sign; every other is exact', async () => {
    const [rows, cols] = [19, 128]
    const clean = randomBlocks('NVFP4', rows, cols, 15)
    for (const row of [0, 16, 18])
      for (const block of [0, 1])
        for (const group of [0, 1, 2, 3])
          for (const scale of [0x7f, 0xff]) {
            const bytes = clean.slice()
            bytes[(2 * row + block) * 36 + group] = scale
            const error = await failure(weightOf(backend, 'NVFP4', rows, cols, bytes))
            const where = `${scale}, row ${row}, block ${block}, group ${group}`
            expect(error, where).toBeInstanceOf(FormatError)
            expect(error?.message, where).toMatch(new RegExp(`weights.*row ${row}\\b`))
          }
    const bytes = randomBlocks('NVFP4', 64, 64, 16)
    for (let scale = 0; scale < 256; scale++)
      bytes[(scale >> 2) * 36 + (scale & 3)] = (scale & 0x7f) === 0x7f ? 0 : scale
    const weight = await weightOf(backend, 'NVFP4', 64, 64, bytes)
    const out = backend.tensor(64, 64)
    backend.embed(weight, [...Array(64).keys()], out)
    expectBits(await backend.read(out), Float32Array.from(dequantize('NVFP4', bytes, 64, 64)), 64, 'scales')
  })

  test('aborting before and while reading ends in the reason, and harms nothing', async () => {
    const reason = new Error('the user went away')
    await expect(backend.weight(watched(large).matrix, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    )
    const controller = new AbortController()
    const { matrix, pieces, idle } = watched(large, (call) => call === 2 && controller.abort(reason))
    await expect(backend.weight(matrix, { signal: controller.signal })).rejects.toBe(reason)
    expect(pieces.at(-1)?.[1], 'rows read').toBeLessThan(ROWS)
    expect(idle(), 'no read is left behind').toBe(true)
    await expectStillRight()
  })

  test('a read that fails is passed on, and harms nothing', async () => {
    const broken = new Error('the disk is gone')
    const { matrix, idle } = watched(large, (call) => {
      if (call === 2) throw broken
    })
    await expect(backend.weight(matrix)).rejects.toBe(broken)
    expect(idle(), 'no read is left behind').toBe(true)
    await expectStillRight()
  })

  /** Another matrix loads as it should. */
  async function expectStillRight() {
    const bytes = randomBlocks('Q4_0', 33, 64, 4)
    const weight = await weightOf(backend, 'Q4_0', 33, 64, bytes)
    const out = backend.tensor(33, 64)
    backend.embed(weight, [...Array(33).keys()], out)
    expectBits(await backend.read(out), Float32Array.from(dequantize('Q4_0', bytes, 33, 64)), 64, 'after')
  }
})

// The memory estimate counts on it.
test.each(CODE_TYPES)('%s is packed into the bits a weight that are foretold', async (type) => {
  for (const [subject, bits] of [
    [NATIVE[0], PACKED_BITS],
    [WASM[0], WASM_PACKED_BITS],
  ] as const) {
    const backend = subject.create()
    const [rows, cols] = [64, 1024]
    const weight = await weightOf(backend, type, rows, cols, randomBlocks(type, rows, cols, 14))
    expect(weight.byteLength, subject.label).toBe((rows * cols * bits[type]) / 8)
    backend.close()
  }
})

async function failure(promise: Promise<unknown>): Promise<Error | undefined> {
  return promise.then(
    () => undefined,
    (error: Error) => error,
  )
}
