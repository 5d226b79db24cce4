import { Kernel } from './kernel.js'
import { Momentum } from './momentum.js'
import type { CheckedProblem } from './problem.js'

/** Scalings beyond e^±100 go to the potentials: nothing that counts has then been lost below the smallest number. */
const LARGEST_SCALING = Math.exp(100)

/**
 * Sinkhorn's iteration on sorted meshes: P_ij = u_i e^((f_i + g_j − |x_i − y_j|₁)/ε) v_j, scalings beside potentials. The potentials change
 * only when ε does or a scaling has become large; until then two kernels do, one gauged by g and one by f.
 */
export class Iteration {
  private readonly g: Float64Array
  private readonly v: Float64Array
  /** v after this step. */
  private readonly next: Float64Array
  /** e^((g_j − k_j)/ε), k the columns' potentials: the column sums are v times this times the columns' products. */
  private readonly gauges: Float64Array
  private readonly rows: Kernel
  private readonly columns: Kernel
  /** The columns' kernel times u; null while the scalings are 1 and so are these. */
  private products: Float64Array | null = null
  private isGauged = false
  private readonly momentum: Momentum

  constructor(
    private readonly problem: CheckedProblem,
    public epsilon: number,
  ) {
    const { x, y, b } = problem
    const axes = x.map((mesh, k) => ({ targets: mesh.points, sources: y[k].points }))
    this.rows = new Kernel(axes)
    this.columns = new Kernel(axes.map(({ targets, sources }) => ({ targets: sources, sources: targets })))
    this.g = b.map((weight) => epsilon * Math.log(weight))
    this.v = new Float64Array(b.length).fill(1)
    this.next = new Float64Array(b.length).fill(1)
    this.momentum = new Momentum(b.length)
    this.gauges = new Float64Array(b.length)
  }

  /** Meets the weights of x. @returns Σ_j |Σ_i P_ij − b_j| / Σ a that is left then */
  step(): number {
    if (this.isGauged) {
      const u = this.rows.apply(this.v)
      for (let i = 0; i < u.length; i++) u[i] = 1 / u[i]
      this.products = this.columns.apply(u)
    } else this.gauge()
    const { v, next, gauges, products } = this
    const { b, total } = this.problem
    let violation = 0
    for (let j = 0; j < b.length; j++) {
      if (b[j] === 0) continue
      const sum = products ? gauges[j] * products[j] : gauges[j]
      violation += Math.abs(v[j] * sum - b[j])
      next[j] = b[j] / sum
    }
    return violation / total
  }

  /** The step in logarithms, which nothing is too large for; from then on the kernels are those of the new potentials. */
  private gauge(): void {
    const { g, gauges, rows, columns, epsilon } = this
    const { a } = this.problem
    rows.gauge(g, epsilon)
    columns.gauge(
      rows.potentials.map((h, i) => h + epsilon * Math.log(a[i])),
      epsilon,
    )
    for (let j = 0; j < g.length; j++) gauges[j] = Math.exp((g[j] - columns.potentials[j]) / epsilon)
    this.products = null
    this.isGauged = true
  }

  /** Meets the weights of y and, of what that changed, goes some way on. */
  advance(): void {
    if (!this.momentum.move(this.v, this.next, this.problem.b, LARGEST_SCALING)) this.absorb(this.epsilon)
  }

  /** Meets the weights of y and goes on with a smaller ε. */
  shrinkTo(epsilon: number): void {
    this.absorb(epsilon)
    this.epsilon = epsilon
  }

  /**
   * Meets the weights of y in logarithms: potentials that do not hold the weights, k − ε log(products), and the weights' part, which is all that
   * is of another size at another ε.
   */
  private absorb(epsilon: number): void {
    const { g, v, products, columns } = this
    const { b } = this.problem
    for (let j = 0; j < g.length; j++) {
      const potential = columns.potentials[j] - (products ? this.epsilon * Math.log(products[j]) : 0)
      g[j] = potential + epsilon * Math.log(b[j])
    }
    v.fill(1)
    this.momentum.restart()
    this.isGauged = false
  }

  /** Potentials and cost of the plan whose violation `step` has just told. */
  result(): { f: Float64Array; g: Float64Array; cost: number } {
    const { v, rows, epsilon, problem } = this
    const g = this.g.map((potential, j) => potential + epsilon * Math.log(v[j]))
    rows.gauge(g, epsilon)
    const f = rows.potentials.map((h, i) => h + epsilon * Math.log(problem.a[i]))
    const ones = v.fill(1)
    this.isGauged = false
    const sums = rows.apply(ones).slice()
    let cost = 0
    for (let axis = 0; axis < problem.x.length; axis++) {
      const moments = rows.moment(ones, axis, { signed: false })
      for (let i = 0; i < sums.length; i++)
        if (problem.a[i] > 0) cost += (problem.a[i] * moments[i]) / sums[i]
    }
    return { f, g, cost }
  }
}
