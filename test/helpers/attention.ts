import type { AttentionOptions, Backend, CacheShape, CacheType, KvCache } from '../../src/backend/index.js'
import { fp16 } from '../../src/dtype/index.js'
import { tensorOf } from './contract.js'
import { randomNormal } from './quants.js'

/** A sequence's keys and values and the queries that look at them, for one layer of a cache. */
export interface AttentionCase {
  readonly type: CacheType
  readonly headSize: number
  readonly kvHeads: number
  readonly heads: number
  readonly context: number
  readonly seed: number
  /** [context, kvHeads · headSize] */
  readonly keys: Float32Array
  readonly values: Float32Array
  /** [context, heads · headSize]: one query for each position. */
  readonly queries: Float32Array
  readonly scale: number
  readonly keyShift?: CacheShape['keyShift']
  /** Values [context, latent] are the keys' beginning. */
  readonly latent?: number
}

export function attentionCase(
  type: CacheType,
  headSize: number,
  kvHeads: number,
  ratio: number,
  context: number,
  seed: number,
): AttentionCase {
  const width = kvHeads * headSize
  return {
    type,
    headSize,
    kvHeads,
    heads: kvHeads * ratio,
    context,
    seed,
    keys: randomNormal(context * width, seed, 2),
    values: randomNormal(context * width, seed + 1).map((v, i) => (i % 61 === 5 ? 30 * v : v)),
    queries: randomNormal(context * ratio * width, seed + 2, 2),
    scale: 1 / Math.sqrt(headSize),
  }
}

/** Rows that are keys and, their beginning, values: one head of them, for `heads` queries. */
export function latentCase(
  type: CacheType,
  headSize: number,
  latent: number,
  heads: number,
  context: number,
  seed: number,
): AttentionCase {
  const plain = attentionCase(type, headSize, 1, heads, context, seed)
  const keys = plain.keys.map((x, i) => (i % 61 === 5 ? 8 * x : x))
  const values = keys.filter((_, i) => i % headSize < latent)
  return { ...plain, keys, values, latent }
}

export const LAYER = 1

/** A cache whose layer 1 holds the case, and whose other layers hold something else. */
export function filledCache(backend: Backend, c: AttentionCase, capacity = c.context + 3): KvCache {
  const { type, kvHeads, headSize, context, keyShift, latent } = c
  const width = kvHeads * headSize
  const shape: CacheShape = { type, layers: 3, kvHeads, headSize, capacity, keyShift, latent }
  const cache = backend.cache(shape)
  // A prompt in two uneven parts, then tokens one by one.
  const ends = [
    Math.floor(context / 3),
    Math.max(0, context - 2),
    ...(context > 1 ? [context - 1] : []),
    context,
  ]
  let begin = 0
  for (const end of ends) {
    if (end <= begin) continue
    const part = (all: Float32Array) =>
      tensorOf(backend, end - begin, width, all.subarray(begin * width, end * width))
    const pass = backend.pass([{ cache, position: begin, tokens: end - begin }])
    backend.append(pass, LAYER, part(c.keys), latent ? undefined : part(c.values))
    begin = end
  }
  // Last, so that layers which overlap are seen.
  for (const layer of [0, 2]) {
    const other = tensorOf(backend, context, width, randomNormal(context * width, c.seed + 9 + layer))
    const pass = backend.pass([{ cache, position: 0, tokens: context }])
    backend.append(pass, layer, other, latent ? undefined : other)
  }
  return cache
}

/** The attention of the case's queries begin … context − 1, in one call. */
export async function attend(
  backend: Backend,
  cache: KvCache,
  c: AttentionCase,
  begin: number,
  end = c.context,
  options: Pick<AttentionOptions, 'passes' | 'window' | 'softcap'> = {},
): Promise<Float32Array> {
  const width = c.heads * c.headSize
  const rows = end - begin
  const q = tensorOf(backend, rows, width, c.queries.subarray(begin * width, end * width))
  const outWidth = c.heads * (c.latent ?? c.headSize)
  const out = tensorOf(backend, rows, outWidth, new Float32Array(rows * outWidth).fill(Number.NaN))
  const pass = backend.pass([{ cache, position: begin, tokens: rows }])
  backend.attention(q, pass, out, { layer: LAYER, heads: c.heads, scale: c.scale, ...options })
  return backend.read(out)
}

/** Unit roundoff of float32. */
const U = 2 ** -24

/**
 * What cap · tanh(s / cap) = cap · (1 − 2 / (e^(2 s / cap) + 1)) adds to the error of a score, as a share of cap: e^x and
 * its argument, which matter by 1/2 · 5 u and 0.45 · 2 u at most, the sum, the quotient and the difference, each of 2 at
 * most, the product.
 */
const CAPPED = 12 * U

/**
 * How far a cache of codes may be from the oracle, which does the same with binary64 in place of float32. Integers are
 * the same; a score's error is that of some products of scales, and of e^x; a probability's digits differ by one where
 * that decides its rounding, which few do: the share of 2 δ, of which sixteen times as many are allowed.
 */
export function codeBound(c: AttentionCase, passes: 1 | 2, softcap = 0): number {
  const { queries, keys, values, headSize, scale, context } = c
  const most = (x: Float32Array) => x.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  const norm = (x: Float32Array) => {
    let largest = 0
    for (let at = 0; at < x.length; at += headSize) {
      let squares = 0
      for (let d = at; d < at + headSize; d++) squares += x[d] * x[d]
      largest = Math.max(largest, squares)
    }
    return Math.sqrt(largest)
  }
  const top = passes === 1 ? 127 : 32512
  // Codes may be larger than what they stand for by half a unit, or a quarter.
  const score = 1.25 * scale * norm(queries) * norm(keys)
  // Of shifted keys: codes of what may be twice as long, and q · shift, a sum of d / 16 products and a tree.
  const shifted = c.keyShift ? 6 + headSize / 16 + 6 : 0
  const relative = ((6 + shifted) * score + 16) * U + CAPPED * softcap
  const flips = Math.min(context, 2 + 32 * context * top * relative)
  // The total is 1/2 at least.
  return 1.25 * most(values) * (2 * relative + (2 * flips) / top)
}

/**
 * The result in float64, and how far float32 may be from it. With A_t = scale · Σ|q · k_t|:
 *
 *   score      its d products and d sums, the scale and its own rounding: (d + 3) u A_t
 *   exponent   that, the maximum's too, and the subtraction: u · |s_t − max|; e^x itself: 5 u (simd.h)
 *   sum        of T terms in 16 lanes and a tree: (T/16 + 5) u, and the worst of the exponents
 *   p_t        quotient and product: 2 u; below e^-87.3 it is 0: 2^-126
 *   out        T products and T sums: (T + 1) u, the result's own rounding u
 */
export function exactAttention(
  c: AttentionCase,
  begin: number,
  { window = c.context, softcap = 0 }: Pick<AttentionOptions, 'window' | 'softcap'> = {},
): { values: Float64Array; bounds: Float64Array } {
  const { headSize, kvHeads, heads, context, queries, scale } = c
  const round = c.type === 'f16' ? (x: number) => fp16.round(x) : (x: number) => x
  const [keys, cached] = [c.keys.map(round), c.values.map(round)]
  const width = heads * headSize
  const kvWidth = kvHeads * headSize
  const valueSize = c.latent ?? headSize
  const size = (context - begin) * heads * valueSize
  const values = new Float64Array(size)
  const bounds = new Float64Array(size)
  for (let row = begin; row < context; row++)
    for (let head = 0; head < heads; head++) {
      const q = row * width + head * headSize
      const kvHead = Math.floor(head / (heads / kvHeads))
      const kv = kvHead * headSize
      const scores: number[] = []
      const errors: number[] = []
      const from = Math.max(0, row + 1 - window)
      for (let t = from; t <= row; t++) {
        let sum = 0
        let magnitude = 0
        for (let d = 0; d < headSize; d++) {
          const term = queries[q + d] * keys[t * kvWidth + kv + d]
          sum += term
          magnitude += Math.abs(term)
        }
        scores.push(softcap > 0 ? softcap * Math.tanh((scale * sum) / softcap) : scale * sum)
        errors.push((headSize + 3) * U * scale * magnitude + CAPPED * softcap)
      }
      const maximum = Math.max(...scores)
      const worst = Math.max(...errors)
      const shares = scores.map((score) => Math.exp(score - maximum))
      const total = shares.reduce((sum, share) => sum + share, 0)
      const length = scores.length
      const exponents = scores.map((score, t) => errors[t] + worst + (maximum - score) * U + 5 * U)
      const ofSum = Math.max(...exponents.map((e, t) => (shares[t] / total > U / length ? e : 0)))
      for (let d = 0; d < valueSize; d++) {
        let sum = 0
        let bound = 0
        for (let t = 0; t < length; t++) {
          const value = cached[((from + t) * kvHeads + kvHead) * valueSize + d]
          const share = shares[t] / total
          sum += share * value
          const relative = exponents[t] + ofSum + (length / 16 + 5 + 2 + length + 1) * U
          bound += Math.abs(value) * (share * Math.expm1(relative) + 2 ** -126)
        }
        const at = ((row - begin) * heads + head) * valueSize + d
        values[at] = sum
        bounds[at] = bound + U * Math.abs(sum)
      }
    }
  return { values, bounds }
}
