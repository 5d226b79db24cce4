import { type AttentionInput, type AttentionOptions, turnKey } from '../../../attention/index.js'
import type { ModelConfig } from '../../../engine/config.js'
import { keyTurn, type RopeFrequencies } from '../../../engine/rope.js'

/** One query head, with the keys and values that it reads, in float32 as a model has them. */
export interface Head extends AttentionInput {
  readonly q: Float32Array
  readonly k: Float32Array
  readonly v: Float32Array
  /** Turns a row of keys on by so many positions, in a model with a rotary embedding. */
  readonly turn?: Turn
}

export type Turn = (key: ArrayLike<number>, positions: number) => Float32Array

/** A layer's rows, as the graph has them. */
export interface LayerRows {
  /** [rows, heads · headSize] */
  readonly query: Float32Array
  /** [keys, kvHeads · headSize]; the queries are the last of them. */
  readonly key: Float32Array
  readonly value: Float32Array
}

type Shape = Pick<ModelConfig, 'heads' | 'kvHeads' | 'headSize'>

/** A query head of a layer; several share a head of keys and values. */
export function headOf({ query, key, value }: LayerRows, shape: Shape, head: number): Head {
  const { heads, kvHeads, headSize } = shape
  const shared = Math.floor(head / (heads / kvHeads))
  return {
    q: columns(query, heads * headSize, head * headSize, headSize),
    k: columns(key, kvHeads * headSize, shared * headSize, headSize),
    v: columns(value, kvHeads * headSize, shared * headSize, headSize),
    rows: query.length / (heads * headSize),
    keys: key.length / (kvHeads * headSize),
    headSize,
  }
}

/** The rotary embedding of a key, as if it stood so many positions later. */
export function turnOf(pairs: ModelConfig['rope']['pairs'], rope: RopeFrequencies): Turn {
  return (key, positions) => turnKey(Float32Array.from(key), keyTurn(rope, pairs, positions))
}

/** How the model's attention looks at its heads. */
export function optionsOf({ window, softcap }: ModelConfig): AttentionOptions {
  return { causal: true, window, softcap }
}

/** Columns first … first + count − 1 of x [rows, width]. */
function columns(x: Float32Array, width: number, first: number, count: number): Float32Array {
  const rows = x.length / width
  const part = new Float32Array(rows * count)
  for (let row = 0; row < rows; row++)
    part.set(x.subarray(row * width + first, row * width + first + count), row * count)
  return part
}

/** Rows after rows. */
export function joined(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
