import { type AttentionInput, type AttentionOptions, checkInput } from './problem.js'

/**
 * softmax(cap(scale · q · kᵀ)) · v in binary64: the oracle of everything else here.
 * @returns [rows, valueSize]
 * @throws RangeError for lengths that do not agree or options out of range
 */
export function exactAttention(input: AttentionInput, options: AttentionOptions = {}): Float64Array {
  const { q, k, v, rows, headSize, valueSize, scale, cap, visible } = checkInput(
    'exactAttention',
    input,
    options,
  )
  const out = new Float64Array(rows * valueSize)
  for (let row = 0; row < rows; row++) {
    const { first, end } = visible(row)
    const scores = new Float64Array(end - first)
    for (let key = first; key < end; key++) {
      let sum = 0
      for (let d = 0; d < headSize; d++) sum += q[row * headSize + d] * k[key * headSize + d]
      scores[key - first] = cap(scale * sum)
    }
    const maximum = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const weights = scores.map((score) => Math.exp(score - maximum))
    const total = weights.reduce((a, b) => a + b, 0)
    for (let key = first; key < end; key++) {
      const weight = weights[key - first] / total
      for (let d = 0; d < valueSize; d++) out[row * valueSize + d] += weight * v[key * valueSize + d]
    }
  }
  return out
}
