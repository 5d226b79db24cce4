import type { TrainingOperations } from '../../backend/index.js'
import { modelConfig, readTokenizer } from '../../engine/config.js'
import { checkTensors } from '../../engine/weights.js'
import { type ByteSourceInput, dequantize, FormatError, openGguf } from '../../format/index.js'
import type { Tokenizer } from '../../tokenizer/index.js'
import { type TokenizerMetadata, tokenizerMetadata } from '../trainer/gguf.js'
import { Network } from '../trainer/network.js'
import type { ModelShape } from '../trainer/shape.js'

export interface LoadedNetwork {
  readonly network: Network
  readonly tokenizer: Tokenizer
  /** To write the network back with `exportModel`. */
  readonly tokenizerMetadata: TokenizerMetadata
  readonly name: string
}

/**
 * A model file as a network that can be trained; quantised weights become the float32 numbers they stand for.
 * @param options rows: most tokens of one batch, default 2048. context: longest sequence, default the model's, at most
 *   that
 * @throws FormatError for a file that is no model, or has parts that the trainer does not know: biases, scaled rotary
 *   angles, heads that are rotated in part
 */
export async function loadNetwork(
  source: ByteSourceInput,
  operations: TrainingOperations<Float32Array>,
  options: { rows?: number; context?: number } = {},
): Promise<LoadedNetwork> {
  await using file = await openGguf(source)
  const config = modelConfig(file)
  const refuse = (what: string): never => {
    throw new FormatError(file.name, `has ${what}, which cannot be trained; only plain Llama models can`)
  }
  if (config.architecture !== 'llama') refuse(`the architecture '${config.architecture}'`)
  if (config.rope.scaling.type !== 'none' || file.tensors.has('rope_freqs.weight'))
    refuse('scaled rotary angles')
  if (config.window !== undefined || config.softcap !== undefined)
    refuse('a window or a softcap of its attention')
  if (config.rope.width !== config.headSize) refuse('heads that are rotated in part')
  checkTensors(file, config)
  const { vocabulary, width, layers, heads, kvHeads, headSize, feedForward, epsilon, tied } = config
  const context = Math.min(options.context ?? config.trainedContext, config.trainedContext)
  const ropeBase = config.rope.base
  const shape: ModelShape = {
    vocabulary,
    width,
    layers,
    heads,
    kvHeads,
    headSize,
    feedForward,
    context,
    epsilon,
    ropeBase,
    tied,
  }
  const network = new Network(operations, shape, Math.max(options.rows ?? 2048, context))
  const known = new Set(network.layout.parameters.map(({ name }) => name))
  for (const name of file.tensors.keys()) if (!known.has(name)) refuse(`a tensor '${name}'`)
  for (const { name } of network.layout.parameters) {
    const matrix = file.matrix(name)
    const { type, rows, cols } = matrix
    const bytes = await matrix.readRows(0, rows)
    network.parameter(name).set(dequantize(type, bytes, rows, cols, { name }))
  }
  return {
    network,
    tokenizer: readTokenizer(file, config),
    tokenizerMetadata: tokenizerMetadata(file),
    name: config.name ?? file.name,
  }
}
