import { type AttentionShape, attentionCost } from './attention.js'
import { checkRates, type DeviceRates } from './device.js'
import { BF16_BYTES, checkGemm, type GemmShape } from './gemm.js'
import { type CostOptions, checkOptions } from './options.js'

/** Numbers of tokens between `from` (0: from the very first) and `to` (null: however many). */
export interface TokenRange {
  readonly from: number
  readonly to: number | null
}

export interface BreakEven {
  /** Where both take the same time, ascending; real numbers. */
  readonly tokens: readonly number[]
  /** Where MSD takes less. */
  readonly faster: readonly TokenRange[]
}

/**
 * Times in M are α + max(β, σ·M) + ν·M: what is paid once, the roofline of one overlapped phase, and what each token
 * adds.
 */
interface Line {
  readonly once: number
  readonly floor: number
  readonly slope: number
  readonly extra: number
}

/**
 * The numbers of tokens M at which MSD takes as long as a dequantising pipeline, in closed form. In M, T_msd, T_deq and
 * T_deq' are piecewise linear with one bend each, at most three pieces for two of them; each piece has one root at most:
 *
 *     T_msd  = max( r·b·K·N/B , M·2·p·K·N/P8 ) + M·p·(K + N)/V
 *     T_deq  = max( max(b·K·N/B , K·N/V) , M·2·K·N/P16 ) + stall/V
 *     T_deq' = (b + 2)·K·N/B + K·N/V + max( 2·K·N/B , M·2·K·N/P16 )
 *
 * @throws RangeError as gemmCost
 */
export function breakEven(
  shape: Omit<GemmShape, 'm'>,
  rates: DeviceRates,
  options: CostOptions = {},
): { readonly fused: BreakEven; readonly throughMemory: BreakEven } {
  const where = 'breakEven'
  checkGemm(where, { ...shape, m: 1 })
  checkRates(where, rates)
  const { passes, codeReads, stallElements } = checkOptions(where, options)
  const { k, n, bytesPerWeight } = shape
  const codes = k * n
  const memory = (bytes: number) => bytes / rates.memoryBytesPerSecond
  const vector = (elements: number) => elements / rates.convertedElementsPerSecond
  const stored = bytesPerWeight * codes
  const converted = BF16_BYTES * codes
  const bf16 = (2 * codes) / rates.bf16OperationsPerSecond
  const msd = {
    once: 0,
    floor: memory(codeReads * stored),
    slope: (2 * passes * codes) / rates.int8OperationsPerSecond,
    extra: vector(passes * (k + n)),
  }
  const fused = {
    once: vector(stallElements),
    floor: Math.max(memory(stored), vector(codes)),
    slope: bf16,
    extra: 0,
  }
  const throughMemory = {
    once: memory(stored + converted) + vector(codes),
    floor: memory(converted),
    slope: bf16,
    extra: 0,
  }
  return { fused: compare(msd, fused), throughMemory: compare(msd, throughMemory) }
}

const at = ({ once, floor, slope, extra }: Line, m: number) => once + Math.max(floor, slope * m) + extra * m
const bend = ({ floor, slope }: Line) => floor / slope

function compare(msd: Line, other: Line): BreakEven {
  const difference = (m: number) => at(msd, m) - at(other, m)
  const [first, second] = [bend(msd), bend(other)].sort((a, b) => a - b)
  const slope = msd.slope + msd.extra - other.slope
  // Between two ends of a piece the difference is linear; beyond the last it goes on with its slope.
  const root = (from: number, to: number) => {
    const [start, end] = [difference(from), difference(to)]
    return start * end < 0 ? [from - (start * (to - from)) / (end - start)] : []
  }
  const last = difference(second)
  const beyond = last * slope < 0 ? [second - last / slope] : []
  const zeros = [first, second].filter((m) => difference(m) === 0)
  const ends = [...new Set([0, ...root(0, first), ...root(first, second), ...beyond, ...zeros])].sort(
    (a, b) => a - b,
  )
  const faster: TokenRange[] = []
  for (const [i, from] of ends.entries()) {
    const to = ends[i + 1]
    if (difference(to === undefined ? 2 * from + second : (from + to) / 2) >= 0) continue
    // Both sides of a zero may be faster: then nothing breaks even there.
    const before = faster.at(-1)
    if (before?.to === from) faster.pop()
    faster.push({ from: before?.to === from ? before.from : from, to: to ?? null })
  }
  const tokens = faster.flatMap(({ from, to }) => [...(from > 0 ? [from] : []), ...(to === null ? [] : [to])])
  return { tokens, faster }
}

/**
 * The same for attention, in the new tokens of a sequence, 1 to the context. Times are quadratic in them, so that sign changes
 * between powers of two are bisected to the last bit; two within one such step are not seen.
 * @throws RangeError as attentionCost
 */
export function attentionBreakEven(
  shape: Omit<AttentionShape, 'rows'>,
  rates: DeviceRates,
  options: CostOptions = {},
): { readonly fused: BreakEven; readonly throughMemory: BreakEven } {
  const { context } = shape
  const steps = Math.ceil(Math.log2(context))
  const ends = Array.from({ length: steps + 1 }, (_, i) => Math.min(2 ** i, context))
  const against = (name: 'fused' | 'throughMemory'): BreakEven => {
    const faster = (rows: number) => attentionCost({ ...shape, rows }, rates, options).speedup[name] > 1
    const tokens = ends.slice(1).flatMap((to, i) => {
      const from = ends[i]
      return faster(from) === faster(to) ? [] : [bisect(from, to, (rows) => faster(rows) === faster(from))]
    })
    const bounds = [1, ...tokens, context]
    const first = faster(1) ? 0 : 1 // every other range, from the first or the second on
    const ranges = bounds.slice(1).map((to, i) => ({ from: bounds[i], to }))
    return { tokens, faster: ranges.filter((_, i) => i % 2 === first) }
  }
  return { fused: against('fused'), throughMemory: against('throughMemory') }
}

/** Where `below` turns from true, at `from`, to false, at `to`. */
function bisect(from: number, to: number, below: (value: number) => boolean): number {
  for (;;) {
    const middle = (from + to) / 2
    if (middle <= from || middle >= to) return from
    if (below(middle)) from = middle
    else to = middle
  }
}
