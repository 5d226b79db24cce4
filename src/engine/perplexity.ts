/** One window of a strided evaluation: tokens begin … end − 1 are read, tokens from … end − 1 are scored. */
export interface Window {
  readonly begin: number
  readonly end: number
  readonly from: number
}

/**
 * Windows that score each token but the first once, with as much left context as fits: the window moves by `stride`
 * and scores what the one before did not reach (the usual sliding-window perplexity).
 * @throws RangeError unless 1 ≤ stride ≤ window − 1 and there are two tokens or more
 */
export function stridedWindows(tokens: number, window: number, stride: number): Window[] {
  if (!(Number.isInteger(window) && window >= 2))
    throw new RangeError(`the window must be 2 tokens or more, not ${window}`)
  if (!(Number.isInteger(stride) && stride >= 1 && stride < window)) {
    throw new RangeError(
      `the stride must be 1 to ${window - 1} tokens for a window of ${window}, not ${stride}`,
    )
  }
  if (tokens < 2) throw new RangeError(`perplexity needs 2 tokens or more; the text has ${tokens}`)
  const windows: Window[] = []
  for (let begin = 0, scored = 1; ; begin += stride) {
    const end = Math.min(begin + window, tokens)
    windows.push({ begin, end, from: scored })
    if (end === tokens) return windows
    scored = end
  }
}

/** exp(−mean log-probability) as it grows; sums in float64. */
export class Perplexity {
  #sum = 0
  #count = 0

  add(logProbabilities: Float64Array): void {
    for (const value of logProbabilities) this.#sum += value
    this.#count += logProbabilities.length
  }

  /** Tokens scored. */
  get count(): number {
    return this.#count
  }

  /** Nats per token. */
  get crossEntropy(): number {
    return -this.#sum / this.#count
  }

  get value(): number {
    return Math.exp(this.crossEntropy)
  }
}
