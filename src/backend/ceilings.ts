import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, freemem } from 'node:os'
import { loadAddon } from './addon.js'
import { checkThreads } from './checks.js'
import { chooseVariant } from './native.js'

/** What this machine can do at best with so many threads; a model's speed is a share of it. */
export interface Ceilings {
  readonly variant: string
  readonly threads: number
  /** Bytes per second read in order from memory well beyond the caches. */
  readonly readBandwidth: number
  /**
   * Multiply-adds per second of an 8-bit digit and a weight code, by the variant's own instruction. Where that
   * multiplies 16-bit words (generic, avx2), both digits of a word count: one pass reaches half of it.
   */
  readonly int8Peak: number
  /** float32 multiply-adds per second. */
  readonly floatPeak: number
  /** bfloat16 multiply-adds per second, by vector instructions; null where the variant or the CPU has none. */
  readonly bf16Peak: number | null
  /** 4-bit codes made scaled float32 numbers per second, in the first-level cache: what dequantising does to a weight. */
  readonly conversionRate: number
}

export interface CeilingOptions {
  /** Default: the widest that this CPU runs. */
  readonly variant?: string
  /** Default: one per core. */
  readonly threads?: number
  /** For each of the five. Default 100. */
  readonly milliseconds?: number
}

/**
 * Measures the ceilings by the addon's kernels (kernels/roofline); blocks the calling thread.
 * @returns null if the addon was not built
 * @throws RangeError for an impossible thread count; Error for a variant that this machine cannot run, or if memory is short
 */
export function measureCeilings(options: CeilingOptions = {}): Ceilings | null {
  const addon = loadAddon()
  if (!addon) return null
  const { threads = availableParallelism(), milliseconds = 100 } = options
  checkThreads(threads)
  const variant = chooseVariant(addon, options.variant)
  const context = addon.context(variant, threads)
  try {
    const readBandwidth = addon.readBandwidth(context, bufferMegabytes(), milliseconds)
    const int8Peak = addon.multiplyPeak(context, milliseconds)
    const floatPeak = addon.floatPeak(context, milliseconds)
    const bf16Peak = addon.bfloat16Peak(context, milliseconds) || null
    const conversionRate = addon.conversionRate(context, milliseconds)
    return { variant, threads, readBandwidth, int8Peak, floatPeak, bf16Peak, conversionRate }
  } finally {
    addon.freeContext(context)
  }
}

/** Four times the largest cache, at least 256 MB; but no more than a gigabyte, or a quarter of what is free. */
function bufferMegabytes(): number {
  const free = (process.availableMemory?.() ?? freemem()) / 2 ** 20
  const wanted = Math.min(1024, Math.max(256, 4 * cacheMegabytes()))
  return Math.max(16, Math.floor(Math.min(wanted, free / 4)))
}

const CACHES = '/sys/devices/system/cpu/cpu0/cache'

/** Of the largest cache, where the system tells (Linux); else 0. */
function cacheMegabytes(): number {
  try {
    const sizes = readdirSync(CACHES).map((entry) =>
      entry.startsWith('index') ? Number.parseInt(readFileSync(`${CACHES}/${entry}/size`, 'utf8'), 10) : 0,
    )
    return Math.max(...sizes) / 1024 // the system counts in kB
  } catch {
    return 0
  }
}
