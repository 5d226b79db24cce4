import { type AttentionShape, attentionCost } from './attention.js'
import type { DeviceRates } from './device.js'
import { checkPositive } from './device.js'
import { floatGemmCost, type GemmShape, gemmCost } from './gemm.js'
import type { CostOptions } from './options.js'
import { type Comparison, totalComparison } from './pipeline.js'

export interface ModelMatrix extends Omit<GemmShape, 'm'> {
  readonly name: string
  /** Whether it is stored as codes; numbers (F16, BF16, F32) cost the same in every pipeline. */
  readonly codes: boolean
  /** The output matrix is needed for the last token of a sequence only. */
  readonly lastTokenOnly?: boolean
}

/** A Llama-like decoder. */
export interface ModelShape {
  /** Every matrix that a token passes through, of all layers. */
  readonly matrices: readonly ModelMatrix[]
  readonly layers: number
  readonly attention: Pick<AttentionShape, 'heads' | 'kvHeads' | 'headSize' | 'bytesPerElement'>
}

export type Pass = Pick<AttentionShape, 'rows' | 'context' | 'batch'>

export interface ModelPart {
  /** Of the matrix, or 'attention'. */
  readonly name: string
  /** Times that it occurs with the same shape. */
  readonly count: number
  /** Undefined for attention. */
  readonly shape?: GemmShape
  /** Of one of them. */
  readonly cost: Comparison
}

export interface ModelCost {
  readonly parts: readonly ModelPart[]
  readonly total: Comparison
  /** rows · batch ÷ seconds: prompt tokens read, or tokens generated. */
  readonly tokensPerSecond: { readonly msd: number; readonly fused: number; readonly throughMemory: number }
}

/**
 * A pass of `rows` new tokens of each of `batch` sequences through a whole model: the matrices of all layers, attention
 * over the cache, and the output matrix. Norms, rotary embedding, SwiGLU and sampling are left out: they are the same
 * in all pipelines, and small.
 * @throws RangeError for shapes and rates that are not positive; for a model without matrices
 */
export function modelCost(
  model: ModelShape,
  pass: Pass,
  rates: DeviceRates,
  options: CostOptions = {},
): ModelCost {
  if (model.matrices.length === 0) throw new RangeError('modelCost: the model has no matrices')
  checkPositive('modelCost', 'layers', model.layers)
  const { rows, batch } = pass
  const parts = new Map<string, ModelPart>()
  for (const { name, codes, lastTokenOnly, ...matrix } of model.matrices) {
    const shape = { ...matrix, m: lastTokenOnly ? batch : rows * batch }
    const key = JSON.stringify([name, codes, shape])
    const found = parts.get(key)
    const cost = found?.cost ?? (codes ? gemmCost(shape, rates, options) : floatGemmCost(shape, rates))
    parts.set(key, { name, count: (found?.count ?? 0) + 1, shape, cost })
  }
  const attention = attentionCost({ ...model.attention, ...pass }, rates, options)
  const all = [...parts.values(), { name: 'attention', count: model.layers, cost: attention }]
  const total = totalComparison(all)
  const speed = (seconds: number) => (rows * batch) / seconds
  return {
    parts: all,
    total,
    tokensPerSecond: {
      msd: speed(total.msd.seconds),
      fused: speed(total.fused.seconds),
      throughMemory: speed(total.throughMemory.seconds),
    },
  }
}
