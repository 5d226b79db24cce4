import { exponentOf, type Minifloat, powerOfTwo } from '../dtype/index.js'

/**
 * max |t − format.round(t, 'saturating')| over |t| ≤ limit: what a format's rounding can do to a number that is known to be
 * no larger.
 *
 * Between 2^e and 2^(e+1) values stand 2^e · ε apart, below the smallest normal as in its binade. Rounding to nearest is worst
 * at midpoints, by half of that; the largest midpoint below the limit lies in the limit's binade, or the limit is so near to
 * 2^e that only itself and the midpoints of the binade below count. Beyond `max` the error is the distance from it.
 */
export function worstRoundingError(format: Minifloat, limit: number): number {
  const { max, minNormal, epsilon } = format
  if (limit > max) return Math.max(differenceUp(limit, max), worstRoundingError(format, max))
  const smallest = exponentOf(minNormal)
  const exponent = Math.max(exponentOf(limit), smallest)
  const power = powerOfTwo(exponent)
  const half = (power * epsilon) / 2
  if (limit < power) return Math.min(limit, half)
  return Math.min(half, Math.max(limit - power, exponent > smallest ? half / 2 : half))
}

/** a − b for a ≥ b > 0, rounded up where binary64 does not hold it: a bound must not be rounded down. */
function differenceUp(a: number, b: number): number {
  const difference = a - b
  const lost = a - difference - b // exact (Dekker's fast two-sum)
  return lost > 0 ? difference * (1 + Number.EPSILON) : difference
}
