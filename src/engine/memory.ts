import { freemem } from 'node:os'
import {
  type BackendName,
  type CacheType,
  cachePositionBytes,
  PACKED_BITS,
  PAGE,
  WASM_PACKED_BITS,
} from '../backend/index.js'
import { type GgufFile, type TensorInfo, tensorType } from '../format/index.js'
import type { ModelConfig } from './config.js'

/** Bytes that a loaded model takes, estimated from its header before anything is loaded. */
export interface MemoryEstimate {
  readonly weights: number
  readonly cache: number
  /** Activations, logits, rotary table, read buffers and the JavaScript runtime. */
  readonly other: number
  readonly total: number
}

/** A Node process with a worker, before any model. */
const RUNTIME_BYTES = 90 << 20
const READ_BUFFERS = 8 << 20

/** Whether a cache holds codes, which are multiplied as they are. */
export function holdsCodes(type: CacheType): boolean {
  return type === 'int8' || type === 'mxfp4'
}

/** What a cache holds if nobody says: 'int8' where it can. */
export function defaultCacheType(backend: BackendName, { headSize }: ModelConfig): CacheType {
  return backend === 'wasm' || headSize > 512 ? 'f32' : 'int8'
}

/** Bytes of the keys and values of one position, those of a key shift included. */
export function cacheBytesPerToken(
  { layers, kvHeads, headSize }: ModelConfig,
  type: CacheType,
  keyShift = holdsCodes(type),
): number {
  return cachePositionBytes({ type, layers, kvHeads, headSize, keyShift })
}

/** What a backend makes of a tensor. */
export function packedBytes({ shape, type, byteLength }: TensorInfo, backend: BackendName): number {
  const count = shape[0] * shape[1]
  // The reference backend keeps a byte a code and float32 scales (or float32 values).
  if (backend === 'reference') return count * (tensorType(type).kind === 'codes' ? 1.25 : 4)
  const bits = (backend === 'wasm' ? WASM_PACKED_BITS : PACKED_BITS)[type]
  return bits === undefined ? byteLength : (count * bits) / 8
}

/** Logits computed at a time when every position's are wanted: bounds their buffer to about 16 MB. */
const LOGIT_FLOATS = 4 << 20

/** Rows of logits computed at a time. */
export function logitRows(batch: number, vocabulary: number): number {
  return Math.max(1, Math.min(batch, Math.floor(LOGIT_FLOATS / vocabulary)))
}

export function estimateMemory(
  file: GgufFile,
  config: ModelConfig,
  options: {
    readonly backend: BackendName
    readonly context: number
    readonly cacheType: CacheType
    /** Default: as `cacheBytesPerToken`. */
    readonly keyShift?: boolean
    readonly batch: number
  },
): MemoryEstimate {
  const { context, cacheType, keyShift, batch } = options
  let weights = 0
  for (const tensor of file.tensors.values()) weights += packedBytes(tensor, options.backend)
  const { width, heads, kvHeads, headSize, feedForward, vocabulary } = config
  const activations = batch * (2 * width + 2 * heads * headSize + 2 * kvHeads * headSize + 2 * feedForward)
  const digits = batch * (width + heads * headSize + feedForward)
  const logits = 2 * logitRows(batch, vocabulary) * vocabulary // the buffer and the copy that is read
  // The reference backend keeps a float32 for everything; its scales are little beside that.
  const positionBytes =
    options.backend === 'reference'
      ? cacheBytesPerToken(config, 'f32')
      : cacheBytesPerToken(config, cacheType, keyShift)
  const cache = Math.ceil(context / PAGE) * PAGE * positionBytes
  const other =
    RUNTIME_BYTES + READ_BUFFERS + 4 * (activations + digits + logits + context * config.rope.width)
  return { weights, cache, other, total: weights + cache + other }
}

/** Bytes that the system could still give to this process. */
export function availableMemory(): number {
  return process.availableMemory?.() ?? freemem()
}

/** For example 1.46 GB, 512 MB. */
export function formatBytes(bytes: number): string {
  const [unit, size] = bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : ['kB', 1e3]
  const value = bytes / (size as number)
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`
}

const ADVICE = 'take a smaller or lower-bit model, a shorter context, or an int8 cache'

/** @throws Error saying how much is needed, for what, and how much there is */
export function checkMemory(what: string, estimate: MemoryEstimate, available = availableMemory()): void {
  if (estimate.total <= available) return
  const { weights, cache, other, total } = estimate
  throw new Error(
    `${what} needs about ${formatBytes(total)} of memory (weights ${formatBytes(weights)}, cache ${formatBytes(cache)}, ` +
      `other ${formatBytes(other)}), but only ${formatBytes(available)} are available; ` +
      ADVICE,
  )
}

/**
 * Whether a model fits the memory of its backend, if that is limited: WebAssembly has addresses of 32 bits.
 * @param limit bytes, undefined if there is no limit
 * @throws Error saying how much is needed, for what, and how much there is
 */
export function checkBackendMemory(what: string, estimate: MemoryEstimate, limit: number | undefined): void {
  // The runtime and the read buffers are not the backend's.
  const needed = estimate.total - RUNTIME_BYTES - READ_BUFFERS
  if (limit === undefined || needed <= limit) return
  throw new Error(
    `${what} needs about ${formatBytes(needed)} of WebAssembly memory (weights ${formatBytes(estimate.weights)}, ` +
      `cache ${formatBytes(estimate.cache)}), which holds at most ${formatBytes(limit)}; ` +
      `build the native addon (npm rebuild multiscale with a C++20 compiler), or ${ADVICE}`,
  )
}
