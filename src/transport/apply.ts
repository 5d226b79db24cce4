import { Kernel } from './kernel.js'
import { toCallers, toSorted } from './mesh.js'
import { checkEpsilon, checkPoints } from './problem.js'

/**
 * (K v)_i = Σ_j e^(−|x_i − y_j|/ε) v_j in O(N + M) after sorting (FINOM, arXiv 2605.26659).
 *
 * @param x N points @param y M points, both in any order @param v M numbers of any sign
 * @returns N sums, each off by at most (3(N + M) + 2000) · 2⁻⁵³ · Σ_j K_ij |v_j| (docs/papers/finom.md, "Rounding")
 * @throws RangeError for lengths that do not agree and for what is not finite
 */
export function applyKernel1d(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  v: ArrayLike<number>,
  epsilon: number,
): Float64Array {
  const where = 'applyKernel1d'
  checkEpsilon(where, epsilon)
  const [targets, sources] = [checkPoints(where, 'x', x), checkPoints(where, 'y', y)]
  if (v.length !== y.length)
    throw new RangeError(`${where}: v has ${v.length} numbers, but y has ${y.length} points`)
  for (let j = 0; j < v.length; j++)
    if (!Number.isFinite(v[j])) throw new RangeError(`${where}: v[${j}] is ${v[j]}, no finite number`)
  const kernel = new Kernel([{ targets: targets.points, sources: sources.points }])
  kernel.plain(epsilon)
  return toCallers(kernel.apply(toSorted(v, [sources])), [targets])
}
