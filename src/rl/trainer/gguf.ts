import type { GgufFile, GgufTensorInput, GgufWritable } from '../../format/index.js'
import type { Network } from './network.js'
import type { ModelShape } from './shape.js'

/** Keys `tokenizer.ggml.*`. */
export type TokenizerMetadata = ReadonlyMap<string, GgufWritable>

/** The metadata of a model file. */
export function modelMetadata(
  shape: ModelShape,
  tokenizer: TokenizerMetadata,
  name: string,
): Map<string, GgufWritable> {
  return new Map<string, GgufWritable>([
    ['general.architecture', 'llama'],
    ['general.name', name],
    ['llama.block_count', shape.layers],
    ['llama.context_length', shape.context],
    ['llama.embedding_length', shape.width],
    ['llama.feed_forward_length', shape.feedForward],
    ['llama.attention.head_count', shape.heads],
    ['llama.attention.head_count_kv', shape.kvHeads],
    ['llama.attention.key_length', shape.headSize],
    ['llama.attention.value_length', shape.headSize],
    ['llama.attention.layer_norm_rms_epsilon', { f32: shape.epsilon }],
    ['llama.rope.dimension_count', shape.headSize],
    ['llama.rope.freq_base', { f32: shape.ropeBase }],
    ['llama.vocab_size', shape.vocabulary],
    ...tokenizer,
  ])
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** The network's parameters as tensors of a file, in float32. */
export function floatTensors(network: Network): GgufTensorInput[] {
  return network.layout.parameters.map(({ name, rows, cols, kind }) => ({
    name,
    type: 'F32' as const,
    dims: kind === 'vector' ? [cols] : [cols, rows],
    bytes: () => bytesOf(network.parameter(name)),
  }))
}

/** The tokenizer of a file, to be written into another. */
export function tokenizerMetadata(file: GgufFile): TokenizerMetadata {
  const entries: [string, GgufWritable][] = []
  for (const [key, value] of file.metadata) {
    if (key.startsWith('tokenizer.')) entries.push([key, value as GgufWritable])
  }
  return new Map(entries)
}
