import { fp4e2m1 } from '../dtype/index.js'
import { decomposeInt8, decomposeMxfp4, MX_BLOCK } from '../msd/index.js'

/** How a cache keeps keys and values as codes. */
export type CodeFormat = 'int8' | 'mxfp4'

/**
 * Keys or values as a cache holds them: x[t][d] ≈ scales[t][g] · codes[t][d], g = ⌊d / groupSize⌋.
 *
 * `int8` has one scale a row (or for `groupSize` elements), max |x| / 127, and codes in [−127, 127]. `mxfp4` has a power of two for every 32 elements,
 * and codes in half units of E2M1: 0, ±1, ±2, ±3, ±4, ±6, ±8, ±12.
 */
export interface QuantizedRows {
  readonly format: CodeFormat
  readonly rows: number
  readonly cols: number
  /** Elements of a row that share a scale; cols if all do. */
  readonly groupSize: number
  /** Scales of a row, ⌈cols / groupSize⌉. */
  readonly groups: number
  /** Row-major [rows · cols]. */
  readonly codes: Int8Array
  /** Row-major [rows · groups]. */
  readonly scales: Float32Array
}

/**
 * Quantises keys or values for a cache; every step is rounded to binary32, bit for bit as in the kernels.
 * @param x row-major [rows · cols]
 * @throws RangeError for a number that is not finite and lengths that do not agree
 */
export function quantizeRows(x: Float32Array, options: QuantizeRowsOptions): QuantizedRows {
  const { rows, cols, format, groupSize = cols } = options
  return format === 'int8' ? quantizeInt8(x, rows, cols, groupSize) : quantizeMxfp4(x, rows, cols)
}

export interface QuantizeRowsOptions {
  readonly rows: number
  readonly cols: number
  readonly format: CodeFormat
  /** `int8`: elements of a row that share a scale. Default: all. */
  readonly groupSize?: number
}

/** The numbers that the codes stand for, row-major [rows · cols]. */
export function dequantizeRows({
  rows,
  cols,
  groups,
  groupSize,
  codes,
  scales,
}: QuantizedRows): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, i) => {
    const row = Math.floor(i / cols)
    return scales[row * groups + Math.floor((i % cols) / groupSize)] * codes[i]
  })
}

function quantizeInt8(x: Float32Array, rows: number, cols: number, groupSize: number): QuantizedRows {
  const options = { rows, cols, passes: 1, granularity: groupSize, arithmetic: 'float32' } as const
  const { digits, scales, groups } = decomposeInt8(x, options)
  return {
    format: 'int8',
    rows,
    cols,
    groupSize,
    groups,
    codes: digits[0],
    scales: Float32Array.from(scales),
  }
}

function quantizeMxfp4(x: Float32Array, rows: number, cols: number): QuantizedRows {
  // The rule that uses E2M1's whole range: one pass is all there is.
  const { blocks, digits, scales } = decomposeMxfp4(x, { rows, cols, passes: 1, scaleRule: 'ocp' })
  return {
    format: 'mxfp4',
    rows,
    cols,
    groupSize: MX_BLOCK,
    groups: blocks,
    codes: Int8Array.from(digits[0], (code) => 2 * fp4e2m1.decode(code)),
    scales: Float32Array.from(scales[0], (code) => 2 ** (code - 128)),
  }
}
