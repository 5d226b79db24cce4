/** What is read off a row of logits: its maximum, its largest entries, and log-probabilities. */

type Values = Float32Array | Float64Array

/** A token and the logarithm (base e) of its probability. */
export interface TokenLogProbability {
  id: number
  logProbability: number
}

/**
 * The largest logit, at the lowest id that has it.
 * @throws Error if a logit is NaN or +∞, or none is finite: nothing sensible could be drawn from such a row
 */
export function maximumLogit(logits: Values): { id: number; logit: number } {
  let id = -1
  let logit = -Infinity
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i]!
    if (value <= logit) continue // nearly always, so one comparison is all it takes
    if (Number.isNaN(value))
      throw new Error(
        `The model produced NaN logits (first at token ${i}): the weights or the computation are broken`,
      )
    id = i
    logit = value
  }
  if (logit === Infinity)
    throw new Error(
      `The model produced an infinite logit (token ${id}): the weights or the computation are broken`,
    )
  if (id < 0)
    throw new Error(
      logits.length === 0 ? 'There are no logits to draw from' : 'All logits are −∞: no token is allowed',
    )
  return { id, logit }
}

/** log Σ exp(logit), in float64 and safe from overflow. Throws as `maximumLogit` does. */
export function logSumExp(logits: Values): number {
  const { logit: top } = maximumLogit(logits)
  let sum = 0
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - top)
  return top + Math.log(sum)
}

/**
 * The logarithm of the probability that the model itself gives token `id`: before temperature, penalty and
 * filters.
 * @throws RangeError if `id` is outside the logits; otherwise as `maximumLogit`
 */
export function logSoftmaxAt(logits: Float32Array, id: number): number {
  const logit = logits[id]
  if (logit === undefined) throw new RangeError(`Token id ${id} is outside the ${logits.length} logits`)
  return logit - logSumExp(logits)
}

/**
 * The `count` most probable tokens under the model itself, most probable first, ties by id.
 * Throws as `maximumLogit` does. O(vocabulary × log count).
 * @throws RangeError if `count` is no integer ≥ 0
 */
export function topLogProbabilities(logits: Float32Array, count: number): TokenLogProbability[] {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`The number of log-probabilities must be an integer ≥ 0, it is ${count}`)
  const normaliser = logSumExp(logits)
  const ids = new Uint32Array(Math.min(count, logits.length))
  selectLargest(logits, ids.length, ids)
  ids.sort((a, b) => (isBefore(logits, a, b) ? -1 : 1))
  return Array.from(ids, (id) => ({ id, logProbability: logits[id]! - normaliser }))
}

/**
 * Writes the ids of the `count` largest values to `ids` (in no order; ties by lower id) and returns how many
 * they are. One pass with a heap of the best so far, its worst at the root: most values are dismissed by one
 * comparison.
 */
export function selectLargest(values: Values, count: number, ids: Uint32Array): number {
  const size = Math.min(count, values.length)
  if (size === 0) return 0
  for (let id = 0; id < size; id++) ids[id] = id
  heapify(values, ids, size, isAfter)
  for (let id = size; id < values.length; id++) {
    // On equal values the id met first is the lower one and stays.
    if (!(values[id]! > values[ids[0]!]!)) continue
    ids[0] = id
    siftDown(values, ids, size, 0, isAfter)
  }
  return size
}

/**
 * Top-p (Holtzman et al., "The Curious Case of Neural Text Degeneration", 2019): of the first `count` of
 * `ids` keeps the fewest, largest value first, whose weights reach `fraction` of the sum. Rearranges `ids`;
 * returns how many are kept, at its start.
 * @param values decide the order, by id
 * @param weights by id, for those in `ids`: 1 for the largest value, less or equal for a smaller one
 */
export function selectNucleus(
  values: Values,
  weights: Float64Array,
  ids: Uint32Array,
  count: number,
  fraction: number,
): number {
  let total = 0
  for (let i = 0; i < count; i++) total += weights[ids[i]!]!
  const target = fraction * total

  // Nearly always the nucleus lies among the heavier tokens: look there first and spare the heap the rest.
  let front = 0
  let mass = 0
  for (let least = 1e-3; front < count && mass < target; least = least > 1e-12 ? least / 1e4 : 0) {
    for (let i = front; i < count; i++) {
      const id = ids[i]!
      if (weights[id]! < least) continue
      mass += weights[id]!
      ids[i] = ids[front]!
      ids[front++] = id
    }
  }

  heapify(values, ids, front, isBefore)
  let rest = front
  for (let sum = 0; rest > 0 && sum < target; ) {
    const id = ids[0]!
    sum += weights[id]!
    ids[0] = ids[--rest]!
    ids[rest] = id
    siftDown(values, ids, rest, 0, isBefore)
  }
  ids.copyWithin(0, rest, front)
  return front - rest
}

type Order = (values: Values, a: number, b: number) => boolean

/** The total order of tokens: larger value first, then lower id. */
const isBefore: Order = (values, a, b) => values[a]! > values[b]! || (values[a] === values[b] && a < b)
const isAfter: Order = (values, a, b) => isBefore(values, b, a)

function heapify(values: Values, heap: Uint32Array, size: number, order: Order): void {
  for (let at = (size >> 1) - 1; at >= 0; at--) siftDown(values, heap, size, at, order)
}

function siftDown(values: Values, heap: Uint32Array, size: number, start: number, order: Order): void {
  const id = heap[start]!
  let at = start
  for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && order(values, heap[child + 1]!, heap[child]!)) child++
    if (!order(values, heap[child]!, id)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = id
}
