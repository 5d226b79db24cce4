import type { Backend, Tensor } from '../backend/index.js'

/** A layer's attention within the graph; the tensors are good until the visitor is done. */
export interface AttentionTensors {
  readonly layer: number
  /** [rows] */
  readonly positions: Int32Array
  /** [rows, heads · headSize], after the rotary embedding. */
  readonly query: Tensor
  /** [rows, kvHeads · headSize], after the rotary embedding: as they were appended to the cache. */
  readonly key: Tensor
  /** [rows, kvHeads · headSize] */
  readonly value: Tensor
  /** [rows, heads · headSize]: the result. What is uploaded here goes on in its place. */
  readonly attended: Tensor
}

/** The same as numbers, each array a copy. */
export interface LayerAttention {
  readonly layer: number
  readonly positions: Int32Array
  readonly query: Float32Array
  readonly key: Float32Array
  readonly value: Float32Array
  readonly attended: Float32Array
}

/** Called with every layer's attention; numbers [rows · heads · headSize] that it returns go on in place of `attended`. */
export type AttentionVisitor = (attention: LayerAttention) => ArrayLike<number> | undefined

/**
 * What goes into a layer's products, named by the first of those that share it: `q` also into k and v, `output` is attention's
 * result, `gate` also goes into up, `down` is the gated activation.
 */
export const PRODUCT_INPUTS = ['q', 'output', 'gate', 'down'] as const
export type ProductInput = (typeof PRODUCT_INPUTS)[number]

/** Called with every layer's inputs of products, x [rows · cols], each array a copy. */
export type InputVisitor = (input: { layer: number; input: ProductInput; x: Float32Array }) => void

/** What `Graph.forward` calls, for a visitor that wants numbers. */
export function visitNumbers(
  backend: Backend,
  visitor: AttentionVisitor,
): (tensors: AttentionTensors) => Promise<void> {
  return async ({ layer, positions, query, key, value, attended }) => {
    const numbers = {
      layer,
      positions: positions.slice(),
      query: await backend.read(query),
      key: await backend.read(key),
      value: await backend.read(value),
      attended: await backend.read(attended),
    }
    const other = visitor(numbers)
    if (other) backend.upload(attended, other)
  }
}
