import { quantizeMatrix, writeGguf } from '../../format/index.js'
import { bytesOf, modelMetadata, type TokenizerMetadata } from './gguf.js'
import type { Network } from './network.js'

/** How a model file stores its matrices. */
export const EXPORT_TYPES = ['F32', 'F16', 'Q8_0', 'Q4_0', 'MXFP4'] as const
export type ExportType = (typeof EXPORT_TYPES)[number]

/**
 * Writes a network as a model file: matrices in `type`, with the scales that lose least, gains of norms in float32.
 * @returns the file's length in bytes
 */
export function exportModel(
  path: string,
  network: Network,
  { type, tokenizer, name }: { type: ExportType; tokenizer: TokenizerMetadata; name: string },
): Promise<number> {
  const tensors = network.layout.parameters.map((parameter) => {
    const { rows, cols } = parameter
    const values = network.parameter(parameter.name)
    return parameter.kind === 'vector'
      ? { name: parameter.name, type: 'F32' as const, dims: [cols], bytes: bytesOf(values) }
      : { name: parameter.name, type, rows, cols, bytes: () => quantizeMatrix(values, rows, cols, type) }
  })
  return writeGguf(path, { metadata: modelMetadata(network.shape, tokenizer, name), tensors })
}
