// The data that bench/baselines.mjs multiplies, the exact products and how far a result may be off.
import { fp16 } from '../../dist/dtype/index.js'
import { dequantize } from '../../dist/format/index.js'

export const COLS = 2048
export const ROWS = 8192
const GROUP = 32
const GROUP_BYTES = 18
const ROW_BYTES = (COLS / GROUP) * GROUP_BYTES

/** Q4_0: of each 32 columns a scale in fp16, here 2^-7 to 2^-6, and 16 bytes of codes. */
export const bytes = new Uint8Array(ROWS * ROW_BYTES)
for (let i = 0, state = 1; i < bytes.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  bytes[i] = i % GROUP_BYTES === 1 ? 0x20 | ((state >>> 24) & 3) : state >>> 24
}

/** Rows that are checked: from all over the matrix, in every place of a block. */
const CHECKED = Array.from({ length: 64 }, (_, i) => (i * ROWS) / 64 + (i % 16))

const FLOAT = 2 ** -24 // half a unit in the last place
const BFLOAT = 2 ** -8
const digits =
  (largest) =>
  ({ product, unit }) =>
    unit * (0.5 / largest + 3 * FLOAT) + (COLS / GROUP + 4) * FLOAT * (product + unit)
/**
 * How far a result may be off. Digits: half a unit of the last digit (docs/papers/msd.md), then in float32 a rounding
 * for each group that is added and four for its factors. float32: a rounding for each column and three for the rest.
 * bfloat16: likewise, after both factors were rounded.
 */
const BOUNDS = {
  digits2: digits(32512),
  digits1: digits(127),
  f32: ({ parts }) => (COLS + 3) * FLOAT * parts,
  bf16: ({ product }) => ((1 + BFLOAT) ** 2 * (1 + (COLS + 3) * FLOAT) - 1) * product,
}

/** Activations of `tokens` tokens, and what checks products with them. */
export function problem(tokens) {
  // Every 37th channel is 30 times as large as the others.
  const x = Float32Array.from(
    { length: tokens * COLS },
    (_, i) => Math.sin(i) * ((i % COLS) % 37 === 0 ? 30 : 1),
  )
  const exact = CHECKED.map((n) => {
    const row = bytes.subarray(n * ROW_BYTES, (n + 1) * ROW_BYTES)
    const w = dequantize('Q4_0', row, 1, COLS)
    return Array.from({ length: tokens }, (_, t) =>
      exactProduct(row, w, x.subarray(t * COLS, (t + 1) * COLS)),
    )
  })

  /** The relative L2 error of y, [token][row]; throws an Error if it is further off than rounding explains. */
  function check(kind, y, tokens) {
    let difference = 0
    let norm = 0
    for (const [i, n] of CHECKED.entries())
      for (let t = 0; t < tokens; t++) {
        const { value } = exact[i][t]
        const off = Math.abs(y[t * ROWS + n] - value)
        if (!(off <= BOUNDS[kind](exact[i][t])))
          throw new Error(`${kind}, row ${n} of token ${t}: ${y[t * ROWS + n]} instead of ${value}`)
        difference += off ** 2
        norm += value ** 2
      }
    return Math.sqrt(difference / norm)
  }
  return { x, check }
}

/** Σ w·x in float64, and what the bounds of its error depend on. */
function exactProduct(row, w, x) {
  let value = 0
  let product = 0 // Σ |w·x|
  let parts = 0 // Σ |scale · code · x| + |scale · 8 · x|, which float32 tiles add apart
  let unit = 0 // Σ |w| · the largest |x| of the group
  for (let g = 0; g < COLS; g += GROUP) {
    const at = (g / GROUP) * GROUP_BYTES
    const scale = fp16.decode(row[at] | (row[at + 1] << 8))
    let largest = 0
    let weights = 0
    for (let k = g; k < g + GROUP; k++) {
      value += w[k] * x[k]
      product += Math.abs(w[k] * x[k])
      parts += (w[k] + 16 * scale) * Math.abs(x[k])
      weights += Math.abs(w[k])
      largest = Math.max(largest, Math.abs(x[k]))
    }
    unit += weights * largest
  }
  return { value, product, parts, unit }
}
