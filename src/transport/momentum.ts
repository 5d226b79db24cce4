/**
 * Nesterov's extrapolation of a fixed-point iteration on positive scalings, in logarithms: v ← n · (n / n before)^(k/(k+3)), n what the
 * iteration gives for v. It begins again where the last move led downhill (O'Donoghue and Candès, "Adaptive Restart for Accelerated
 * Gradient Schemes", 2015). Sinkhorn's iteration climbs the dual problem; docs/papers/finom.md has what this saves.
 */
export class Momentum {
  private readonly before: Float64Array
  private readonly last: Float64Array
  /** Steps since it began again. */
  private steps = 0

  constructor(length: number) {
    this.before = new Float64Array(length)
    this.last = new Float64Array(length)
  }

  restart(): void {
    this.steps = 0
  }

  /**
   * @param v where the iteration is; becomes the next place @param next what the iteration gives for v
   * @param weights b: the dual's slope along log v_j is b_j (1 − v_j / next_j)
   * @returns whether all of v is within 1/largest … largest
   */
  move(v: Float64Array, next: Float64Array, weights: Float64Array, largest: number): boolean {
    const { before, last } = this
    if (this.steps > 0 && this.climb(v, next, weights) < 0) this.steps = 0
    const power = this.steps / (this.steps + 3)
    let isWithin = true
    for (let j = 0; j < v.length; j++) {
      last[j] = v[j]
      v[j] = power === 0 ? next[j] : next[j] * (next[j] / before[j]) ** power
      before[j] = next[j]
      if (!(v[j] > 1 / largest && v[j] < largest)) isWithin = false
    }
    this.steps++
    return isWithin
  }

  /** The sign is that of the slope along the last move. */
  private climb(v: Float64Array, next: Float64Array, weights: Float64Array): number {
    let climb = 0
    for (let j = 0; j < v.length; j++) climb += weights[j] * (1 - v[j] / next[j]) * (1 - this.last[j] / v[j])
    return climb
  }
}
