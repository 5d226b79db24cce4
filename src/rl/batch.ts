/**
 * Which tokens count: 1 or true does, 0 or false (prompt, padding) does not. What lies at a token that does
 * not count is never read, so padding may hold anything, NaN too.
 */
export type Mask = ArrayLike<number | boolean>

/**
 * Where the sequences of a flat batch lie: sequence s is the tokens sequences[s] … sequences[s + 1] − 1. One
 * number more than there are sequences; the first is 0, the last the number of tokens, none is smaller than
 * the one before it.
 */
export type SequenceOffsets = ArrayLike<number>

/**
 * How far above 0 a log-probability may lie, 2^−13 nats. A float32 log-softmax subtracts a log-sum from a
 * logit; where logits stay below 2^9 the two roundings and that of their difference are at most 4 half-units
 * of 2^9 · 2^−24. More than this is no probability.
 */
const ROUNDING = 2 ** -13

/**
 * The offsets of sequences that lie one after the other.
 *
 * @param lengths tokens of each sequence; 0 is an empty one
 * @throws RangeError if a length is not an integer ≥ 0
 */
export function sequenceOffsets(lengths: ArrayLike<number>): Float64Array {
  const offsets = new Float64Array(lengths.length + 1)
  for (let s = 0; s < lengths.length; s++) {
    const length = lengths[s]!
    if (!Number.isSafeInteger(length) || length < 0)
      throw new RangeError(`sequenceOffsets: lengths[${s}] is ${length}; it must be an integer ≥ 0`)
    offsets[s + 1] = offsets[s]! + length
  }
  return offsets
}

/** @throws RangeError unless the array `name` holds as many numbers as `other` does */
export function checkLength(
  where: string,
  name: string,
  values: ArrayLike<unknown>,
  other: string,
  length: number,
): void {
  if (values.length !== length)
    throw new RangeError(
      `${where}: ${name} holds ${values.length} numbers, but there are ${length} ${other}; they must agree`,
    )
}

/**
 * One byte a token, 1 where it counts; all of them without a mask.
 *
 * @throws RangeError if the mask has another length, holds anything but 0, 1, false and true, or leaves
 *   nothing
 */
export function readMask(where: string, mask: Mask | undefined, tokens: number): Uint8Array {
  if (tokens === 0) throw new RangeError(`${where}: there are no tokens`)
  const counts = new Uint8Array(tokens).fill(1)
  if (mask === undefined) return counts
  checkLength(where, 'mask', mask, 'tokens', tokens)
  for (let i = 0; i < tokens; i++) {
    const value = mask[i]
    // Written so that NaN, and the hole that a string leaves, fail too.
    if (!(value === 0 || value === 1 || value === false || value === true))
      throw new RangeError(`${where}: mask[${i}] is ${value}; it must be 0, 1, false or true`)
    counts[i] = Number(value)
  }
  if (!counts.includes(1)) throw new RangeError(`${where}: the mask leaves none of the ${tokens} tokens`)
  return counts
}

/**
 * @param impossible what a log-probability of −∞ is: 'allowed', or an error
 * @throws RangeError naming the array and the index of the first token that counts and has no log-probability
 */
export function checkLogProbabilities(
  where: string,
  name: string,
  values: ArrayLike<number>,
  counts: Uint8Array,
  impossible: 'allowed' | 'refused',
): void {
  checkLength(where, name, values, 'tokens', counts.length)
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue
    const value = values[i]!
    if (value === -Infinity && impossible === 'refused')
      throw new RangeError(
        `${where}: ${name}[${i}] is −∞, but a token that was sampled and counts has a probability above 0`,
      )
    if (!(value <= ROUNDING))
      throw new RangeError(
        `${where}: ${name}[${i}] is ${value}; a log-probability is a number that is at most 0`,
      )
  }
}

/** @throws RangeError unless these are the offsets of one sequence or more over `tokens` tokens */
export function checkSequences(where: string, sequences: SequenceOffsets, tokens: number): void {
  const count = sequences.length - 1
  if (count < 1)
    throw new RangeError(`${where}: sequences holds ${count + 1} offsets; one sequence takes two offsets`)
  if (sequences[0] !== 0) throw new RangeError(`${where}: sequences[0] is ${sequences[0]}; it must be 0`)
  for (let s = 1; s <= count; s++) {
    const offset = sequences[s]!
    if (!Number.isInteger(offset) || offset < sequences[s - 1]!)
      throw new RangeError(
        `${where}: sequences[${s}] is ${offset}; it must be an integer, at least ${sequences[s - 1]}`,
      )
  }
  if (sequences[count] !== tokens)
    throw new RangeError(
      `${where}: sequences[${count}] is ${sequences[count]}; the last offset must be ${tokens}, the tokens`,
    )
}

/**
 * e^d − 1 − d, which is w − 1 − log w of a weight w = e^d: never negative, and 0 for d = 0 only (Schulman,
 * "Approximating KL Divergence", 2020, the estimator k3). Relative error a few 2^−53 for every d; +∞ for d
 * above 709.7 and for d = −∞.
 */
export function k3(d: number): number {
  // expm1(d) and d cancel where d is small; from 0.5 on, at most two bits are lost.
  if (Math.abs(d) >= 0.5) return Math.expm1(d) - d
  // d²/2 · (1 + d/3 · (1 + d/4 · …)); the first term left out is below 0.5^15 · 2/17! < 2^−60 of the first.
  let series = 1
  for (let n = 16; n >= 3; n--) series = 1 + (d / n) * series
  return ((d * d) / 2) * series
}
