import type { Backend, DigitOptions } from '../../backend/index.js'
import { bf16, fp16 } from '../../dtype/index.js'
import { decodeCodes, type MatrixTypeName, quantizedMatrixFromBytes } from '../../format/index.js'
import { decomposeInt8 } from '../../msd/index.js'
import { type Check, roundings, tensorOf, UNIT } from './check.js'
import {
  activations,
  CODE_TYPES,
  identityBlocks,
  integerActivations,
  integerBlocks,
  randomBlocks,
} from './product-data.js'

// Many tokens are multiplied in another way than few (kernels/gemm/contract.h: panels and tiles); eleven are tiles of
// 8, 2 and 1. Twenty rows are a block of 16 and a part of one.
const BATCHES = [30, 11]
const TOKENS = 41
const ROWS = 20
const COLS = 512

const OPTIONS: readonly DigitOptions[] = ([1, 2, 3] as const).flatMap((passes) =>
  (['group', 'row'] as const).map((granularity) => ({ passes, granularity })),
)

interface Case {
  readonly name: string
  readonly type: MatrixTypeName
  readonly rows: number
  readonly cols: number
  readonly bytes: Uint8Array
  /** [TOKENS, cols] */
  readonly x: Float32Array
  /** Null for a float product. */
  readonly options: DigitOptions | null
}

/** y [TOKENS, rows] in two batches, since a token's result does not depend on the batch it comes in. */
async function multiply(backend: Backend, c: Case): Promise<Float32Array> {
  const weight = await backend.weight(quantizedMatrixFromBytes(c.name, c.type, c.rows, c.cols, c.bytes))
  const digits = c.options && backend.digits(Math.max(...BATCHES), c.cols, c.options)
  const input = tensorOf(backend, TOKENS, c.cols, c.x)
  const out = tensorOf(backend, TOKENS, c.rows, new Float32Array(TOKENS * c.rows).fill(Number.NaN))
  try {
    let begin = 0
    for (const tokens of BATCHES) {
      const x = backend.rows(input, begin, begin + tokens)
      if (digits) backend.decompose(x, digits)
      backend.linear(digits ?? x, weight, backend.rows(out, begin, begin + tokens))
      begin += tokens
    }
    return await backend.read(out)
  } finally {
    if (digits) backend.free(digits)
    backend.free(weight)
  }
}

async function check(
  reference: Backend,
  c: Case,
  boundsOf: ((expected: Float32Array) => Float64Array) | null,
): Promise<Check> {
  const expected = await multiply(reference, c)
  return {
    name: c.name,
    expected,
    bounds: boundsOf?.(expected) ?? null,
    lowBit: c.options !== null,
    run: (backend) => multiply(backend, c),
  }
}

/** Digits, integer products, products of every type of weight. */
export async function productChecks(reference: Backend): Promise<Check[]> {
  const checks: Check[] = []
  for (const options of OPTIONS) {
    const { passes, granularity } = options
    const how = `${passes} digit${passes === 1 ? '' : 's'} per ${granularity}`
    // The identity shows the digits: its product is fround(scale · q), and |q| < 2^24.
    const identity = { type: 'Q8_0', rows: 64, cols: 64, bytes: identityBlocks(64) } as const
    const x = activations(TOKENS * identity.cols, 1)
    checks.push(await check(reference, { ...identity, name: `digits, ${how}`, x, options }, null))

    // Sums of integers are exact as long as they fit float32: 32 · 32512 · 8 for a group of two digits, below 2^24
    // for two groups. The third digit makes one sum longer, which is then rounded once, in either backend.
    const cols = passes === 3 ? 32 : 64
    const integers = { type: 'Q4_0', rows: ROWS, cols, bytes: integerBlocks(ROWS, cols, 2) } as const
    const q = integerActivations(TOKENS * cols, passes, 3)
    checks.push(await check(reference, { ...integers, name: `integers, ${how}`, x: q, options }, null))

    for (const [i, type] of CODE_TYPES.entries()) {
      const c = {
        name: `${type}, ${how}`,
        type,
        rows: ROWS,
        cols: COLS,
        bytes: randomBlocks(type, ROWS, COLS, 10 + i),
        x: activations(TOKENS * COLS, 40 + i),
        options,
      }
      checks.push(await check(reference, c, (expected) => digitBounds(c, options, expected)))
    }
  }
  for (const type of ['F32', 'F16', 'BF16'] as const) {
    const values = activations(ROWS * COLS, 70)
    const c = {
      name: `${type} product`,
      type,
      rows: ROWS,
      cols: COLS,
      bytes: floatBytes(type, values),
      x: activations(TOKENS * COLS, 71),
      options: null,
    }
    checks.push(await check(reference, c, (expected) => floatBounds(c.x, values, expected)))
  }
  return checks
}

function floatBytes(type: 'F32' | 'F16' | 'BF16', values: Float32Array): Uint8Array {
  if (type === 'F32') return new Uint8Array(values.slice().buffer)
  const format = type === 'F16' ? fp16 : bf16
  return new Uint8Array(Uint16Array.from(values, (value) => format.encode(value)).buffer)
}

/**
 * How far a kernel may be from the exact sum, Σ |scale · code · q| + |minimum · q| of it: for each group a rounded
 * product and a rounded sum, likewise for its minimum; beside them at most 6 roundings, to convert the integers and
 * multiply the scales. Three digits are combined in float: |256 · upper| + |third| ≤ |q| + 256.
 */
function digitBounds(
  { type, rows, cols, bytes, x }: Case,
  { passes, granularity }: DigitOptions,
  expected: Float32Array,
): Float64Array {
  const tokens = x.length / cols
  const { codes, scales, minimums, group } = decodeCodes(
    type as (typeof CODE_TYPES)[number],
    bytes,
    rows,
    cols,
  )
  const range = granularity === 'row' ? 'row' : 32
  const parts = decomposeInt8(x, { rows: tokens, cols, passes, granularity: range, arithmetic: 'float32' })
  const slack = passes === 3 ? 256 : 0
  const ofTokens = Float64Array.from(x, (_, i) => {
    const q = parts.digits.reduce((upper, digit) => 256 * upper + digit[i], 0)
    const g = Math.floor(i / cols) * parts.groups + Math.floor((i % cols) / parts.groupSize)
    return parts.scales[g] * (Math.abs(q) + slack)
  })
  const ofWeights = Float64Array.from(codes, (code, i) => {
    const g = Math.floor(i / group)
    return Math.abs(scales[g] * code) + Math.abs(minimums?.[g] ?? 0)
  })
  const relative = roundings((2 * cols * (minimums ? 2 : 1)) / group + 6)
  return productBounds(ofTokens, ofWeights, cols, relative, expected)
}

/** A float32 sum of `cols` products, in any order; a BF16 weight is off from `values` by at most 2^−8 of itself. */
function floatBounds(x: Float32Array, values: Float32Array, expected: Float32Array): Float64Array {
  const [ofTokens, ofWeights] = [x, values].map((array) => Float64Array.from(array, Math.abs))
  return productBounds(ofTokens, ofWeights, COLS, roundings(COLS + 1) * (1 + 2 ** -8), expected)
}

/** relative · Σ |activation| · |weight|, and the rounding of the expected value itself. */
function productBounds(
  ofTokens: Float64Array,
  ofWeights: Float64Array,
  cols: number,
  relative: number,
  expected: Float32Array,
): Float64Array {
  const rows = ofWeights.length / cols
  return Float64Array.from(expected, (value, i) => {
    const [t, n] = [Math.floor(i / rows) * cols, (i % rows) * cols]
    let magnitude = 0
    for (let k = 0; k < cols; k++) magnitude += ofTokens[t + k] * ofWeights[n + k]
    return relative * magnitude + UNIT * Math.abs(value)
  })
}
