import { asGrid, checkProblem, type Measures1d } from './problem.js'

/**
 * Wasserstein-1 on a line: ∫ |F − G|, with F and G the masses of a and b up to a point. O(N + M) after sorting; the difference is
 * summed with compensation, so that long meshes lose nothing.
 *
 * @returns Σ P_ij |x_i − y_j| of an optimal plan, not divided by the total mass
 * @throws RangeError for measures that are none, or whose totals differ
 */
export function exactW1(measures: Measures1d): number {
  const problem = checkProblem('exactW1', asGrid(measures))
  const [x, y] = [problem.x[0].points, problem.y[0].points]
  const { a, b } = problem
  let [i, j] = [0, 0]
  let [difference, lost, distance] = [0, 0, 0]
  while (i < x.length || j < y.length) {
    const takesX = j === y.length || (i < x.length && x[i] <= y[j])
    const here = takesX ? x[i] : y[j]
    const term = (takesX ? a[i++] : -b[j++]) - lost
    const sum = difference + term
    lost = sum - difference - term
    difference = sum
    const next = Math.min(i < x.length ? x[i] : Infinity, j < y.length ? y[j] : Infinity)
    if (next < Infinity) distance += Math.abs(difference) * (next - here)
  }
  return distance
}
