import type { Floats } from '../../src/backend/index.js'
import { Random } from '../../src/engine/random.js'
import type { Batch, Network } from '../../src/rl/trainer/network.js'
import type { ModelShape } from '../../src/rl/trainer/shape.js'

/** Every part of the graph, each of another size, so that two of them cannot be taken for one another. */
export const SMALL: ModelShape = {
  vocabulary: 23,
  width: 12,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 6,
  feedForward: 20,
  context: 16,
  epsilon: 1e-5,
  ropeBase: 100,
  tied: true,
}

/** Random documents of these lengths, packed. */
export function batchOf({ vocabulary }: ModelShape, lengths: readonly number[], seed: number): Batch {
  const random = new Random(seed)
  const starts = [0]
  for (const length of lengths) starts.push(starts[starts.length - 1] + length)
  const rows = starts[starts.length - 1]
  const token = () => random.nextUint32() % vocabulary
  return {
    ids: Int32Array.from({ length: rows }, token),
    targets: Int32Array.from({ length: rows }, token),
    starts: Int32Array.from(starts),
    positions: Int32Array.from(lengths.flatMap((length) => Array.from({ length }, (_, i) => i))),
  }
}

/** First weights as usual, and gains from 0.5 to 1.5: no branch of the formulas is nearly linear, and logits are far apart. */
export function lively(network: Network<Floats>, seed: number): void {
  network.initialise(seed)
  const random = new Random(seed)
  for (const { name, kind } of network.layout.parameters) {
    if (kind === 'matrix') continue
    const values = network.parameter(name)
    for (let i = 0; i < values.length; i++) values[i] = 0.5 + random.nextDouble()
  }
}
