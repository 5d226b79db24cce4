import type { Backend, Tensor } from '../../backend/index.js'
import type { ModelConfig } from '../../engine/config.js'
import { ropeFrequencies } from '../../engine/rope.js'
import type { ModelWeights } from '../../engine/weights.js'
import { quantizedMatrixFromBytes, quantizeMatrix } from '../../format/index.js'
import type { Network } from '../trainer/network.js'
import type { ModelShape } from '../trainer/shape.js'
import type { RolloutType } from './rollouts.js'

/** The shape as the engine describes it. */
export function configOf(shape: ModelShape): ModelConfig {
  const { vocabulary, width, layers, heads, kvHeads, headSize, feedForward, context, epsilon, tied } = shape
  return {
    architecture: 'llama',
    name: undefined,
    layers,
    width,
    heads,
    kvHeads,
    headSize,
    feedForward,
    vocabulary,
    trainedContext: context,
    epsilon,
    rope: { width: headSize, base: shape.ropeBase, pairs: 'interleaved', scaling: { type: 'none' } },
    tied,
  }
}

/** The network's parameters as the engine's weights. */
export async function packNetwork(
  network: Network,
  type: RolloutType,
  backend: Backend,
  config: ModelConfig,
): Promise<ModelWeights> {
  const sizes = new Map(network.layout.parameters.map((parameter) => [parameter.name, parameter]))
  let byteLength = 0
  const matrix = async (part: string) => {
    const name = `${part}.weight`
    const { rows, cols } = sizes.get(name) as { rows: number; cols: number }
    const bytes = quantizeMatrix(network.parameter(name), rows, cols, type)
    const weight = await backend.weight(quantizedMatrixFromBytes(name, type, rows, cols, bytes))
    byteLength += weight.byteLength
    return weight
  }
  const vector = (part: string): Tensor => {
    const values = network.parameter(`${part}.weight`)
    const tensor = backend.tensor(1, values.length)
    backend.upload(tensor, values)
    return tensor
  }
  const embedding = await matrix('token_embd')
  const layers: ModelWeights['layers'][number][] = []
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `blk.${layer}.`
    layers.push({
      attentionNorm: vector(`${at}attn_norm`),
      query: await matrix(`${at}attn_q`),
      key: await matrix(`${at}attn_k`),
      value: await matrix(`${at}attn_v`),
      output: await matrix(`${at}attn_output`),
      feedForwardNorm: vector(`${at}ffn_norm`),
      gate: await matrix(`${at}ffn_gate`),
      up: await matrix(`${at}ffn_up`),
      down: await matrix(`${at}ffn_down`),
    })
  }
  const head = config.tied ? embedding : await matrix('output')
  const { width, base, scaling } = config.rope
  return {
    embedding,
    layers,
    outputNorm: vector('output_norm'),
    head,
    rope: ropeFrequencies(width, base, scaling),
    byteLength,
  }
}

/** All matrices, each once. */
export function weightsOf({ embedding, layers, head }: ModelWeights) {
  const each = layers.flatMap((w) => [w.query, w.key, w.value, w.output, w.gate, w.up, w.down])
  return new Set([embedding, ...each, head])
}
