import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** A dispatch level of the addon: an instruction set that its kernels were written for. */
export interface NativeVariant {
  readonly name: string
  /** The addon was built with it. */
  readonly compiled: boolean
  /** This CPU runs it. */
  readonly supported: boolean
}

/** The rows of a pass: sequence s has rows starts[s] … starts[s + 1] − 1, and pages tables[s · stride …]. */
export type CachePass = [
  sequences: number,
  starts: Int32Array,
  positions: Int32Array,
  tables: Int32Array,
  stride: number,
]

/** A native object: context, weight, digits or cache. */
export type Handle = { readonly __handle: unique symbol }

/** Weight, bias and result of a product, and of the next. */
export type ProductArguments = (Handle | Float32Array | null)[]

/** What kernels/base/addon.cc exports; it documents each function's arguments. */
export interface Addon {
  variants(): NativeVariant[]
  context(variant: string, threads: number): Handle
  freeContext(context: Handle): void
  decodeThreads(context: Handle, threads: number): void
  weight(type: string, rows: number, cols: number, scale: number): Handle
  pack(context: Handle, weight: Handle, bytes: Uint8Array, begin: number, rows: number): number
  weightBytes(weight: Handle): number
  freeWeight(weight: Handle): void
  embed(context: Handle, weight: Handle, ids: Int32Array, count: number, out: Float32Array): void
  digits(context: Handle, rows: number, cols: number, passes: number, perRow: boolean): Handle
  decompose(context: Handle, digits: Handle, x: Float32Array, rows: number): number
  freeDigits(digits: Handle): void
  linear(context: Handle, digits: Handle, ...products: ProductArguments): void
  linearFloat(context: Handle, x: Float32Array, rows: number, ...products: ProductArguments): void
  rmsNorm(
    context: Handle,
    x: Float32Array,
    gain: Float32Array,
    epsilon: number,
    y: Float32Array,
    rows: number,
    cols: number,
  ): void
  swiglu(context: Handle, gate: Float32Array, up: Float32Array, out: Float32Array, count: number): void
  add(context: Handle, x: Float32Array, y: Float32Array, count: number): void
  rope(
    context: Handle,
    x: Float32Array,
    rows: number,
    heads: number,
    headSize: number,
    table: Float32Array,
    width: number,
    positions: Int32Array,
    halfSplit: boolean,
  ): void
  cache(
    type: string,
    layers: number,
    kvHeads: number,
    headSize: number,
    latent: number,
    pages: number,
    ...keyShift: [shifted: number, angles: Float32Array, half: number, halves: number]
  ): Handle
  cacheBytes(cache: Handle): number
  copyPage(cache: Handle, from: number, to: number): void
  freeCache(cache: Handle): void
  append(
    context: Handle,
    cache: Handle,
    layer: number,
    ...rest: [...pass: CachePass, k: Float32Array, v: Float32Array | null]
  ): number
  attend(
    context: Handle,
    cache: Handle,
    layer: number,
    ...rest: [
      ...pass: CachePass,
      heads: number,
      scale: number,
      passes: number,
      window: number,
      softcap: number,
      preload: number,
      q: Float32Array,
      out: Float32Array,
    ]
  ): void
  readBandwidth(context: Handle, megabytes: number, milliseconds: number): number
  multiplyPeak(context: Handle, milliseconds: number): number
  floatPeak(context: Handle, milliseconds: number): number
  bfloat16Peak(context: Handle, milliseconds: number): number
  conversionRate(context: Handle, milliseconds: number): number
  compiler(): string

  // kernels/train/addon.cc
  trainProduct(
    context: Handle,
    c: Float32Array,
    a: Float32Array,
    b: Float32Array,
    m: number,
    n: number,
    k: number,
    transposeA: boolean,
    transposeB: boolean,
    add: boolean,
  ): void
  trainRmsNormBackward(
    context: Handle,
    dy: Float32Array,
    x: Float32Array,
    gain: Float32Array,
    epsilon: number,
    dx: Float32Array,
    dgain: Float32Array,
    rows: number,
    cols: number,
  ): void
  trainRope(
    context: Handle,
    x: Float32Array,
    rows: number,
    heads: number,
    headSize: number,
    table: Float32Array,
    positions: Int32Array,
    tablePositions: number,
    inverse: boolean,
  ): void
  trainAttention(
    context: Handle,
    starts: Int32Array,
    documents: number,
    heads: number,
    kvHeads: number,
    headSize: number,
    scale: number,
    ...tensors: Float32Array[]
  ): void
  trainAttentionBackward(
    context: Handle,
    starts: Int32Array,
    documents: number,
    heads: number,
    kvHeads: number,
    headSize: number,
    scale: number,
    ...tensors: Float32Array[]
  ): void
  trainSwigluBackward(
    context: Handle,
    dout: Float32Array,
    gate: Float32Array,
    up: Float32Array,
    dgate: Float32Array,
    dup: Float32Array,
    count: number,
  ): void
  trainEmbed(
    context: Handle,
    ids: Int32Array,
    rows: number,
    table: Float32Array,
    vocabulary: number,
    cols: number,
    out: Float32Array,
  ): void
  trainEmbedBackward(
    context: Handle,
    ids: Int32Array,
    rows: number,
    dx: Float32Array,
    dtable: Float32Array,
    vocabulary: number,
    cols: number,
  ): void
  trainLogProbabilities(
    context: Handle,
    logits: Float32Array,
    rows: number,
    vocabulary: number,
    targets: Int32Array,
    temperature: number,
    logProbabilities: Float64Array,
    inverseSums: Float64Array,
  ): void
  trainLogProbabilitiesBackward(
    context: Handle,
    exponentials: Float32Array,
    rows: number,
    vocabulary: number,
    targets: Int32Array,
    temperature: number,
    gradient: Float64Array,
    inverseSums: Float64Array,
  ): void
  trainSquares(context: Handle, x: Float32Array, count: number): number
  trainAdamW(
    context: Handle,
    parameters: Float32Array,
    gradients: Float32Array,
    means: Float32Array,
    variances: Float32Array,
    count: number,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    decay: number,
    gradientScale: number,
    correction1: number,
    correction2: number,
  ): void
}

// The same relative path from src/ (tests) and dist/ (the package).
const ADDON_PATH = fileURLToPath(new URL('../../build/multiscale.node', import.meta.url))

/**
 * Loads the addon.
 * @returns null if it was never built
 * @throws Error if it exists but does not load (built for another system)
 */
export function loadAddon(): Addon | null {
  if (!existsSync(ADDON_PATH)) return null
  return createRequire(import.meta.url)(ADDON_PATH) as Addon
}

/** Written by scripts/build-addon.mjs when it gives up. */
const FAILURE_PATH = fileURLToPath(new URL('../../build/failure', import.meta.url))

export type AddonStatus =
  | { readonly loads: true; readonly compiler: string }
  | { readonly loads: false; readonly reason: string }

/** Whether there is an addon, what built it, and why not. The reason may name paths of this machine. */
export function addonStatus(): AddonStatus {
  try {
    const addon = loadAddon()
    if (addon) return { loads: true, compiler: addon.compiler() }
  } catch (error) {
    return { loads: false, reason: `it was built, but does not load: ${(error as Error).message}` }
  }
  const reason = existsSync(FAILURE_PATH) ? readFileSync(FAILURE_PATH, 'utf8').trim() : ''
  return { loads: false, reason: reason || 'it was never built; maybe install scripts are switched off' }
}

/** The dispatch levels of the addon, narrowest first; empty if there is no addon. */
export function nativeVariants(): NativeVariant[] {
  return loadAddon()?.variants() ?? []
}
