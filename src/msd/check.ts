/**
 * Largest magnitude that is decomposed, 2^1022: a factor of four below the largest binary64, so that no
 * intermediate of a decomposition or recomposition overflows. Float32 data never reaches it.
 */
export const MAX_MAGNITUDE = 2 ** 1022

/** @throws RangeError unless rows and cols are positive integers and x holds rows · cols numbers */
export function checkShape(where: string, x: ArrayLike<number>, rows: number, cols: number): void {
  checkCount(where, 'rows', rows)
  checkCount(where, 'cols', cols)
  if (x.length !== rows * cols) {
    throw new RangeError(`${where}: x holds ${x.length} numbers; ${rows} × ${cols} needs ${rows * cols}`)
  }
}

/** @throws RangeError unless the two have the same number of columns */
export function checkSameCols(
  where: string,
  digits: { readonly cols: number },
  matrix: { readonly cols: number },
): void {
  if (digits.cols !== matrix.cols) {
    throw new RangeError(
      `${where}: ${digits.cols} activations for ${matrix.cols} weights a row; they must agree`,
    )
  }
}

/** @throws RangeError unless `value` is a positive integer */
export function checkCount(where: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${where}: ${name} is ${value}; it must be a positive integer`)
  }
}

/** @throws RangeError unless `value` is one of `allowed` */
export function checkChoice<T>(where: string, name: string, value: T, allowed: readonly T[]): void {
  if (!allowed.includes(value)) {
    throw new RangeError(`${where}: ${name} is ${value}; it must be one of ${allowed.join(', ')}`)
  }
}

/** @throws RangeError unless `maximum`, from which a bound follows, is a finite magnitude */
export function checkMaximum(where: string, maximum: number): void {
  if (!(maximum >= 0 && maximum < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${where}: maximum is ${maximum}; it must be a finite magnitude, max |x|`)
  }
}

/**
 * max |x[i]| for start ≤ i < end.
 *
 * @param cols length of a row, to name the place of a bad number
 * @param limit largest magnitude allowed
 * @throws RangeError naming the row and column of the first number that is not finite or exceeds the limit
 */
export function maximumMagnitude(
  where: string,
  x: Float32Array | Float64Array,
  start: number,
  end: number,
  cols: number,
  limit = MAX_MAGNITUDE,
): number {
  let maximum = 0
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(x[i]!)
    // Written so that NaN fails too.
    if (!(magnitude <= limit)) {
      const problem = Number.isFinite(magnitude) ? `must not exceed 2^${Math.log2(limit)}` : 'must be finite'
      throw new RangeError(
        `${where}: x[${Math.floor(i / cols)}][${i % cols}] (row, column) is ${x[i]}; it ${problem}`,
      )
    }
    if (magnitude > maximum) maximum = magnitude
  }
  return maximum
}
