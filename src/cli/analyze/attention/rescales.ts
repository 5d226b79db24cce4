import { exactAttention, onlineAttention, type Rescaling } from '../../../attention/index.js'
import type { ModelConfig } from '../../../engine/config.js'
import { type ErrorReport, ErrorSums } from './errors.js'
import { headOf, type LayerRows, optionsOf } from './head.js'
import type { OnPart } from './section.js'

export interface RescaleReport {
  readonly rescaling: Rescaling
  /** Blocks after a row's first, where the sums may have to be rescaled. */
  readonly chances: number
  /** How often they were. */
  readonly rescales: number
  /** Of the chances; null if there were none. */
  readonly skippedPercent: number | null
  /** Against binary64. */
  readonly error: ErrorReport | null
}

const FORMS: readonly Rescaling[] = ['multiply', 'exponent', 'amla']

/** Online softmax over every head of a model, in blocks of 64 keys, each form of AMLA and the one that multiplies. */
export async function countRescales(
  config: ModelConfig,
  layers: readonly LayerRows[],
  onPart: OnPart,
): Promise<RescaleReport[]> {
  const options = optionsOf(config)
  const forms = FORMS.map((rescaling) => ({ rescaling, chances: 0, rescales: 0, errors: new ErrorSums() }))
  for (const [layer, rows] of layers.entries())
    for (let h = 0; h < config.heads; h++) {
      await onPart(layer * config.heads + h, layers.length * config.heads)
      const head = headOf(rows, config, h)
      const exact = exactAttention(head, options)
      for (const form of forms) {
        const { output, chances, rescales } = onlineAttention(head, { ...options, rescaling: form.rescaling })
        form.chances += chances
        form.rescales += rescales
        form.errors.add(output, exact, head.headSize)
      }
    }
  return forms.map(({ rescaling, chances, rescales, errors }) => ({
    rescaling,
    chances,
    rescales,
    skippedPercent: chances === 0 ? null : 100 * (1 - rescales / chances),
    error: errors.report(),
  }))
}
