import type { Trace } from '../../../engine/trace.js'
import type { ProductInput } from '../../../engine/visit.js'
import { dequantize, type GgufFile, type MatrixTypeName } from '../../../format/index.js'
import { joined } from '../attention/head.js'
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
  const all = Array.from({ length: trace.config.layers }, (_, layer) => layer)
  const missing = options.layers?.find((layer) => !all.includes(layer))
  if (missing !== undefined) {
    throw new RangeError(`there is no layer ${missing}; the model has layers 0 to ${all.length - 1}`)
  }
  const layers = options.layers ? all.filter((layer) => options.layers?.includes(layer)) : all
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
 * Weights of the matrix that an input is multiplied with, [rows · cols] in float64.
 * @param outputs rows at most; of a larger matrix so many, evenly spread
 * @throws FormatError if the file fails
 */
export async function matrixOf(
  file: GgufFile,
  { layer, input }: CapturedInput,
  outputs: number,
): Promise<{ type: MatrixTypeName; rows: number; weights: Float64Array }> {
  const matrix = file.matrix(`blk.${layer}.${MATRICES[input]}.weight`)
  const { name, type, cols, rowBytes } = matrix
  const rows = Math.min(outputs, matrix.rows)
  const bytes = new Uint8Array(rows * rowBytes)
  for (let i = 0; i < rows; i++) {
    const row = Math.floor((i * matrix.rows) / rows)
    await matrix.readRows(row, row + 1, bytes.subarray(i * rowBytes))
  }
  return { type, rows, weights: dequantize(type, bytes, rows, cols, { file: file.name, name }) }
}
