import { modelConfig } from '../../../engine/config.js'
import { FormatError, type GgufFile, tensorType } from '../../../format/index.js'
import { chosenLayers } from '../layers.js'
import { readMatrixRows } from '../matrix-rows.js'
import { type WeightType, weightFormat } from './formats.js'
import type { Batch, PartInput } from './parts.js'

const NAMES = {
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  output: 'attn_output',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
} as const
export type MatrixKind = keyof typeof NAMES
export const MATRIX_KINDS = Object.keys(NAMES) as readonly MatrixKind[]

/**
 * The matrices of a model of float weights: a part for each kind, layers together. Types of which a kind's rows are not whole blocks are
 * left out.
 *
 * @param rows of each matrix at most, evenly spread
 * @throws FormatError for a matrix of codes @throws RangeError for a layer that the model does not have, or if no type fits any kind
 */
export function weightParts(
  file: GgufFile,
  choice: {
    readonly kinds: readonly MatrixKind[]
    readonly layers?: readonly number[]
    readonly types: readonly WeightType[]
    readonly rows: number
  },
): PartInput[] {
  const layers = chosenLayers(modelConfig(file).layers, choice.layers)
  const parts = choice.kinds.map((data): PartInput => {
    const names = layers.map((layer) => `blk.${layer}.${NAMES[data]}.weight`)
    const cols = names.map((name) => floatMatrixCols(file, name))
    const formats = choice.types.map(weightFormat)
    const fits = ({ block }: { block: number }) => cols.every((count) => count % block === 0)
    const unfit = formats.filter((format) => !fits(format)).map(({ name }) => name)
    const batches = names.map((name) => () => readBatch(file, name, choice.rows))
    return { source: 'weights', data, layers, formats: formats.filter(fits), unfit, batches }
  })
  if (parts.some(({ formats }) => formats.length > 0)) return parts
  throw new RangeError(
    `rows of these matrices are no whole blocks of ${choice.types.join(' or ')}; choose another --type`,
  )
}

function floatMatrixCols(file: GgufFile, name: string): number {
  const { type, cols } = file.matrix(name)
  if (tensorType(type).kind === 'float') return cols
  throw new FormatError(
    file.name,
    `tensor ${JSON.stringify(name)} is ${type}, so its weights have been moved already; take the F32, F16 or BF16 file that the ` +
      'model was quantised from, or train one (multiscale train)',
  )
}

async function readBatch(file: GgufFile, name: string, most: number): Promise<Batch> {
  const { rows, cols, weights } = await readMatrixRows(file, name, most)
  return { x: Float32Array.from(weights), rows, cols }
}
