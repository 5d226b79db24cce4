import { seededRandom } from './quants.js'

export const normalized = (weights: ArrayLike<number>): number[] => {
  const all = Array.from(weights)
  const total = all.reduce((sum, weight) => sum + weight, 0)
  return all.map((weight) => weight / total)
}

/** Meshes that are as far from uniform as they come. */
export const MESHES: Readonly<Record<string, (random: () => number, count: number) => number[]>> = {
  uniform: (random, count) => Array.from({ length: count }, () => random()),
  clustered: (random, count) => Array.from({ length: count }, (_, i) => (i % 3) / 3 + 1e-6 * random() ** 3),
  logarithmic: (random, count) => Array.from({ length: count }, () => 10 ** (8 * random() - 8)),
  repeated: (random, count) => Array.from({ length: count }, () => Math.floor(5 * random()) / 5),
  sorted: (random, count) => Array.from({ length: count }, () => random()).sort((p, q) => p - q),
}

export function randomMeasures(
  mesh: string,
  otherMesh: string,
  count: number,
  otherCount: number,
  seed: number,
) {
  const random = seededRandom(seed)
  const x = MESHES[mesh](random, count)
  const y = MESHES[otherMesh](random, otherCount)
  return { x, a: normalized(x.map(() => random())), y, b: normalized(y.map(() => random())) }
}

/** [N, M] distances on a line, row-major. */
export const distances = (x: readonly number[], y: readonly number[]): number[] =>
  x.flatMap((p) => y.map((q) => Math.abs(p - q)))

/** Every point of a grid, row-major. */
export const gridPoints = (axes: readonly (readonly number[])[]): number[][] =>
  axes.reduce<number[][]>((points, axis) => points.flatMap((point) => axis.map((at) => [...point, at])), [[]])

/** [N, M] sums of distances along the axes. */
export const gridDistances = (
  p: readonly (readonly number[])[],
  q: readonly (readonly number[])[],
): number[] =>
  p.flatMap((one) => q.map((other) => one.reduce((sum, at, k) => sum + Math.abs(at - other[k]), 0)))

/**
 * How far two results of Sinkhorn's iteration may be apart. In Hilbert's metric the iteration contracts by tanh²(span/2ε) (Franklin and
 * Lorenz 1989), so one whose column sums are wrong by a factor of at most e^±δ has potentials within 2δε/(1 − tanh²) of the fixed
 * point's. A violation τ of the total is at most τ/min b of a column. Two results, and as much for rounding of the exponents, of which
 * tolerance is far above.
 */
export function potentialTolerance(
  tolerance: number,
  weights: readonly number[],
  span: number,
  epsilon: number,
): number {
  const contraction = Math.tanh(span / (2 * epsilon)) ** 2
  return (2 * 2 * 2 * epsilon * (tolerance / Math.min(...weights))) / (1 - contraction)
}
