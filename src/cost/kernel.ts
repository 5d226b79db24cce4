import { checkPositive } from './device.js'
import { checkGemm, type GemmShape } from './gemm.js'
import { type PipelineCost, pipelineCost } from './pipeline.js'

/** What a CPU does at best, each measured by itself. A multiply-add is two operations. */
export interface KernelRates {
  readonly memoryBytesPerSecond: number
  /** Of the kernel's own instruction: products of bytes, of bfloat16 or of float32 numbers. */
  readonly multiplyOperationsPerSecond: number
  /** F: lanes of 32 bits that all other vector instructions take, e.g. the rate of float32 multiply-adds. */
  readonly vectorLanesPerSecond: number
  /**
   * Whether logic and conversions start on ports of their own beside multiplications, as on Zen, or share theirs, as 512-bit
   * instructions do on Sapphire Rapids.
   */
  readonly separatePorts: boolean
  /** U: codes that are unpacked to a panel in a cache. */
  readonly unpackedCodesPerSecond: number
  /** D: activations that are made digits. Leave out where they are multiplied as they are. */
  readonly decomposedElementsPerSecond?: number
}

/** What a kernel does beside multiplying, counted in its source. */
export interface KernelWork {
  /** Digits of an activation; 1 for numbers. */
  readonly passes: number
  /** G: codes that share a scale. */
  readonly group: number
  /** C: lanes of vector work for each result and group: shift, convert, scale, add. */
  readonly combineLanes: number
  /** How codes come to the multipliers: unpacked in registers for every few tokens, or once, to a panel. */
  readonly unpack: RegisterUnpacking | { readonly to: 'panel' }
}

export interface RegisterUnpacking {
  readonly to: 'registers'
  /** t: tokens of a tile, for each of which the codes are unpacked anew. */
  readonly tokens: number
  /** c: lanes of vector work for each code. */
  readonly lanesPerCode: number
  /** Whether the kernel asks for codes before it needs them, so that reading overlaps with multiplying. */
  readonly readsAhead: boolean
}

/**
 * The product on a CPU. Its vector units are its matrix units, so what overlaps on an accelerator may add up here.
 *
 *     X = 2·p·M·K·N/P + C·M·N·(K/G)/F        multiplying, and combining the sums of each group
 *     Y = ⌈M/t⌉·c·K·N/F                      unpacking in registers
 *     panel      T = max( b·K·N/B , K·N/U ) + X + M·K/D
 *     registers  T = max( b·K·N/B , X + Y ) + M·K/D      Y beside X if it has ports of its own: max( X , Y );
 *                                                        reading before X if nothing is read ahead: b·K·N/B + …
 *
 * Without the terms in C, c, U and D it is T_msd of `gemmCost` less its vector work.
 * @throws RangeError naming what is not a positive number
 */
export function kernelCost(shape: GemmShape, work: KernelWork, rates: KernelRates): PipelineCost {
  const where = 'kernelCost'
  checkGemm(where, shape)
  const { decomposedElementsPerSecond = Infinity, separatePorts, ...measured } = rates
  const { passes, group, combineLanes, unpack } = work
  for (const [name, value] of Object.entries({ ...measured, passes, group }))
    checkPositive(where, name, value)
  if (!(decomposedElementsPerSecond > 0))
    throw new RangeError(
      `${where}: decomposedElementsPerSecond must be above 0, not ${decomposedElementsPerSecond}`,
    )
  if (!(combineLanes >= 0))
    throw new RangeError(`${where}: combineLanes must be 0 or more, not ${combineLanes}`)
  const { m, k, n, bytesPerWeight } = shape
  const lanes = (count: number) => count / rates.vectorLanesPerSecond
  const bytes = bytesPerWeight * k * n
  const memory = bytes / rates.memoryBytesPerSecond
  const matrix = (2 * passes * m * k * n) / rates.multiplyOperationsPerSecond
  const combine = lanes((combineLanes * m * n * k) / group)
  const decompose = { vector: (m * k) / decomposedElementsPerSecond }
  if (unpack.to === 'panel') {
    const unpacked = (k * n) / rates.unpackedCodesPerSecond
    return pipelineCost([{ memory, conversion: unpacked }, { matrix }, { vector: combine }, decompose], bytes)
  }
  const { tokens, lanesPerCode, readsAhead } = unpack
  checkPositive(where, 'tokens', tokens)
  checkPositive(where, 'lanesPerCode', lanesPerCode)
  const unpacked = lanes(Math.ceil(m / tokens) * lanesPerCode * k * n)
  const multiply = separatePorts
    ? { matrix: matrix + combine, conversion: unpacked }
    : { matrix: matrix + combine + unpacked }
  return pipelineCost(
    readsAhead ? [{ memory, ...multiply }, decompose] : [{ memory }, multiply, decompose],
    bytes,
  )
}
