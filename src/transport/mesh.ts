/** Points on a line in ascending order. */
export interface Mesh {
  readonly points: Float64Array
  /** order[k] is the caller's index of points[k]; null if they came in ascending order. */
  readonly order: Uint32Array | null
}

/** Sorts points, which may be repeated; equal ones stay in the order in which they came. */
export function sortedMesh(points: ArrayLike<number>): Mesh {
  const copy = Float64Array.from(points)
  if (copy.every((point, i) => i === 0 || copy[i - 1] <= point)) return { points: copy, order: null }
  const order = Uint32Array.from(copy, (_, i) => i).sort((i, j) => copy[i] - copy[j])
  return { points: Float64Array.from(order, (i) => copy[i]), order }
}

/** Values of a tensor-product grid, row-major over its meshes: from the caller's order to the sorted one. */
export function toSorted(values: ArrayLike<number>, meshes: readonly Mesh[]): Float64Array {
  const order = gridOrder(meshes)
  return order ? Float64Array.from(order, (i) => values[i]) : Float64Array.from(values)
}

/** The way back. */
export function toCallers(values: Float64Array, meshes: readonly Mesh[]): Float64Array {
  const order = gridOrder(meshes)
  if (!order) return values
  const result = new Float64Array(values.length)
  for (let k = 0; k < order.length; k++) result[order[k]] = values[k]
  return result
}

function gridOrder(meshes: readonly Mesh[]): Uint32Array | null {
  if (meshes.every(({ order }) => order === null)) return null
  let order = Uint32Array.of(0)
  for (const mesh of meshes) {
    const { length } = mesh.points
    const next = new Uint32Array(order.length * length)
    for (let i = 0; i < order.length; i++)
      for (let k = 0; k < length; k++) next[i * length + k] = order[i] * length + (mesh.order?.[k] ?? k)
    order = next
  }
  return order
}

/** A sweep's way along a line: from sources y to targets x. */
export interface Line {
  /** x, ascending */
  readonly targets: Float64Array
  /** y, ascending */
  readonly sources: Float64Array
  /** Dividing index: dividing[i] sources lie at or before targets[i]. */
  readonly dividing: Uint32Array
  /** The same from the other side: first[j] is the first target at or after sources[j], and their number if there is none. */
  readonly first: Uint32Array
}

/** Finds the dividing indices by one pass over both meshes. */
export function lineBetween(targets: Float64Array, sources: Float64Array): Line {
  const dividing = new Uint32Array(targets.length)
  const first = new Uint32Array(sources.length).fill(targets.length)
  let j = 0
  for (let i = 0; i < targets.length; i++) {
    for (; j < sources.length && sources[j] <= targets[i]; j++) first[j] = i
    dividing[i] = j
  }
  return { targets, sources, dividing, first }
}

/** How many of the ascending points are at or below `at`. */
export function countUpTo(points: Float64Array, at: number): number {
  let [low, high] = [0, points.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (points[middle] <= at) low = middle + 1
    else high = middle
  }
  return low
}
