import type { Trace } from '../../../engine/trace.js'
import { joined, type LayerRows } from './head.js'

/** Every layer's queries, keys and values for a sequence of its own. */
export async function capture(
  trace: Trace,
  ids: ArrayLike<number>,
  signal?: AbortSignal,
): Promise<LayerRows[]> {
  const none = new Float32Array(0)
  const layers: LayerRows[] = Array.from({ length: trace.config.layers }, () => ({
    query: none,
    key: none,
    value: none,
  }))
  trace.truncate(0)
  await trace.push(ids, {
    signal,
    visit: ({ layer, query, key, value }) => {
      const before = layers[layer]
      layers[layer] = {
        query: joined(before.query, query),
        key: joined(before.key, key),
        value: joined(before.value, value),
      }
      return undefined
    },
  })
  return layers
}
