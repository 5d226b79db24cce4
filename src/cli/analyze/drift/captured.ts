import { ATTENTION_BLOCK } from '../../../attention/index.js'
import type { Trace } from '../../../engine/trace.js'
import { PRODUCT_INPUTS } from '../../../engine/visit.js'
import { capture } from '../attention/capture.js'
import { headOf, type LayerRows, turnOf } from '../attention/head.js'
import { shiftKeys } from '../attention/key-shift.js'
import { chosenLayers } from '../layers.js'
import { captureInputs } from '../msd/capture.js'
import type { GridFormat } from './formats.js'
import type { Batch, PartInput } from './parts.js'

/**
 * What a cache holds of a model: keys and values as they are, and keys less the mean of the 64 before them, turned on by the rotary
 * embedding (`--kv-shift`).
 */
export const CACHE_ROWS = ['keys', 'shifted-keys', 'values'] as const
export type CacheRows = (typeof CACHE_ROWS)[number]
export const CAPTURED = [...PRODUCT_INPUTS, ...CACHE_ROWS] as const
export type Captured = (typeof CAPTURED)[number]

export interface CaptureChoice {
  /** All that there are if left out. */
  readonly tensors?: readonly Captured[]
  readonly layers?: readonly number[]
  readonly activations: readonly GridFormat[]
  readonly cache: readonly GridFormat[]
  readonly signal?: AbortSignal
}

/**
 * What goes into a model's products and into its cache for a sequence of its own: a part for each name, layers together.
 * @throws RangeError for a layer that the model does not have, and for shifted keys of a sequence without any
 */
export async function capturedParts(
  trace: Trace,
  ids: ArrayLike<number>,
  { tensors, layers, activations, cache, signal }: CaptureChoice,
): Promise<PartInput[]> {
  const chosen = chosenLayers(trace.config.layers, layers)
  if (tensors?.includes('shifted-keys') && ids.length <= ATTENTION_BLOCK) {
    throw new RangeError(
      `keys are shifted from the ${ATTENTION_BLOCK + 1}th token on, and there are ${ids.length}; ` +
        'take a longer --prompt and more --rows, or leave shifted-keys out of --tensor',
    )
  }
  const wanted = tensors ?? CAPTURED.filter((name) => name !== 'shifted-keys' || ids.length > ATTENTION_BLOCK)
  const inputs = activations.length > 0 ? PRODUCT_INPUTS.filter((name) => wanted.includes(name)) : []
  const rows = cache.length > 0 ? CACHE_ROWS.filter((name) => wanted.includes(name)) : []
  const parts: PartInput[] = []
  if (inputs.length > 0) {
    const captured = await captureInputs(trace, ids, inputs, { layers: chosen, signal })
    for (const data of inputs) {
      const own = captured.filter(({ input }) => input === data)
      const batches = own.map(({ activations: { x, rows, cols } }) => () => ({ x, rows, cols }))
      parts.push({ source: 'activations', data, layers: chosen, formats: activations, batches })
    }
  }
  if (rows.length > 0) {
    const captured = await capture(trace, ids, signal)
    for (const data of rows) {
      const batches = chosen.flatMap((layer) => cacheBatches(trace, captured[layer], data))
      parts.push({ source: 'cache', data, layers: chosen, formats: cache, batches })
    }
  }
  return parts
}

/** The rows of each head of a layer. */
function cacheBatches({ config, rope }: Trace, layer: LayerRows, data: CacheRows): (() => Batch)[] {
  const { heads, kvHeads } = config
  return Array.from({ length: kvHeads }, (_, h) => () => {
    const head = headOf(layer, config, (h * heads) / kvHeads)
    const shape = { rows: head.keys, cols: head.headSize }
    if (data === 'values') return { x: head.v, ...shape }
    if (data === 'keys') return { x: head.k, ...shape }
    const turn = turnOf(config.rope.pairs, rope)
    return { x: shiftKeys({ ...head, turn }, 'turned').rest, original: head.k, ...shape }
  })
}
