import type { BlockTurn } from '../attention/index.js'
import type { MatrixTypeName, QuantizedMatrix } from '../format/index.js'

/** Activations of one scale when the granularity is 'group'; also the group of most weight formats. */
export const GROUP = 32

/** How activations are split: how many 8-bit digits, and over what range they share a scale. */
export interface DigitOptions {
  /** Digits of each activation: 1 (8 bits), 2 (16 bits) or 3 (24 bits). */
  readonly passes: 1 | 2 | 3
  /** 'group': one scale per 32 activations. 'row': one per token, as in the paper. */
  readonly granularity: 'row' | 'group'
}

/** A float32 matrix [rows, cols], row-major, owned by one backend. */
export interface Tensor {
  readonly rows: number
  readonly cols: number
}

/** Room for the digits of up to `rows` rows of `cols` activations. */
export interface Digits extends DigitOptions {
  readonly rows: number
  readonly cols: number
}

/** A weight matrix [rows, cols] in the backend's own layout; a product maps cols to rows. */
export interface Weight {
  readonly name: string
  readonly rows: number
  readonly cols: number
  readonly type: MatrixTypeName
  /** False for F32, F16 and BF16, which take activations as they are. */
  readonly quantized: boolean
  readonly byteLength: number
}

/**
 * How keys and values are stored. `int8` and `mxfp4` are codes that attention multiplies as they are: a byte and a scale
 * for each token and head, or four bits and a power of two for 32 elements.
 */
export type CacheType = 'f32' | 'f16' | 'int8' | 'mxfp4'

export interface CacheShape {
  readonly type: CacheType
  readonly layers: number
  readonly kvHeads: number
  readonly headSize: number
  /** Positions of all sequences together; whole pages of 64 are made. */
  readonly capacity: number
  /**
   * For codes: from the keys of each page the mean of the page before is taken, turned on by 64 positions, before they are
   * quantised, and added to their scores again (`nextKeyShift` of multiscale/attention). Default: nothing is taken.
   */
  readonly keyShift?: BlockTurn
  /**
   * Multi-head latent attention in its absorbed form (`absorbMla` of multiscale/attention): all heads share one row of
   * `headSize` elements a position, which is their key, and whose first `latent` elements are their value. No values are
   * stored. For kvHeads 1; `int8` gives the latent elements a scale of their own. DeepSeek-V2: headSize 576, latent 512.
   */
  readonly latent?: number
}

/**
 * Keys and values of a sequence, in pages of 64 positions from a pool that it has in common with its forks. Overwriting
 * a position forgets what it held.
 */
export interface KvCache extends CacheShape {
  /** Positions that were appended. */
  readonly length: number
  /** Positions that can still be stored, by this sequence and its forks together. */
  readonly free: number
  /** Of the pool. */
  readonly byteLength: number
  /**
   * Another sequence that begins with the first `positions` of this one, and shares their pages until one of
   * the two writes to them; with 0, a new sequence in the same pool. Frees of all of them free the pool.
   */
  fork(positions: number): KvCache
  /** Forgets all but the first `positions`; their pages are free again. */
  truncate(positions: number): void
}

/** The tokens of a pass that belong to one sequence: they come one after the other in the pass. */
export interface Sequence {
  readonly cache: KvCache
  /** Position of the first of them; all before it must be in the cache. */
  readonly position: number
  readonly tokens: number
}

/** Where the rows of a pass belong. It is good until a cache of it is truncated, forked, freed or in another pass. */
export interface Pass {
  readonly rows: number
  /** [rows] */
  readonly positions: Int32Array
}

export interface RopeOptions {
  readonly heads: number
  /** [positions, width]: per position cos of width/2 angles, then their sin. Elements beyond width stay. */
  readonly table: Tensor
  /** [rows] */
  readonly positions: Int32Array
  /** 'interleaved' turns pairs (2i, 2i + 1), 'half' pairs (i, i + width/2). */
  readonly pairs: 'interleaved' | 'half'
}

export interface AttentionOptions {
  readonly layer: number
  readonly heads: number
  /** Factor of the scores, usually 1/√headSize. */
  readonly scale: number
  /** For a cache of codes: digits of queries and of probabilities. Default 2. */
  readonly passes?: 1 | 2
  /** A row sees so many positions at most, its own and those before it. Default: all. */
  readonly window?: number
  /** Scores s, the scale included, become softcap · tanh(s / softcap). Default: they stay. */
  readonly softcap?: number
}

export interface WeightOptions {
  /** A factor of all weights, positive and finite as a float32; default 1. */
  readonly scale?: number
  readonly signal?: AbortSignal
  /** Called with the bytes taken from the file since the last call. */
  readonly onProgress?: (bytes: number) => void
}

/**
 * The seam between the model graph and the machine: the graph is written once, over opaque tensors.
 *
 * Every operation has one meaning on all backends. Exact: the digits, and the sums Σ digit · code of each
 * group. Float results agree with the reference backend within a tolerance that follows from float32, the
 * length of the sum and its magnitude (test/contract). A row's result never depends on the other rows of
 * the batch. Operations may be queued: only `read` waits. Wrong shapes throw RangeError, and so does a
 * tensor, weight, digits or cache of another backend.
 */
export interface Backend {
  readonly name: 'reference' | 'native' | 'wasm'
  /** The kernel variant, for example 'avx512vnni'. */
  readonly variant: string
  readonly threads: number
  /** Threads for products of up to four tokens: memory may feed fewer than all. */
  readonly decodeThreads: number
  /** Bytes that its memory can grow to, where that is less than what the system has. */
  readonly memoryLimit?: number

  /**
   * Packs a matrix, reading it in pieces.
   * @throws FormatError for scales in the file that are not finite; RangeError for an impossible `scale`
   */
  weight(matrix: QuantizedMatrix, options?: WeightOptions): Promise<Weight>
  /**
   * Measures how many threads decode fastest with these weights, for decodeThreads. Takes some tens of milliseconds.
   * Results never depend on it.
   */
  tune(weights: readonly Weight[]): Promise<void>
  /** Zeros. */
  tensor(rows: number, cols: number): Tensor
  /** The rows begin … end − 1 of a tensor, sharing its memory. */
  rows(tensor: Tensor, begin: number, end: number): Tensor
  /** Copies values [rows · cols] into a tensor. */
  upload(tensor: Tensor, values: ArrayLike<number>): void
  /** A copy of a tensor's values [rows · cols], after everything queued before; in `into`, if given, of that length. */
  read(tensor: Tensor, into?: Float32Array): Promise<Float32Array>

  digits(rows: number, cols: number, options: DigitOptions): Digits
  /** Splits the activations x [rows, cols]; see multiscale/msd. @throws Error naming row and column of a value that is not finite */
  decompose(x: Tensor, digits: Digits): void
  /** out [rows, weight.rows] = scale · (x · Wᵀ) (+ bias [1, weight.rows]): the MSD product for digits, a float one for a tensor. */
  linear(x: Digits | Tensor, weight: Weight, out: Tensor, bias?: Tensor): void
  /** out [ids.length, weight.cols]: the weight's rows of those numbers, times its scale. */
  embed(weight: Weight, ids: ArrayLike<number>, out: Tensor): void
  /** out = x / √(mean(x²) + epsilon) · gain [1, cols], row by row; out may be x. */
  rmsNorm(x: Tensor, gain: Tensor, epsilon: number, out: Tensor): void
  /** Rotary position embedding of x [rows, heads · headSize], in place. */
  rope(x: Tensor, options: RopeOptions): void
  /** out = silu(gate) · up, SwiGLU's product; out may be gate. */
  gatedActivation(gate: Tensor, up: Tensor, out: Tensor): void
  /** x += y */
  add(x: Tensor, y: Tensor): void

  cache(shape: CacheShape): KvCache
  /**
   * Makes room for the tokens of a pass, in caches of one pool; a sequence comes once.
   * @throws CacheFullError, before anything is changed
   */
  pass(sequences: readonly Sequence[]): Pass
  /**
   * Stores k and v [rows, kvHeads · headSize] of a layer; of latent rows, k alone.
   * @throws Error naming the row of a value that is not finite, where the cache holds codes
   */
  append(pass: Pass, layer: number, k: Tensor, v?: Tensor): void
  /**
   * out = softmax(cap(scale · q · Kᵀ)) · V, causal, within each sequence; q and out [rows, heads · headSize], of latent rows
   * out [rows, heads · latent].
   */
  attention(q: Tensor, pass: Pass, out: Tensor, options: AttentionOptions): void

  /** Frees at once; the object is of no use afterwards. */
  free(object: Weight | Digits | KvCache): void
  /** Frees everything and ends the threads. */
  close(): void
}
