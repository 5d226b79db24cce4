import type { ProductInput } from '../../../engine/visit.js'
import type { Distribution } from '../msd/data.js'
import type { CacheRows } from './captured.js'
import type { MatrixKind } from './weights.js'

/** What `multiscale analyze drift --json` prints. Lengths are in units of the format's grid. */
export interface DriftReport {
  readonly seed: number
  /** Activations that share a scale in the schemes `…-group`. */
  readonly group: number
  /** ε of entropic plans, in mean steps of each scheme's grid. */
  readonly epsilon: number
  /** What was looked into, if anything. */
  readonly model?: { readonly file: string; readonly name: string | null }
  readonly parts: readonly PartReport[]
}

export type PartName = Distribution | ProductInput | CacheRows | MatrixKind

/** One table. */
export interface PartReport {
  readonly source: 'random' | 'activations' | 'cache' | 'weights'
  readonly data: PartName
  /** Of one layer, and of one head of a cache. */
  readonly rows: number
  readonly columns: number
  readonly layers?: readonly number[]
  /** Types of which a row is not whole blocks. */
  readonly unfit?: readonly string[]
  readonly schemes: readonly SchemeReport[]
}

export interface SchemeReport {
  readonly scheme: string
  /** Bits of a code, without its share of the scales. */
  readonly bits: number
  /** Code values of the grid. */
  readonly values: number
  readonly numbers: number
  /** Numbers without a place on the grid: their group is too small for a scale. */
  readonly leftOut: number
  /** Mean length of the grid's step where a number lies. */
  readonly step: number
  /** Wasserstein-1 between numbers and codes, in mean steps. */
  readonly w1: number
  /** The same over the numbers' mean magnitude. */
  readonly relative: number
  /**
   * Wasserstein-1 between the numbers of a layer (or of a head of it) as they are and what is stored for them, over the numbers' mean
   * magnitude.
   */
  readonly unscaled: number
  /** Mean |t − code|, in mean steps: w1, if codes never fall where numbers grow. */
  readonly rounding: number
  /** Null on a grid that is too large for it. */
  readonly entropic: EntropicReport | null
  /** Mean magnitude of what is stored over that of the numbers, less 1. */
  readonly magnitude: number
  readonly worst: WorstCode
  /** Share of numbers more than half a step beyond the grid. */
  readonly saturated: number
  /** Share of the grid's values that some number has. */
  readonly used: number
  /** Of the codes, in bits. */
  readonly entropy: number
  /** The numbers below which k/128 of all are, k = 0 … 128. */
  readonly quantiles: readonly number[]
  /** Each code's value, share of the numbers, and mean of those that transport sends there. Not of a large grid. */
  readonly codes?: CodeList
}

export interface CodeList {
  readonly values: readonly number[]
  readonly shares: readonly number[]
  /** Null for a code that no number has. */
  readonly means: readonly (number | null)[]
}

export interface EntropicReport {
  /** Cost of the entropic plan, in mean steps. */
  readonly value: number
  readonly iterations: number
  readonly marginalError: number
  readonly converged: boolean
}

export interface WorstCode {
  readonly value: number
  readonly mean: number
  readonly share: number
}
