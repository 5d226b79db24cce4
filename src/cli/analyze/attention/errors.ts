/** How far results are from what they should be; rows are those of single heads. */
export interface ErrorReport {
  /** √(Σ error² / Σ wanted²), over everything. */
  readonly relative: number
  /** √(mean error²) */
  readonly rmse: number
  /** The same as `relative` of a single row: of the row in the middle, and of the worst. */
  readonly medianRow: number
  readonly worstRow: number
}

/** Errors of any number of heads. */
export class ErrorSums {
  #error = 0
  #norm = 0
  #count = 0
  readonly #rows: number[] = []

  /** @param cols of a row */
  add(out: ArrayLike<number>, want: ArrayLike<number>, cols: number): void {
    for (let begin = 0; begin < want.length; begin += cols) {
      let [error, norm] = [0, 0]
      for (let i = begin; i < begin + cols; i++) {
        error += (out[i] - want[i]) ** 2
        norm += want[i] ** 2
      }
      this.#error += error
      this.#norm += norm
      this.#rows.push(error === 0 ? 0 : Math.sqrt(error / norm))
    }
    this.#count += want.length
  }

  /** Null if a result was not finite: something overflowed. */
  report(): ErrorReport | null {
    if (!Number.isFinite(this.#error)) return null
    const rows = this.#rows.toSorted((a, b) => a - b)
    return {
      relative: Math.sqrt(this.#error / this.#norm),
      rmse: Math.sqrt(this.#error / this.#count),
      medianRow: rows[rows.length >> 1],
      worstRow: rows[rows.length - 1],
    }
  }
}
