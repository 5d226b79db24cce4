import { countUpTo, sortedMesh } from './mesh.js'
import { asGrid, type GridMeasures, type Measures1d } from './problem.js'

/** What `sinkhorn1d` and `sinkhornGrid` give, as far as a plan needs it. */
export interface Potentials {
  readonly f: ArrayLike<number>
  readonly g: ArrayLike<number>
  readonly epsilon: number
}

/** A row of a plan without its small entries. */
export interface SparseRow {
  readonly row: number
  /** Ascending. */
  readonly columns: Uint32Array
  /** Mass that goes from the row's point to each column's. */
  readonly masses: Float64Array
}

/**
 * The plan P_ij = e^((f_i + g_j − |x_i − y_j|₁)/ε), one row of M masses for every point of x, in the caller's order: O(N · M) in time, O(M)
 * in memory.
 *
 * @throws RangeError if the potentials are not those of these points
 */
export function* planRows(
  measures: Measures1d | GridMeasures,
  { f, g, epsilon }: Potentials,
): Generator<Float64Array> {
  const { axes, a, b } = 'axes' in measures ? measures : asGrid(measures)
  checkLengths('planRows', { f, g }, a.length, b.length)
  const place = axes.map(() => 0)
  for (let i = 0; i < a.length; i++) {
    let rest = i
    for (let k = axes.length - 1; k >= 0; k--) {
      const { length } = axes[k].x
      place[k] = axes[k].x[rest % length]
      rest = Math.floor(rest / length)
    }
    // −distances of the grid's points, an axis after the other.
    let exponents = Float64Array.of(f[i])
    for (const [k, { y }] of axes.entries()) {
      const next = new Float64Array(exponents.length * y.length)
      for (let p = 0; p < exponents.length; p++)
        for (let q = 0; q < y.length; q++) next[p * y.length + q] = exponents[p] - Math.abs(place[k] - y[q])
      exponents = next
    }
    yield exponents.map((exponent, j) => Math.exp((exponent + g[j]) / epsilon))
  }
}

/**
 * The entries of a plan on a line that are at least `threshold`, row by row in the caller's order. From each x it goes to both sides for as
 * long as something large enough can be there, so that time grows with what is found: a plan at a small ε has few entries a row.
 *
 * @throws RangeError if the potentials are not those of these points, or the threshold is not above 0
 */
export function* sparsePlanRows(
  { x, y }: Measures1d,
  { f, g, epsilon }: Potentials,
  threshold: number,
): Generator<SparseRow> {
  checkLengths('sparsePlanRows', { f, g }, x.length, y.length)
  if (!(threshold > 0))
    throw new RangeError(`sparsePlanRows: the threshold must be above 0, not ${threshold}`)
  const { points, order } = sortedMesh(y)
  const m = points.length
  const potentials = Float64Array.from(points, (_, j) => g[order?.[j] ?? j])
  // Largest g_k + y_k of k ≤ j, and largest g_k − y_k of k ≥ j: what is left to be found on that side.
  const below = potentials.map((potential, j) => potential + points[j])
  const above = potentials.map((potential, j) => potential - points[j])
  for (let j = 1; j < m; j++) below[j] = Math.max(below[j], below[j - 1])
  for (let j = m - 2; j >= 0; j--) above[j] = Math.max(above[j], above[j + 1])
  // Bounds and masses are rounded in different ways: looks a little further than it need.
  const largest = Math.max(...[f, g, x, y].map(largestMagnitude))
  const least = epsilon * Math.log(threshold) - 16 * Number.EPSILON * largest
  for (let row = 0; row < x.length; row++) {
    const [at, potential] = [x[row], f[row]]
    const found: [column: number, mass: number][] = []
    const look = (j: number) => {
      const mass = Math.exp((potential - Math.abs(at - points[j]) + potentials[j]) / epsilon)
      if (mass >= threshold) found.push([order?.[j] ?? j, mass])
    }
    const begin = countUpTo(points, at)
    for (let j = begin - 1; j >= 0 && potential + below[j] - at >= least; j--) look(j)
    for (let j = begin; j < m && potential + above[j] + at >= least; j++) look(j)
    found.sort(([p], [q]) => p - q)
    yield {
      row,
      columns: Uint32Array.from(found, ([column]) => column),
      masses: Float64Array.from(found, ([, mass]) => mass),
    }
  }
}

function largestMagnitude(values: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < values.length; i++)
    if (Number.isFinite(values[i])) largest = Math.max(largest, Math.abs(values[i]))
  return largest
}

export function checkLengths(
  where: string,
  { f, g }: Pick<Potentials, 'f' | 'g'>,
  rows: number,
  columns: number,
): void {
  if (f.length !== rows || g.length !== columns)
    throw new RangeError(
      `${where}: the potentials are of ${f.length} and ${g.length} points, the measures of ${rows} and ${columns}`,
    )
}
