import { type Line, lineBetween } from './mesh.js'
import { softTransform } from './soft-transform.js'
import { allocateFactors, type Factors, fillFactors, momentSweep, sweep } from './sweep.js'

interface Axis {
  readonly line: Line
  /** Lines along this axis when it is its turn: the axes before it still have sources, those behind it targets. */
  readonly lines: number
  readonly factors: Factors
  /** [targets, lines], of which the last axis in turn gives the result */
  readonly out: Float64Array
}

/**
 * e^((t_i + s_j − |x_i − y_j|₁)/ε) between two tensor-product grids, in time and memory linear in their points. The axes take turns, from
 * the last to the first; each turn leaves the grid turned by one axis, so that the next one lies in lines and all end in
 * row-major order.
 *
 * Between two turns the values have potentials too, so that each axis' kernel is one that cannot overflow and that can be
 * swept at any ε (docs/papers/finom.md, "Any ε").
 */
export class Kernel {
  /** t, of every target: set by `gauge`. */
  readonly potentials: Float64Array
  private readonly axes: Axis[] = []
  private readonly scratch: Float64Array

  /** @param axes ascending points on each axis */
  constructor(axes: readonly { readonly targets: Float64Array; readonly sources: Float64Array }[]) {
    const size = (grid: readonly { readonly length: number }[]) =>
      grid.reduce((all, { length }) => all * length, 1)
    for (let k = axes.length - 1; k >= 0; k--) {
      const line = lineBetween(axes[k].targets, axes[k].sources)
      const lines =
        size(axes.slice(0, k).map(({ sources }) => sources)) *
        size(axes.slice(k + 1).map(({ targets }) => targets))
      const out = new Float64Array(lines * axes[k].targets.length)
      this.axes.push({ line, lines, factors: allocateFactors(line, lines), out })
    }
    this.potentials = new Float64Array(this.axes[this.axes.length - 1].out.length)
    this.scratch = new Float64Array(Math.max(...axes.map(({ targets }) => targets.length)))
  }

  /**
   * Takes s as the sources' potentials and their soft transform t as the targets': then Σ_j e^((t_i + s_j − |x_i − y_j|₁)/ε) = 1
   * for every target, and no factor is above 1.
   */
  gauge(s: Float64Array, epsilon: number): void {
    let source = s
    for (const [turn, { line, lines, factors, out }] of this.axes.entries()) {
      const n = line.targets.length
      const t = new Float64Array(out.length)
      for (let l = 0; l < lines; l++) {
        softTransform(line, l, source, epsilon, t, this.scratch)
        fillFactors(line, l, t, source, epsilon, factors)
      }
      const isLast = turn === this.axes.length - 1
      const next = isLast ? this.potentials : new Float64Array(out.length)
      for (let l = 0; l < lines; l++)
        for (let i = 0; i < n; i++) next[i * lines + l] = isLast ? t[l * n + i] : -t[l * n + i]
      source = next
    }
  }

  /** Takes 0 for all potentials: the kernel as it is. */
  plain(epsilon: number): void {
    this.potentials.fill(0)
    for (const { line, lines, factors } of this.axes) {
      const [t, s] = [line.targets, line.sources].map(({ length }) => new Float64Array(lines * length))
      for (let l = 0; l < lines; l++) fillFactors(line, l, t, s, epsilon, factors)
    }
  }

  /** @returns Σ_j K_ij v_j of every target, in an array that the next call writes again */
  apply(v: Float64Array): Float64Array {
    for (const { line, lines, factors, out } of this.axes) {
      sweep(line, factors, lines, v, out, this.scratch)
      v = out
    }
    return v
  }

  /** The same with every term times the distance along an axis (its number) or, signed, times y_j − x_i. */
  moment(v: Float64Array, axis: number, { signed }: { readonly signed: boolean }): Float64Array {
    for (const [turn, { line, lines, factors, out }] of this.axes.entries()) {
      if (turn === this.axes.length - 1 - axis)
        momentSweep(line, factors, lines, v, out, this.scratch, signed)
      else sweep(line, factors, lines, v, out, this.scratch)
      v = out
    }
    return v
  }
}
