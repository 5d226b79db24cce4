import { exactW1, sinkhorn1d } from '../../../transport/index.js'
import type { GridFormat } from './formats.js'
import { codeMeans, quantiles } from './monotone.js'
import type { EntropicReport, SchemeReport, WorstCode } from './report.js'
import type { GridSample } from './sample.js'

/** On larger grids Sinkhorn's iteration takes longer than all else together, and lists of codes are of no use. */
export const LARGEST_LIST = 1024

/**
 * How far a format's codes are from the numbers that they stand for, as distributions over its grid.
 *
 * @param epsilon ε of the entropic plan, in mean steps
 * @throws RangeError if no number has a place on the grid
 */
export async function measureDrift(
  { name, bits, grid }: Pick<GridFormat, 'name' | 'bits' | 'grid'>,
  sample: GridSample,
  { epsilon, signal }: { readonly epsilon: number; readonly signal?: AbortSignal },
): Promise<SchemeReport> {
  const { numbers, leftOut, codes } = sample
  if (numbers === 0) {
    throw new RangeError(`${name}: all ${leftOut} numbers are too small for a scale; nothing can be measured`)
  }
  const bins = sample.bins()
  const measures = sample.measures(bins)
  const step = sample.steps / numbers
  const w1 = exactW1(measures) / numbers
  const means = codeMeans(bins, codes)
  const isListed = grid.length <= LARGEST_LIST
  const values = Array.from(grid)
  const shares = Array.from(codes, (count) => count / numbers)
  return {
    ...{ scheme: name, bits, values: grid.length, numbers, leftOut, step },
    w1: w1 / step,
    relative: w1 === 0 ? 0 : w1 / (sample.originalMagnitude / numbers),
    unscaled: sample.unscaled === 0 ? 0 : sample.unscaled / sample.unscaledMagnitude,
    rounding: sample.rounding / numbers / step,
    entropic: isListed ? await entropic() : null,
    magnitude: sample.magnitude === 0 ? 0 : sample.storedMagnitude / sample.magnitude - 1,
    worst: worstCode(values, shares, means),
    saturated: sample.saturated / numbers,
    used: shares.filter((share) => share > 0).length / grid.length,
    entropy: shares.reduce((sum, share) => (share > 0 ? sum - share * Math.log2(share) : sum), 0),
    quantiles: quantiles(bins),
    ...(isListed && { codes: { values, shares, means } }),
  }

  async function entropic(): Promise<EntropicReport> {
    const options = { epsilon: epsilon * step, signal }
    const { cost, iterations, marginalError, converged } = await sinkhorn1d(measures, options)
    return { value: cost / numbers / step, iterations, marginalError, converged }
  }
}

/** The code that adds most to Σ share · |mean − value|. */
function worstCode(
  values: readonly number[],
  shares: readonly number[],
  means: readonly (number | null)[],
): WorstCode {
  const weight = (j: number) => shares[j] * Math.abs((means[j] ?? values[j]) - values[j])
  const worst = values.reduce((most, _, j) => (weight(j) > weight(most) ? j : most), 0)
  return { value: values[worst], mean: means[worst] ?? values[worst], share: shares[worst] }
}
