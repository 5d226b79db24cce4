import type { Measures1d } from '../../../transport/index.js'
import { countUpTo } from '../../../transport/mesh.js'
import type { CodedNumbers, Numbers } from './formats.js'
import type { Grid } from './grids.js'

/** Bins of a step; an even number, so that midpoints are borders. Fewer on a grid of more than LARGE_GRID values. */
const BINS = 32
const LARGE_GRID = 1024
const FEW_BINS = 4

/** A bin's numbers: how many, and their mean. */
export interface Bin {
  readonly mean: number
  readonly count: number
}

/**
 * Numbers over the grid of a format, t = (x + minimum) / scale, and their codes.
 *
 * Every step of the grid is divided into bins, and a bin's numbers count as that many at their mean: Wasserstein-1 is then off by half
 * a bin at most. Borders of bins are at codes and at midpoints; so where every number has the nearest code, no bin has numbers of two codes or
 * from two sides of one, and nothing is lost at all.
 */
export class GridSample {
  /** Numbers in the sample. */
  numbers = 0
  /** Numbers without a place on the grid, as their group has no scale. */
  leftOut = 0
  /** Numbers more than half a step beyond the ends: what was lost there is more than rounding. */
  saturated = 0
  /** Σ of the length of the step in which t lies. */
  steps = 0
  /** Σ |t − code| */
  rounding = 0
  /** Σ |x| / scale of the numbers that are coded, of what is stored for them, and of those that they were made of. */
  magnitude = 0
  storedMagnitude = 0
  originalMagnitude = 0
  /** Σ over the batches of Σ |x − stored| of the numbers and of what is stored for them, each ascending; and Σ |original|. */
  unscaled = 0
  unscaledMagnitude = 0
  /** How many have each code of the grid. */
  readonly codes: Float64Array
  readonly #borders: Float64Array
  readonly #perStep: number
  readonly #counts: Float64Array
  readonly #sums: Float64Array

  constructor(readonly grid: Grid) {
    const last = grid.length - 1
    const [below, above] = [grid[1] - grid[0], grid[last] - grid[last - 1]]
    // A step more at both ends, for numbers that saturate; its last bin takes all beyond.
    this.#borders = new Float64Array(grid.length + 2)
    this.#borders[0] = grid[0] - below
    this.#borders.set(grid, 1)
    this.#borders[grid.length + 1] = grid[last] + above
    this.#perStep = grid.length > LARGE_GRID ? FEW_BINS : BINS
    this.codes = new Float64Array(grid.length)
    this.#counts = new Float64Array((this.#borders.length - 1) * this.#perStep)
    this.#sums = new Float64Array(this.#counts.length)
  }

  /**
   * @param original numbers of which x is what is left to store; their magnitudes are what the drift is compared with
   * @throws RangeError for a code that is not on the grid
   */
  add({ x, rows, cols }: Numbers, coded: CodedNumbers, original: Float32Array = x): void {
    const groups = Math.ceil(cols / coded.group)
    const stored = new Float64Array(x.length)
    for (let row = 0, i = 0; row < rows; row++)
      for (let column = 0; column < cols; column++, i++) {
        const g = row * groups + Math.floor(column / coded.group)
        const scale = coded.scales[g]
        const minimum = coded.minimums?.[g] ?? 0
        stored[i] = scale * coded.codes[i] - minimum
        this.unscaledMagnitude += Math.abs(original[i])
        if (scale !== 0) this.#place(x[i], coded.codes[i], scale, minimum, original[i])
        else if (x[i] === 0 && minimum === 0 && original[i] === 0) this.#place(0, 0, 1, 0, 0)
        else this.leftOut++
      }
    // Of as many points here as there, Wasserstein-1 is between those of equal rank.
    const sorted = Float64Array.from(x).sort()
    stored.sort()
    for (let i = 0; i < sorted.length; i++) this.unscaled += Math.abs(sorted[i] - stored[i])
  }

  #place(x: number, code: number, scale: number, minimum: number, original: number): void {
    const { grid } = this
    const borders = this.#borders
    const t = (x + minimum) / scale
    const at = countUpTo(grid, code) - 1
    if (grid[at] !== code) throw new RangeError(`the code ${code} is not on its grid`)
    const step = Math.min(Math.max(countUpTo(borders, t) - 1, 0), borders.length - 2)
    const length = borders[step + 1] - borders[step]
    const inStep = Math.floor(((t - borders[step]) / length) * this.#perStep)
    const bin = step * this.#perStep + Math.min(Math.max(inStep, 0), this.#perStep - 1)
    this.#counts[bin]++
    this.#sums[bin] += t
    this.codes[at]++
    this.numbers++
    this.steps += length
    this.rounding += Math.abs(t - code)
    this.magnitude += Math.abs(x / scale)
    this.storedMagnitude += Math.abs(code - minimum / scale)
    this.originalMagnitude += Math.abs(original / scale)
    const last = grid.length - 1
    if (t > grid[last] + (grid[last] - grid[last - 1]) / 2 || t < grid[0] - (grid[1] - grid[0]) / 2)
      this.saturated++
  }

  /** Those that have numbers, ascending. */
  bins(): Bin[] {
    const bins: Bin[] = []
    for (const [i, count] of this.#counts.entries())
      if (count > 0) bins.push({ mean: this.#sums[i] / count, count })
    return bins
  }

  /** Numbers, binned, and codes, each of mass 1. */
  measures(bins = this.bins()): Measures1d {
    const used = Array.from(this.grid.keys()).filter((j) => this.codes[j] > 0)
    return {
      x: bins.map(({ mean }) => mean),
      a: bins.map(({ count }) => count),
      y: used.map((j) => this.grid[j]),
      b: used.map((j) => this.codes[j]),
    }
  }
}
