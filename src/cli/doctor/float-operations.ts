import type { Backend, CacheType } from '../../backend/index.js'
import { fp16 } from '../../dtype/index.js'
import { type Check, roundings, tensorOf, UNIT } from './check.js'
import { activations } from './product-data.js'

const NORM = { rows: 3, cols: 300, epsilon: 1e-5 }

export async function normCheck(reference: Backend): Promise<Check> {
  const { rows, cols, epsilon } = NORM
  const x = activations(rows * cols, 80)
  const gain = activations(cols, 81)
  const run = async (backend: Backend) => {
    const out = backend.tensor(rows, cols)
    backend.rmsNorm(tensorOf(backend, rows, cols, x), tensorOf(backend, 1, cols, gain), epsilon, out)
    return backend.read(out)
  }
  const expected = await run(reference)
  // Under the root a square, at most `cols` additions, mean, epsilon: half of their error is left of it. Then root,
  // quotient, two products; and the reference's own rounding.
  const relative = roundings((cols + 3) / 2 + 5)
  const bounds = Float64Array.from(expected, (value) => relative * Math.abs(value))
  return { name: 'RMSNorm', expected, bounds, lowBit: false, run }
}

const ATTENTION = { heads: 4, kvHeads: 2, headSize: 32, context: 37, from: 30 }

/** The queries of the last seven positions of a context that ends within a block of keys. */
export async function attentionCheck(reference: Backend, type: CacheType): Promise<Check> {
  const { heads, kvHeads, headSize, context, from } = ATTENTION
  const keys = activations(context * kvHeads * headSize, 90)
  const values = activations(context * kvHeads * headSize, 91)
  const rows = context - from
  const queries = activations(rows * heads * headSize, 92)
  const scale = 1 / Math.sqrt(headSize)
  const run = async (backend: Backend) => {
    const cache = backend.cache({ type, layers: 1, kvHeads, headSize, capacity: context })
    try {
      const [k, v] = [keys, values].map((x) => tensorOf(backend, context, kvHeads * headSize, x))
      backend.append(backend.pass([{ cache, position: 0, tokens: context }]), 0, k, v)
      const q = tensorOf(backend, rows, heads * headSize, queries)
      const out = backend.tensor(rows, heads * headSize)
      const pass = backend.pass([{ cache, position: from, tokens: rows }])
      backend.attention(q, pass, out, { layer: 0, heads, scale })
      return await backend.read(out)
    } finally {
      backend.free(cache)
    }
  }
  const expected = await run(reference)
  const stored = type === 'f16' ? (x: number) => fp16.round(x) : (x: number) => x
  const bounds = attentionBounds(queries, keys.map(stored), values.map(stored), expected)
  return { name: `attention, ${type} cache`, expected, bounds, lowBit: false, run }
}

/**
 * How far float32 may be from the exact result. With A_t = scale · Σ|q · k_t| and u = 2^−24:
 *
 *   score      its d products and d sums, the scale and its own rounding: (d + 3) u A_t
 *   exponent   that, the maximum's too, the subtraction u · |s_t − max|, and e^x itself: 8 u
 *   sum        of T terms: T u, and the worst of the exponents
 *   p_t · v_t  quotient, product, T sums: (T + 2) u; what is below the smallest normal number may be 0
 */
function attentionBounds(
  queries: Float32Array,
  keys: Float32Array,
  values: Float32Array,
  expected: Float32Array,
): Float64Array {
  const { heads, kvHeads, headSize, from } = ATTENTION
  const scale = 1 / Math.sqrt(headSize)
  const width = kvHeads * headSize
  const bounds = new Float64Array(expected.length)
  for (let q = 0; q < queries.length; q += headSize) {
    const visible = from + Math.floor(q / (heads * headSize)) + 1
    const kv = Math.floor(((q / headSize) % heads) / (heads / kvHeads)) * headSize
    const scores: number[] = []
    const errors: number[] = []
    for (let t = 0; t < visible; t++) {
      let sum = 0
      let magnitude = 0
      for (let d = 0; d < headSize; d++) {
        const term = scale * queries[q + d] * keys[t * width + kv + d]
        sum += term
        magnitude += Math.abs(term)
      }
      scores.push(sum)
      errors.push((headSize + 3) * UNIT * magnitude)
    }
    const maximum = Math.max(...scores)
    const shares = scores.map((score) => Math.exp(score - maximum))
    const total = shares.reduce((a, b) => a + b)
    const worst = Math.max(...errors)
    const exponents = scores.map((score, t) => errors[t] + worst + (maximum - score + 8) * UNIT)
    const ofSum = Math.max(...exponents)
    for (let d = 0; d < headSize; d++) {
      for (let t = 0; t < visible; t++) {
        const relative = exponents[t] + ofSum + (2 * visible + 2) * UNIT
        const value = Math.abs(values[t * width + kv + d])
        bounds[q + d] += value * ((shares[t] / total) * Math.expm1(relative) + 2 ** -126)
      }
      bounds[q + d] += UNIT * Math.abs(expected[q + d])
    }
  }
  return bounds
}
