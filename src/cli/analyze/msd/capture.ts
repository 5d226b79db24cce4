import type { Trace } from '../../../engine/trace.js'
import type { ProductInput } from '../../../engine/visit.js'
import type { GgufFile } from '../../../format/index.js'
import { joined } from '../attention/head.js'
import { chosenLayers } from '../layers.js'
import { type MatrixRows, readMatrixRows } from '../matrix-rows.js'
import type { Activations } from './schemes.js'

/** What went into a layer's product. */
export interface CapturedInput {
  readonly layer: number
  readonly input: ProductInput
  readonly activations: Activations
}

/** The matrix that stands for those that share an input. */
const MATRICES: Readonly<Record<ProductInput, string>> = {
  q: 'attn_q',
  output: 'attn_output',
  gate: 'ffn_gate',
  down: 'ffn_down',
}

/**
 * The inputs of a model's products for a sequence of its own, input by input, layers ascending.
 * @param layers which ones; all if left out
 * @throws RangeError for a layer that the model does not have
 */
export async function captureInputs(
  trace: Trace,
  ids: ArrayLike<number>,
  inputs: readonly ProductInput[],
  options: { readonly layers?: readonly number[]; readonly signal?: AbortSignal } = {},
): Promise<CapturedInput[]> {
  const layers = chosenLayers(trace.config.layers, options.layers)
  const seen = new Map<string, Float32Array>()
  trace.truncate(0)
  await trace.push(ids, {
    signal: options.signal,
    visitInput: ({ layer, input, x }) => {
      if (!inputs.includes(input) || !layers.includes(layer)) return
      const before = seen.get(`${input} ${layer}`)
      seen.set(`${input} ${layer}`, before ? joined(before, x) : x)
    },
  })
  const rows = ids.length
  return inputs.flatMap((input) =>
    layers.map((layer) => {
      const x = seen.get(`${input} ${layer}`) as Float32Array
      return { layer, input, activations: { x, rows, cols: x.length / rows } }
    }),
  )
}

/**
 * Weights of the matrix that an input is multiplied with.
 * @param outputs rows at most; of a larger matrix so many, evenly spread
 * @throws FormatError if the file fails
 */
export function matrixOf(
  file: GgufFile,
  { layer, input }: CapturedInput,
  outputs: number,
): Promise<MatrixRows> {
  return readMatrixRows(file, `blk.${layer}.${MATRICES[input]}.weight`, outputs)
}
