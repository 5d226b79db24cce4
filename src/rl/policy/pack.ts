import type { Backend } from '../../backend/index.js'
import type { ModelConfig } from '../../engine/config.js'
import { ropeFrequencies } from '../../engine/rope.js'
import { assembleWeights, type ModelWeights } from '../../engine/weights.js'
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
  const matrix = async (name: string) => {
    const { rows, cols } = sizes.get(name) as { rows: number; cols: number }
    const bytes = quantizeMatrix(network.parameter(name), rows, cols, type)
    const weight = await backend.weight(quantizedMatrixFromBytes(name, type, rows, cols, bytes))
    byteLength += weight.byteLength
    return weight
  }
  const vector = async (name: string) => {
    const values = network.parameter(name)
    const tensor = backend.tensor(1, values.length)
    backend.upload(tensor, values)
    return tensor
  }
  const tensors = await assembleWeights(config, { matrix, vector })
  const { width, base, scaling } = config.rope
  return { ...tensors, rope: ropeFrequencies(width, base, scaling), byteLength }
}
