import type { ModelMatrix, ModelShape } from '../../cost/index.js'
import { modelConfig } from '../../engine/config.js'
import { openGguf, tensorType } from '../../format/index.js'

export interface OpenedModel {
  readonly name: string
  readonly shape: ModelShape
  /** Positions that the model was trained for. */
  readonly trainedContext: number
}

/** Reads the header only. @throws FormatError as modelConfig */
export async function readModel(path: string, bytesPerElement: number): Promise<OpenedModel> {
  await using file = await openGguf(path)
  const config = modelConfig(file)
  const output = config.tied ? 'token_embd.weight' : 'output.weight'
  const matrices: ModelMatrix[] = []
  for (const [name, { shape, type, byteLength }] of file.tensors) {
    const [n, k] = shape
    const isVector = n === 1
    if (isVector || (name === 'token_embd.weight' && name !== output)) continue
    matrices.push({
      name: name.replace(/^blk\.\d+\./, '').replace(/\.weight$/, ''),
      ...{ k, n, bytesPerWeight: byteLength / (n * k) },
      codes: tensorType(type).kind === 'codes',
      lastTokenOnly: name === output,
    })
  }
  const { layers, heads, kvHeads, headSize, trainedContext } = config
  return {
    name: config.name ?? path,
    shape: { matrices, layers, attention: { heads, kvHeads, headSize, bytesPerElement } },
    trainedContext,
  }
}
