import { Random } from '../../../engine/random.js'
import { dequantize, type QuantizableTypeName, quantizeMatrix } from '../../../format/index.js'
import { normal, uniform } from '../attention/data.js'
import type { Activations } from './schemes.js'

/** Random activations and weights; the same seed gives the same numbers. */

export const DISTRIBUTIONS = ['normal', 'uniform', 'laplace', 'student-t', 'outliers'] as const
export type Distribution = (typeof DISTRIBUTIONS)[number]

/** Where the massive channels of `outliers` are, as shares of a row, and what they hold. */
const OUTLIERS = [
  { at: 0.17, value: 2000 },
  { at: 0.71, value: -900 },
]

/**
 * Numbers of mean 0: `normal` of deviation 1; `uniform` in ±1; `laplace` of density e^−|x| / 2; `student-t` with 4 degrees of
 * freedom; `outliers` normal, with two massive channels, 2000 and −900 in every row. Takes the seed and the one after it.
 */
export function randomActivations(
  distribution: Distribution,
  { rows, cols }: { readonly rows: number; readonly cols: number },
  seed: number,
): Activations {
  const length = rows * cols
  switch (distribution) {
    case 'normal':
      return { x: normal(length, seed), rows, cols }
    case 'uniform':
      return { x: uniform(length, seed), rows, cols }
    case 'laplace':
      return { x: laplace(length, seed), rows, cols }
    case 'student-t':
      return { x: studentT(length, seed), rows, cols }
    case 'outliers':
      return { x: withOutliers(normal(length, seed), cols), rows, cols }
  }
}

function laplace(length: number, seed: number): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length }, () => {
    const magnitude = -Math.log(1 - random.nextDouble())
    return random.nextDouble() < 0.5 ? magnitude : -magnitude
  })
}

/** A normal number over √(χ²/4); χ² of 4 degrees of freedom is −2·ln(u·v) of two uniform numbers. */
function studentT(length: number, seed: number): Float32Array {
  const random = new Random(seed)
  return normal(length, seed + 1).map((value) => {
    const chiSquare = -2 * Math.log((1 - random.nextDouble()) * (1 - random.nextDouble()))
    return value / Math.sqrt(chiSquare / 4)
  })
}

function withOutliers(x: Float32Array, cols: number): Float32Array {
  for (let row = 0; row < x.length; row += cols)
    for (const { at, value } of OUTLIERS) x[row + Math.floor(at * cols)] = value
  return x
}

/** Normal weights of deviation 1/√cols, quantised: what they stand for, [rows · cols]. @throws as quantizeMatrix */
export function randomWeights(
  type: QuantizableTypeName,
  { rows, cols }: { readonly rows: number; readonly cols: number },
  seed: number,
): Float64Array {
  const values = normal(rows * cols, seed).map((value) => value / Math.sqrt(cols))
  return dequantize(type, quantizeMatrix(values, rows, cols, type), rows, cols)
}
