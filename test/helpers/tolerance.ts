import { int8ErrorBound } from '../../src/msd/index.js'

/** What lengths of sums a Llama-like graph has. */
export interface GraphShape {
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly headSize: number
  readonly feedForward: number
}

/**
 * How far a logit at `position` may be from exact arithmetic when every operation rounds to float32.
 *
 * Along the longest path of a layer the sums have these lengths: RMSNorm, q/k/v: width each; scores: head size;
 * softmax and context: position + 1 each; output: heads · head size; RMSNorm, gate/up: width each; down: the inner
 * width. Then RMSNorm and head: width each. A sum of n terms rounds n times, so L roundings lie on the path, L the
 * total. To first order they add up to at most L · 2^−24 of the magnitude (relative amplification 1: the residual
 * stream adds what each layer rounds, and RMSNorm rescales it away). That worst case needs all L of one sign; being
 * independent they stay below λ · √L · 2^−24 except with probability 2 · exp(−λ²/2) each (Higham and Mary, "A New
 * Approach to Probabilistic Rounding Error Analysis", 2019, theorem 2.4). λ = 6: 3 · 10^−8.
 *
 * @param magnitude largest |logit| of the row
 */
export function floatTolerance(shape: GraphShape, position: number, magnitude: number): number {
  const { layers, width, heads, headSize, feedForward } = shape
  const layer = 4 * width + headSize + 2 * (position + 1) + heads * headSize + feedForward
  const roundings = layers * layer + 2 * width
  return 6 * Math.sqrt(roundings) * 2 ** -24 * magnitude
}

/**
 * What splitting activations into digits adds to it. The digits of an activation vector are off by at most
 * δ · (largest of the group) each, δ = int8ErrorBound(1), so the vector by δ · √(group) · (its own length), as the
 * largest is no more than the group's L2 norm. Each product in sequence passes that relative error on and adds its own:
 * `products` of them, with amplification 1, are off by products · δ · √(group).
 *
 * @param products quantised products in sequence from the embedding to the logits
 * @param group activations that share a scale
 */
export function digitTolerance(
  passes: 1 | 2 | 3,
  products: number,
  group: number,
  magnitude: number,
): number {
  return products * int8ErrorBound(1, { passes, arithmetic: 'float32' }) * Math.sqrt(group) * magnitude
}

export function largestMagnitude(values: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]))
  return largest
}

/** √mean((actual − expected)²) */
export function rootMeanSquare(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let squares = 0
  for (let i = 0; i < expected.length; i++) squares += (actual[i] - expected[i]) ** 2
  return Math.sqrt(squares / expected.length)
}

/** Largest |actual − expected|; NaN if one is. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i])
    if (!(difference <= largest)) largest = difference
  }
  return largest
}
