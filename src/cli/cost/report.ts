import {
  type AttentionShape,
  attentionBreakEven,
  attentionCost,
  type BreakEven,
  breakEven,
  type Comparison,
  type CostOptions,
  type Device,
  gemmCost,
  type ModelCost,
  modelCost,
  type Pass,
} from '../../cost/index.js'
import type { OpenedModel } from './model.js'
import { combinations } from './ranges.js'

export type Lists<Name extends string> = Readonly<Record<Name, readonly number[]>>

/** One shape on one device. */
export interface Case {
  readonly device: string
  /** What may be swept, with its value here. */
  readonly shape: Readonly<Record<string, number>>
  readonly cost: Comparison
}

export interface GemmReport {
  readonly kind: 'gemm'
  readonly bytesPerWeight: number
  readonly cases: readonly Case[]
  readonly breakEven: readonly {
    readonly device: string
    readonly k: number
    readonly n: number
    readonly fused: BreakEven
    readonly throughMemory: BreakEven
  }[]
}

export interface AttentionReport {
  readonly kind: 'attention'
  readonly heads: Pick<AttentionShape, 'heads' | 'kvHeads' | 'headSize' | 'bytesPerElement'>
  readonly cases: readonly Case[]
  /** In rows. */
  readonly breakEven: readonly {
    readonly device: string
    readonly context: number
    readonly batch: number
    readonly fused: BreakEven
    readonly throughMemory: BreakEven
  }[]
}

export interface ModelReport {
  readonly kind: 'model'
  readonly model: string
  readonly passes: readonly {
    readonly device: string
    readonly name: 'prefill' | 'decode'
    readonly pass: Pass
    readonly cost: ModelCost
  }[]
}

export function gemmReport(
  devices: readonly Device[],
  lists: Lists<'m' | 'k' | 'n'>,
  bytesPerWeight: number,
  options: CostOptions,
): GemmReport {
  const { k, n } = lists
  return {
    kind: 'gemm',
    bytesPerWeight,
    cases: devices.flatMap(({ name, rates }) =>
      combinations(lists).map((shape) => ({
        device: name,
        shape,
        cost: gemmCost({ ...shape, bytesPerWeight }, rates, options),
      })),
    ),
    breakEven: devices.flatMap(({ name, rates }) =>
      combinations({ k, n }).map((shape) => ({
        device: name,
        ...shape,
        ...breakEven({ ...shape, bytesPerWeight }, rates, options),
      })),
    ),
  }
}

export function attentionReport(
  devices: readonly Device[],
  lists: Lists<'rows' | 'context' | 'batch'>,
  heads: AttentionReport['heads'],
  options: CostOptions,
): AttentionReport {
  return {
    kind: 'attention',
    heads,
    cases: devices.flatMap(({ name, rates }) =>
      combinations(lists).map((shape) => ({
        device: name,
        shape,
        cost: attentionCost({ ...heads, ...shape }, rates, options),
      })),
    ),
    breakEven: devices.flatMap(({ name, rates }) =>
      combinations({ context: lists.context, batch: lists.batch }).map((shape) => ({
        device: name,
        ...shape,
        ...attentionBreakEven({ ...heads, ...shape }, rates, options),
      })),
    ),
  }
}

/** Reading `rows` tokens of a prompt, and generating one behind so many, for each of `batch` sequences. */
export function modelReport(
  devices: readonly Device[],
  { name: model, shape }: OpenedModel,
  { rows, batch }: { readonly rows: number; readonly batch: number },
  options: CostOptions,
): ModelReport {
  const passes = [
    { name: 'prefill', pass: { rows, context: rows, batch } },
    { name: 'decode', pass: { rows: 1, context: rows + 1, batch } },
  ] as const
  return {
    kind: 'model',
    model,
    passes: devices.flatMap(({ name: device, rates }) =>
      passes.map(({ name, pass }) => ({ device, name, pass, cost: modelCost(shape, pass, rates, options) })),
    ),
  }
}
