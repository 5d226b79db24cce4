/**
 * The one view that every quantised weight format is multiplied through (msd.md §3):
 *
 *   w[n][k] = scales[n][g] · codes[n][k] − minimums[n][g],   g = ⌊k / group⌋
 *
 * Q4_0, Q5_0, Q8_0, Q3_K and Q6_K have no minimums (their code offset is already subtracted); Q4_1 and Q5_1 store an
 * added minimum, which is negated here; Q2_K to Q6_K and IQ4_XS multiply their sub-scales out. The group is 32
 * for all of them but Q2_K, Q3_K, Q6_K and NVFP4, where it is 16. The codes of IQ4_NL, IQ4_XS, MXFP4 and NVFP4 come
 * from tables of 16; those of the last two are 2 · value, and their scales are halved.
 */
export interface CodeMatrix {
  /** Output features, N. */
  readonly rows: number
  /** Input features, K. */
  readonly cols: number
  /** Weights per scale along a row; a row's last group may be shorter. */
  readonly group: number
  /** Signed codes, row-major [rows · cols]. */
  readonly codes: Int8Array
  /** Row-major [rows · ⌈cols / group⌉], in weight units per code unit. */
  readonly scales: Float32Array | Float64Array
  /** As scales, in weight units; subtracted. */
  readonly minimums?: Float32Array | Float64Array
}

/**
 * Checks that the arrays have the lengths that rows, cols and group ask for and that scales are numbers.
 *
 * @param name what errors call the matrix
 * @throws RangeError naming what is wrong
 */
export function checkCodeMatrix(matrix: CodeMatrix, name = 'weight matrix'): void {
  const { rows, cols, group, codes, scales, minimums } = matrix
  for (const [key, count] of Object.entries({ rows, cols, group })) {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`${name}: ${key} is ${count}; it must be a positive integer`)
    }
  }
  if (codes.length !== rows * cols) {
    throw new RangeError(`${name}: ${codes.length} codes for ${rows} × ${cols}; there must be ${rows * cols}`)
  }
  const groups = Math.ceil(cols / group)
  for (const [key, values] of Object.entries({ scales, minimums })) {
    if (values === undefined) continue
    if (values.length !== rows * groups) {
      throw new RangeError(
        `${name}: ${values.length} ${key} for ${rows} rows of ${groups} groups; there must be ${rows * groups}`,
      )
    }
    const bad = values.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) {
      throw new RangeError(
        `${name}: ${key} of row ${Math.floor(bad / groups)}, group ${bad % groups} is ${values[bad]}; ` +
          'it must be finite',
      )
    }
  }
}
