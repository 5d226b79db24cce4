import { roundHalfEven } from '../dtype/index.js'
import { decomposeInt8, type Int8Digits, int8Top } from '../msd/index.js'
import { type AttentionOptions, checkScale, softcap, visibility } from './problem.js'
import type { QuantizedRows } from './quantized-rows.js'

/** Keys that share a reference exponent and a scale of their probabilities; also the page of a cache. */
export const ATTENTION_BLOCK = 64

export interface MsdAttentionInput {
  /** Row-major [rows · headSize]; headSize = keys.cols. */
  readonly q: Float32Array
  readonly rows: number
  readonly keys: QuantizedRows
  /** As many rows as the keys. */
  readonly values: QuantizedRows
  /**
   * Row-major [⌈keys / 64⌉ · headSize]: what was taken from the keys of each block before they were quantised (PASA's
   * shift). Its part of the scores, q · shift, is added to them.
   */
  readonly shifts?: Float32Array
}

export interface MsdAttentionOptions extends AttentionOptions {
  /** Digits of queries and of probabilities: 1 (8 bits) or 2 (16 bits, default). */
  readonly passes?: 1 | 2
}

/**
 * Attention over quantised keys and values, of which none is converted back: queries, and probabilities times the
 * values' scales, are split into signed 8-bit digits, and the digits are multiplied by the codes in exact integers (Zheng et al., arXiv 2605.13915; msd.md §4).
 *
 *   t_j   = log2(e) · cap(scale · (Σ_g s_q[g] · s_k[j][g] · (digits · codes)_g + q · shift))
 *   n_b   = ⌈max t_j⌉ of the block,   p_j = 2^(t_j − n_b) ∈ (0, 1]
 *   u_j   = rn(p_j · s_v[j][g] / S · top),   S = max p_j · s_v[j][g] of the block,   top = 32512 (or 127)
 *   O    += 2^(n_b − n) · S / top · Σ_j u_j · codes_j,   l += 2^(n_b − n) · Σ_j p_j
 *
 * with a running reference n: whole-numbered, so that rescaling is an addition to exponents (AMLA). Here everything
 * that is not an integer is binary64.
 * @returns [rows, values.cols]
 * @throws RangeError for shapes that do not agree, options out of range and queries that are not finite
 */
export function msdAttention(input: MsdAttentionInput, options: MsdAttentionOptions = {}): Float64Array {
  const where = 'msdAttention'
  const { q, rows, keys, values, shifts } = input
  const { passes = 2 } = options
  const headSize = keys.cols
  if (values.rows !== keys.rows)
    throw new RangeError(`${where}: ${keys.rows} keys, but ${values.rows} values`)
  if (shifts && shifts.length !== Math.ceil(keys.rows / ATTENTION_BLOCK) * headSize)
    throw new RangeError(`${where}: shifts needs ${headSize} elements for every ${ATTENTION_BLOCK} keys`)
  const scale = checkScale(where, options.scale ?? 1 / Math.sqrt(headSize))
  const cap = softcap(where, options.softcap)
  const visible = visibility(where, rows, keys.rows, options)
  const granularity = keys.groups === 1 ? 'row' : keys.groupSize
  const digits = decomposeInt8(q, { rows, cols: headSize, passes, granularity, arithmetic: 'float32' })

  const out = new Float64Array(rows * values.cols)
  for (let row = 0; row < rows; row++) {
    const { first, end } = visible(row)
    const sums = out.subarray(row * values.cols, (row + 1) * values.cols)
    let total = 0
    let reference = Number.NEGATIVE_INFINITY
    for (let block = Math.floor(first / ATTENTION_BLOCK); block * ATTENTION_BLOCK < end; block++) {
      const from = Math.max(first, block * ATTENTION_BLOCK)
      const to = Math.min(end, (block + 1) * ATTENTION_BLOCK)
      const common = shifts ? dot(q, row, shifts, block, headSize) : 0
      const exponents = Float64Array.from(
        { length: to - from },
        (_, i) => Math.LOG2E * cap(scale * (score(digits, row, keys, from + i) + common)),
      )
      const own = Math.ceil(exponents.reduce((a, b) => Math.max(a, b)))
      const probabilities = exponents.map((t) => 2 ** (t - own))
      const next = Math.max(reference, own)
      const fall = 2 ** (reference - next)
      for (let d = 0; d < sums.length; d++) sums[d] *= fall
      total = total * fall + 2 ** (own - next) * probabilities.reduce((a, b) => a + b)
      for (let group = 0; group < values.groups; group++)
        addValues(sums, probabilities, 2 ** (own - next), values, from, group, passes)
      reference = next
    }
    for (let d = 0; d < sums.length; d++) sums[d] /= total
  }
  return out
}

function dot(q: Float32Array, row: number, shifts: Float32Array, block: number, headSize: number): number {
  let sum = 0
  for (let d = 0; d < headSize; d++) sum += q[row * headSize + d] * shifts[block * headSize + d]
  return sum
}

/** Σ_g s_q · s_k · (digits · codes): a query row against a key. */
function score({ digits, scales, radix }: Int8Digits, row: number, keys: QuantizedRows, key: number): number {
  const { cols, groups, groupSize, codes } = keys
  let sum = 0
  for (let group = 0; group < groups; group++) {
    let integer = 0
    for (let d = group * groupSize; d < Math.min(cols, (group + 1) * groupSize); d++) {
      const digit = digits.reduce((value, pass) => value * radix + pass[row * cols + d], 0)
      integer += digit * codes[key * cols + d]
    }
    sum += scales[row * groups + group] * keys.scales[key * groups + group] * integer
  }
  return sum
}

/** Adds the values of one group of columns, times their probabilities and `factor`. */
function addValues(
  sums: Float64Array,
  probabilities: Float64Array,
  factor: number,
  { cols, groups, groupSize, codes, scales }: QuantizedRows,
  from: number,
  group: number,
  passes: 1 | 2,
): void {
  const scaleOf = (i: number) => scales[(from + i) * groups + group]
  const weights = probabilities.map((p, i) => p * scaleOf(i))
  const largest = weights.reduce((a, b) => Math.max(a, b), 0)
  if (largest === 0) return
  const top = int8Top(passes, 256)
  const digits = weights.map((weight) => roundHalfEven((weight / largest) * top))
  for (let d = group * groupSize; d < Math.min(cols, (group + 1) * groupSize); d++) {
    let integer = 0
    for (let i = 0; i < digits.length; i++) integer += digits[i] * codes[(from + i) * cols + d]
    sums[d] += ((factor * largest) / top) * integer
  }
}
