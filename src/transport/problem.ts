import { type Mesh, sortedMesh, toSorted } from './mesh.js'

/** Weights a on the points x, and b on y: in any order, points may be repeated, weights may be 0. */
export interface Measures1d {
  readonly x: ArrayLike<number>
  /** As many as x; totals of a and b must be the same. */
  readonly a: ArrayLike<number>
  readonly y: ArrayLike<number>
  readonly b: ArrayLike<number>
}

/** Weights on two tensor-product grids. */
export interface GridMeasures {
  /** Coordinates of both grids on each axis, in any order. */
  readonly axes: readonly { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> }[]
  /** Row-major: the last axis is the fastest. */
  readonly a: ArrayLike<number>
  readonly b: ArrayLike<number>
}

/** A problem that was looked at, in ascending order. */
export interface CheckedProblem {
  readonly x: readonly Mesh[]
  readonly y: readonly Mesh[]
  readonly a: Float64Array
  readonly b: Float64Array
  /** Σ a */
  readonly total: number
  /** The largest distance that mass may have to go. */
  readonly span: number
}

export const asGrid = ({ x, a, y, b }: Measures1d): GridMeasures => ({ axes: [{ x, y }], a, b })

/** @throws RangeError that names what is wrong: lengths, points and weights that are no numbers, totals that differ */
export function checkProblem(where: string, { axes, a, b }: GridMeasures): CheckedProblem {
  if (axes.length === 0) throw new RangeError(`${where}: there are no axes`)
  const suffix = (k: number) => (axes.length > 1 ? ` of axis ${k}` : '')
  const x = axes.map(({ x }, k) => checkPoints(where, `x${suffix(k)}`, x))
  const y = axes.map(({ y }, k) => checkPoints(where, `y${suffix(k)}`, y))
  const total = checkWeights(where, 'a', a, 'x', x)
  const totalB = checkWeights(where, 'b', b, 'y', y)
  if (!areBalanced(total, totalB, a.length + b.length))
    throw new RangeError(
      `${where}: the totals of a (${total}) and b (${totalB}) differ; transport needs equal ones, so divide each by its total`,
    )
  const span = x.reduce((sum, mesh, k) => {
    const [p, q] = [mesh.points, y[k].points]
    return sum + Math.max(p[p.length - 1], q[q.length - 1]) - Math.min(p[0], q[0])
  }, 0)
  if (!Number.isFinite(span)) throw new RangeError(`${where}: the points are too far apart for numbers`)
  return { x, y, a: toSorted(a, x), b: toSorted(b, y), total, span }
}

/** Weights that were divided by their sum add up to 1 but for half a unit in the last place of each. */
export function areBalanced(total: number, other: number, points: number): boolean {
  return Math.abs(total - other) <= points * Number.EPSILON * total
}

/** @throws RangeError if there are none, or one is not finite */
export function checkPoints(where: string, name: string, points: ArrayLike<number>): Mesh {
  if (points.length === 0) throw new RangeError(`${where}: ${name} is empty`)
  for (let i = 0; i < points.length; i++)
    if (!Number.isFinite(points[i]))
      throw new RangeError(`${where}: ${name}[${i}] is ${points[i]}, no finite number`)
  return sortedMesh(points)
}

function checkWeights(
  where: string,
  name: string,
  weights: ArrayLike<number>,
  meshName: string,
  meshes: readonly Mesh[],
): number {
  const points = meshes.reduce((all, mesh) => all * mesh.points.length, 1)
  if (weights.length !== points)
    throw new RangeError(
      `${where}: ${name} has ${weights.length} weights, but ${meshName} has ${points} points`,
    )
  let total = 0
  let lost = 0
  for (let i = 0; i < points; i++) {
    const weight = weights[i]
    if (!(weight >= 0 && weight < Infinity))
      throw new RangeError(`${where}: ${name}[${i}] is ${weight}; weights are finite and at least 0`)
    // Kahan's sum: totals of a million weights are compared.
    const term = weight - lost
    const next = total + term
    lost = next - total - term
    total = next
  }
  if (!(total > 0 && total < Infinity))
    throw new RangeError(
      `${where}: the weights ${name} add up to ${total}; there must be some mass, and a finite one`,
    )
  return total
}

/** Leaves room for ε log u below the largest number. */
const LARGEST_EPSILON = 1e300

export function checkEpsilon(where: string, epsilon: number): void {
  if (!(epsilon > 0 && epsilon <= LARGEST_EPSILON))
    throw new RangeError(`${where}: epsilon must be above 0 and at most ${LARGEST_EPSILON}, not ${epsilon}`)
}
