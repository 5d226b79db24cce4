import type { Line } from './mesh.js'

/**
 * The soft c-transform of source potentials along one line, t_i = −ε log Σ_j e^((s_j − |x_i − y_j|)/ε), in sums that cannot overflow:
 * what the sweeps do, on logarithms. As no target stands between a sum's terms, they keep their ratios along the way, and a sum is
 * its largest term, the anchor, times a factor that changes only where sources come in.
 *
 * @param s this line's begin at `line` · sources; −∞ for sources without weight
 * @param t gets them from `line` · targets on; +∞ if no source has weight. |t_i − t_k| ≤ |x_i − x_k|, but for rounding
 * @param scratch as long as there are targets
 */
export function softTransform(
  { targets, sources, dividing }: Line,
  line: number,
  s: Float64Array,
  epsilon: number,
  t: Float64Array,
  scratch: Float64Array,
): void {
  const [n, m] = [targets.length, sources.length]
  const firstSource = line * m
  let [potential, place, factor, logarithm] = [-Infinity, 0, 0, 0]
  const enter = (j: number, direction: 1 | -1) => {
    const next = s[firstSource + j]
    if (next === -Infinity) return
    const excess = (next - potential + direction * (sources[j] - place)) / epsilon
    if (excess > 0) {
      factor = factor * Math.exp(-excess) + 1
      potential = next
      place = sources[j]
    } else factor += Math.exp(excess)
  }
  let j = m - 1
  for (let i = n - 1; i >= 0; i--) {
    const begin = dividing[i]
    if (j >= begin) {
      for (; j >= begin; j--) enter(j, -1)
      logarithm = epsilon * Math.log(factor)
    }
    scratch[i] = potential - (place - targets[i]) + logarithm
  }
  ;[potential, place, factor, logarithm] = [-Infinity, 0, 0, 0]
  j = 0
  for (let i = 0; i < n; i++) {
    const end = dividing[i]
    if (j < end) {
      for (; j < end; j++) enter(j, 1)
      logarithm = epsilon * Math.log(factor)
    }
    const left = potential - (targets[i] - place) + logarithm
    const right = scratch[i]
    const larger = Math.max(left, right)
    const smaller = Math.min(left, right)
    t[line * n + i] =
      larger === -Infinity
        ? Infinity
        : -(larger + epsilon * Math.log1p(Math.exp((smaller - larger) / epsilon)))
  }
}
