import type { ProductInput } from '../../../engine/visit.js'
import type { MatrixTypeName } from '../../../format/index.js'
import type { Distribution } from './data.js'
import type { ErrorReport } from './measure.js'

/** What `multiscale analyze msd --json` prints. */
export interface MsdReport {
  readonly seed: number
  /** Activations that share a scale in the schemes `…-group`. */
  readonly group: number
  /** What was captured, if anything. */
  readonly model?: { readonly file: string; readonly name: string | null }
  readonly parts: readonly PartReport[]
}

/** One table: a distribution, or one input of a model's layers. */
export interface PartReport {
  readonly data: Distribution | ProductInput
  readonly rows: number
  readonly columns: number
  /** Numbers whose magnitude is above 100 times the median of their row. */
  readonly massive: number
  /** Types, since those of the layers may differ, and how many rows. */
  readonly weights: { readonly types: readonly MatrixTypeName[]; readonly rows: number }
  readonly schemes: readonly SchemeReport[]
}

export interface SchemeReport extends ErrorReport {
  readonly scheme: string
  readonly family: string
  /** Bits that a number takes, its share of the scales included. */
  readonly bits: number
  /** Of a captured input; the report's own numbers are those of all its layers together. */
  readonly layers?: readonly LayerReport[]
}

export interface LayerReport extends ErrorReport {
  readonly layer: number
}
