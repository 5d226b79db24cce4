import type { AttentionInput } from '../../src/attention/index.js'

export { hybrid, uniform } from '../../src/cli/analyze/attention/data.js'

/** Relative difference in L2. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [error, norm] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    error += (a[i] - b[i]) ** 2
    norm += b[i] ** 2
  }
  return Math.sqrt(error / norm)
}

/** The largest difference. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0
  for (let i = 0; i < b.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]))
  return most
}

/**
 * What rounding to binary32 can do to an attention's output, as a share of the largest value: a score's sum over d
 * products and some roundings more, each score's error counting twice (in the sum and in the total), then sums over keys.
 */
export function float32Tolerance(
  { q, k, rows, keys, headSize }: AttentionInput,
  scale = 1 / Math.sqrt(headSize),
): number {
  let magnitude = 0
  for (let row = 0; row < rows; row++)
    for (let key = 0; key < keys; key++) {
      let sum = 0
      for (let d = 0; d < headSize; d++) sum += Math.abs(q[row * headSize + d] * k[key * headSize + d])
      magnitude = Math.max(magnitude, scale * sum)
    }
  return (2 * (headSize + 4) * magnitude + keys + 8) * 2 ** -24
}
