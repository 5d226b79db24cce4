import { type AttentionInput, exactAttention, pasaAttention } from '../../../attention/index.js'
import { hybrid, uniform } from './data.js'
import { type ErrorReport, ErrorSums } from './errors.js'
import type { OnPart } from './section.js'

/** The PASA paper's benchmark (Cheng et al., arXiv 2503.01873): numbers whose scores do, and do not, fit into binary16. */

export const MEANS = [0, 10, 20, 30]
export const AMPLITUDES = [0.5, 5, 10, 20]
export const DISTRIBUTIONS = { uniform, hybrid } as const
export type Distribution = keyof typeof DISTRIBUTIONS

interface HalfReport {
  readonly overflows: boolean
  /** Null if it overflows. */
  readonly error: ErrorReport | null
}

export interface PasaReport {
  readonly distribution: Distribution
  readonly mean: number
  readonly amplitude: number
  /** Largest |q · k|, what a matrix unit would have to write; binary16 ends at 65504. */
  readonly largestScore: number
  readonly naive: HalfReport
  readonly pasa: HalfReport
}

/** Heads of 128, as in the paper; 1280 keys, and as many queries as tell. */
const SHAPE = { rows: 32, keys: 1280, headSize: 128 }

/** Every mean with every amplitude, of both distributions. */
export async function comparePasa(seed: number, onPart: OnPart): Promise<PasaReport[]> {
  const cells = Object.keys(DISTRIBUTIONS).flatMap((distribution) =>
    MEANS.flatMap((mean) =>
      AMPLITUDES.map((amplitude) => ({ distribution: distribution as Distribution, mean, amplitude })),
    ),
  )
  const reports: PasaReport[] = []
  for (const cell of cells) {
    await onPart(reports.length, cells.length)
    const input = randomInput(cell, SHAPE, seed)
    const exact = exactAttention(input)
    const report = (beta?: number) => halfReport(pasaAttention(input, { beta }), exact)
    reports.push({ ...cell, largestScore: largestScore(input), naive: report(0), pasa: report() })
  }
  return reports
}

/** Queries, keys and values of a cell of the table. */
export function randomInput(
  cell: { readonly distribution: Distribution; readonly mean: number; readonly amplitude: number },
  shape: { readonly rows: number; readonly keys: number; readonly headSize: number },
  seed: number,
): AttentionInput {
  const { rows, keys, headSize } = shape
  const fill = (count: number, which: number) =>
    DISTRIBUTIONS[cell.distribution](count * headSize, 3 * seed + which, cell.mean, cell.amplitude)
  return { q: fill(rows, 0), k: fill(keys, 1), v: fill(keys, 2), ...shape }
}

/** The largest |q · k|, before the scale 1/√d. */
export function largestScore({ q, k, rows, keys, headSize }: AttentionInput): number {
  let most = 0
  for (let row = 0; row < rows; row++)
    for (let key = 0; key < keys; key++) {
      let sum = 0
      for (let d = 0; d < headSize; d++) sum += q[row * headSize + d] * k[key * headSize + d]
      most = Math.max(most, Math.abs(sum))
    }
  return most
}

function halfReport(out: Float64Array, exact: Float64Array): HalfReport {
  const errors = new ErrorSums()
  errors.add(out, exact, SHAPE.headSize)
  const error = errors.report()
  return { overflows: error === null, error }
}
