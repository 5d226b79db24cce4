import { checkPositive, checkRates, type DeviceRates } from './device.js'
import { codePipelines } from './gemm.js'
import { type CostOptions, checkOptions } from './options.js'
import type { Comparison } from './pipeline.js'

/** softmax(q·Kᵀ)·V of one layer over a quantised cache. */
export interface AttentionShape {
  /** Query heads. */
  readonly heads: number
  /** Key and value heads; `heads / kvHeads` query heads share one, and one reading of it. */
  readonly kvHeads: number
  readonly headSize: number
  /** L: cached positions of each sequence, those of the rows included. */
  readonly context: number
  /** New tokens of each sequence: 1 decodes, more are a prompt. They are the last of the context. */
  readonly rows: number
  /** Sequences, each with a cache of its own. */
  readonly batch: number
  /** Of each cached number, scales included (INT8: 1 and a share of its scale). */
  readonly bytesPerElement: number
}

/** Query–key pairs of one head of one sequence: row i of M sees L − M + i + 1 keys, Σ = M·L − M·(M − 1)/2. */
export function visiblePairs({ rows, context }: Pick<AttentionShape, 'rows' | 'context'>): number {
  return rows * context - (rows * (rows - 1)) / 2
}

/**
 * Attention by MSD and by dequantising pipelines (msd.md §4 and §5). Both products, scores and values, follow the
 * equations of `gemmCost`; they are one pipeline, in which the cache is read once, or once for each pass. With E
 * cached numbers, Π pairs, S sequences, H heads of d elements:
 *
 *     codes         E = 2·S·kvHeads·L·d
 *     multiply-adds 2·S·H·Π·d
 *     digits of     S·H·(M·d + Π)         queries, and probabilities times value scales
 *     combined      S·H·(Π + M·d)         scores, and the result
 *
 * The softmax is the same work in all three and is left out. Bytes for each cached number of b = 1: through memory
 * 1 + 2 + 2 = 5, fused 1; MSD 1, or p with a read for each pass.
 * @throws RangeError naming what is not a positive number; if heads do not share evenly; if there are more rows than context
 */
export function attentionCost(
  shape: AttentionShape,
  rates: DeviceRates,
  options: CostOptions = {},
): Comparison {
  const where = 'attentionCost'
  checkAttention(where, shape)
  checkRates(where, rates)
  const { heads, kvHeads, headSize, context, rows, batch, bytesPerElement } = shape
  const pairs = batch * heads * visiblePairs(shape)
  const queries = batch * heads * rows * headSize
  return codePipelines(
    {
      codes: 2 * batch * kvHeads * context * headSize,
      bytesPerCode: bytesPerElement,
      multiplyAdds: 2 * pairs * headSize,
      activations: queries + pairs,
      results: pairs + queries,
    },
    rates,
    checkOptions(where, options),
  )
}

export function checkAttention(where: string, shape: AttentionShape): void {
  const { heads, kvHeads, headSize, context, rows, batch, bytesPerElement } = shape
  const values = { heads, kvHeads, headSize, context, rows, batch, bytesPerElement }
  for (const [name, value] of Object.entries(values)) checkPositive(where, name, value)
  if (heads % kvHeads !== 0)
    throw new RangeError(`${where}: ${heads} query heads cannot share ${kvHeads} key heads evenly`)
  if (rows > context)
    throw new RangeError(`${where}: ${rows} rows do not fit a context of ${context}, which includes them`)
}
