import { Kernel } from './kernel.js'
import { toCallers, toSorted } from './mesh.js'
import { checkLengths, type Potentials } from './plan.js'
import { asGrid, checkEpsilon, checkProblem, type GridMeasures, type Measures1d } from './problem.js'

/**
 * Barycentric projection of an entropic plan: where the mass of each x goes on average, Σ_j P_ij y_j / Σ_j P_ij, by the same sweeps in
 * O(points).
 *
 * @returns of each axis its coordinate for every point of x, in the caller's order; on a line, one axis. It is defined where a is 0 as well.
 * @throws RangeError for measures that are none, or potentials that are not theirs
 */
export function barycentricProjection(
  measures: Measures1d | GridMeasures,
  { f, g, epsilon }: Potentials,
): Float64Array[] {
  const where = 'barycentricProjection'
  checkEpsilon(where, epsilon)
  const grid = 'axes' in measures ? measures : asGrid(measures)
  const { x, y } = checkProblem(where, grid)
  checkLengths(where, { f, g }, grid.a.length, grid.b.length)
  const kernel = new Kernel(x.map((mesh, k) => ({ targets: mesh.points, sources: y[k].points })))
  kernel.gauge(toSorted(g, y), epsilon)
  const ones = new Float64Array(g.length).fill(1)
  const sums = kernel.apply(ones).slice()
  return x.map(({ points }, axis) => {
    // Points with this coordinate lie `stride` apart.
    const stride = x.slice(axis + 1).reduce((all, mesh) => all * mesh.points.length, 1)
    const moves = kernel.moment(ones, axis, { signed: true })
    const images = sums.map((sum, i) => points[Math.floor(i / stride) % points.length] + moves[i] / sum)
    return toCallers(images, x)
  })
}
