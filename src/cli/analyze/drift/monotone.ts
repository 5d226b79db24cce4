import type { Bin } from './sample.js'

/**
 * The mean of the numbers that the monotone plan, an optimal one, sends to each code: the smallest numbers to the smallest code, and so on.
 * It is what barycentric projections of entropic plans tend to where numbers have their nearest codes.
 *
 * @param bins ascending @param codes how many numbers each code has; as many as in the bins
 * @returns null for a code without numbers
 */
export function codeMeans(bins: readonly Bin[], codes: ArrayLike<number>): (number | null)[] {
  let [at, left] = [0, bins[0]?.count ?? 0]
  return Array.from(codes, (count) => {
    if (count === 0) return null
    let sum = 0
    for (let wanted = count; wanted > 0; ) {
      const taken = Math.min(wanted, left)
      sum += taken * bins[at].mean
      wanted -= taken
      left -= taken
      if (left === 0) left = bins[++at]?.count ?? 0
    }
    return sum / count
  })
}

const QUANTILES = 128

/** The numbers below which 0/128, 1/128, … 128/128 of all are, as far as bins tell. @param bins ascending, at least one */
export function quantiles(bins: readonly Bin[]): number[] {
  const numbers = bins.reduce((sum, { count }) => sum + count, 0)
  let [at, below] = [0, 0]
  return Array.from({ length: QUANTILES + 1 }, (_, k) => {
    while (at < bins.length - 1 && (below + bins[at].count) * QUANTILES < k * numbers)
      below += bins[at++].count
    return bins[at].mean
  })
}
