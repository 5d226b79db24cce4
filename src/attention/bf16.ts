import { bf16 } from '../dtype/index.js'
import { type AttentionInput, type AttentionOptions, checkInput } from './problem.js'

/**
 * What a dequantising pipeline computes: queries, keys, values and probabilities as bfloat16, products accumulated in
 * binary32. With keys and values from `dequantizeRows` it is attention over a quantised cache as it is done elsewhere.
 * @returns [rows, valueSize]
 * @throws RangeError for lengths that do not agree or options out of range
 */
export function bf16Attention(input: AttentionInput, options: AttentionOptions = {}): Float64Array {
  const checked = checkInput('bf16Attention', input, options)
  const { rows, headSize, valueSize, scale, cap, visible } = checked
  const [q, k, v] = [checked.q, checked.k, checked.v].map((x) =>
    Float64Array.from(x, (value) => bf16.round(value)),
  )
  const out = new Float64Array(rows * valueSize)
  for (let row = 0; row < rows; row++) {
    const { first, end } = visible(row)
    const scores = new Float64Array(end - first)
    for (let key = first; key < end; key++) {
      let sum = 0
      for (let d = 0; d < headSize; d++)
        sum = Math.fround(sum + q[row * headSize + d] * k[key * headSize + d])
      scores[key - first] = Math.fround(cap(scale * sum))
    }
    const maximum = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const weights = scores.map((score) => Math.fround(Math.exp(score - maximum)))
    const total = weights.reduce((a, b) => Math.fround(a + b), 0)
    for (let d = 0; d < valueSize; d++) {
      let sum = 0
      for (let key = first; key < end; key++)
        sum = Math.fround(sum + bf16.round(weights[key - first]) * v[key * valueSize + d])
      out[row * valueSize + d] = Math.fround(sum / total)
    }
  }
  return out
}
