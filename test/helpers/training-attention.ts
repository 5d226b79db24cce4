import type { Documents, Heads } from '../../src/backend/index.js'
import { roundings, UNIT } from './contract.js'
import { laneSum, productSum } from './training.js'

/** Queries that share a product: of so many rows a key's gradient is summed in one run (kernels/train/attention.cc). */
const QUERY_BLOCK = 48

/** For what second order adds: products of errors that are each below 2^-9. */
const SECOND = 1 + 2 ** -8

type Names = 'q' | 'k' | 'v' | 'dout'

/** How far float32 may be from the exact results, by element. */
export interface AttentionBounds {
  readonly out: Float64Array
  readonly dq: Float64Array
  readonly dk: Float64Array
  readonly dv: Float64Array
}

/**
 * With u = 2^-24, d the head size, T the keys that a query sees, s the scores before their scale c, p = softmax(c · s):
 *
 *   s_t      d fused multiply-adds: d u Σ|q · k|
 *   exponent that of its score and of the largest one, times c; the difference, c, and their product: 3 u c |s_t − max|;
 *            e^x itself: 5 u (simd.h)
 *   p_t      the sum in lanes, and the worst of the exponents; quotient and product: 2 u; below e^-87.3 it is 0
 *   out      a product's sum over T, and its rounding
 *   dp_t     d u Σ|dout · v|
 *   mean     of the dp: p's and dp's errors, a product each, a sum in lanes
 *   ds_t     c p (dp − mean): three operations and c
 *   dq       a product's sum over T, with the errors of ds
 *   dk, dv   sums over a block of 48 queries, added up over blocks and the heads of the group
 */
export function attentionBounds(
  { starts }: Pick<Documents, 'starts'>,
  { heads, kvHeads, headSize }: Heads,
  tensors: Readonly<Record<Names, Float32Array>>,
): AttentionBounds {
  const { q, k, v, dout } = tensors
  const scale = 1 / Math.sqrt(headSize)
  const group = heads / kvHeads
  const result = {
    out: new Float64Array(q.length),
    dq: new Float64Array(q.length),
    dk: new Float64Array(k.length),
    dv: new Float64Array(v.length),
  }
  for (let document = 0; document + 1 < starts.length; document++) {
    const [begin, end] = [starts[document], starts[document + 1]]
    const ofKeys = roundings(QUERY_BLOCK + group * Math.ceil((end - begin) / QUERY_BLOCK))
    for (let row = begin; row < end; row++) {
      for (let head = 0; head < heads; head++) {
        const at = (row * heads + head) * headSize
        const keys = Array.from({ length: row - begin + 1 }, (_, t) => {
          return ((begin + t) * kvHeads + Math.floor(head / group)) * headSize
        })
        const terms = weigh(keys, at, headSize, tensors)
        const sum = roundings(productSum(keys.length) + 1)
        keys.forEach((key, t) => {
          const { p, errorOfP, ds, errorOfDs } = terms[t]
          for (let i = 0; i < headSize; i++) {
            result.out[at + i] += SECOND * (errorOfP + sum * p) * Math.abs(v[key + i])
            result.dq[at + i] += SECOND * (errorOfDs + sum * Math.abs(ds)) * Math.abs(k[key + i])
            result.dk[key + i] += SECOND * (errorOfDs + ofKeys * Math.abs(ds)) * Math.abs(q[at + i])
            result.dv[key + i] += SECOND * (errorOfP + ofKeys * p) * Math.abs(dout[at + i])
          }
        })
      }
    }
  }
  return result

  function weigh(keys: readonly number[], at: number, size: number, x: typeof tensors) {
    const scores = keys.map((key) => product(x.q, at, x.k, key, size))
    const most = Math.max(...scores.map(({ sum }) => sum))
    const worst = Math.max(...scores.map(({ error }) => error))
    const shares = scores.map(({ sum }) => Math.exp(scale * (sum - most)))
    const total = shares.reduce((a, b) => a + b, 0)
    const exponents = scores.map(
      ({ sum, error }) => scale * (error + worst) + 3 * UNIT * scale * (most - sum) + 5 * UNIT,
    )
    const ofTotal =
      exponents.reduce((a, e, t) => a + (e * shares[t]) / total, 0) + laneSum(keys.length) * UNIT
    const weights = shares.map((share, t) => {
      const p = share / total
      return { p, errorOfP: p * (exponents[t] + ofTotal + 2 * UNIT) + 2 ** -126 }
    })
    const dps = keys.map((key) => product(x.dout, at, x.v, key, size))
    let mean = 0
    let errorOfMean = 0
    weights.forEach(({ p, errorOfP }, t) => {
      const { sum, error } = dps[t]
      mean += p * sum
      errorOfMean +=
        errorOfP * Math.abs(sum) + p * error + (laneSum(keys.length) + 1) * UNIT * p * Math.abs(sum)
    })
    return weights.map(({ p, errorOfP }, t) => {
      const difference = dps[t].sum - mean
      const errorOfDs =
        errorOfP * Math.abs(difference) +
        p * (dps[t].error + errorOfMean) +
        4 * UNIT * p * Math.abs(difference)
      return { p, errorOfP, ds: scale * p * difference, errorOfDs: scale * errorOfDs }
    })
  }
}

function product(x: Float32Array, at: number, y: Float32Array, from: number, size: number) {
  let sum = 0
  let magnitude = 0
  for (let i = 0; i < size; i++) {
    sum += x[at + i] * y[from + i]
    magnitude += Math.abs(x[at + i] * y[from + i])
  }
  return { sum, error: roundings(productSum(size)) * magnitude }
}
