import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { type Ceilings, measureCeilings } from '../../backend/index.js'
import type { Device } from '../../cost/index.js'
import { type Spread, spread } from '../bench/summary.js'
import type { Progress } from '../terminal.js'

type Measured = 'readBandwidth' | 'int8Peak' | 'bf16Peak' | 'floatPeak' | 'conversionRate'

/** Rates of one number of threads, over the rounds. The best is what the machine can do: others only take from it. */
export interface MachineRates extends Readonly<Record<Exclude<Measured, 'bf16Peak'>, Spread>> {
  readonly variant: string
  readonly threads: number
  /** Null without bfloat16 instructions. */
  readonly bf16Peak: Spread | null
}

export interface MeasureOptions {
  readonly threadCounts: readonly number[]
  readonly variant?: string
  /** Time to spend; one round is always finished. */
  readonly seconds: number
  readonly signal?: AbortSignal
  readonly progress: Progress
}

/** Numbers of threads to measure. */
export const oneAndAll = () => [...new Set([1, availableParallelism()])]

/** Of each of the five rates in one round: long enough for the clock, short enough to fall between other programs. */
const MILLISECONDS = 30

/** @throws Error if the addon is missing or does not run the variant */
export async function measureMachine(options: MeasureOptions): Promise<MachineRates[]> {
  const { threadCounts, variant, seconds, signal, progress } = options
  const milliseconds = Math.min(MILLISECONDS, (seconds * 1000) / (5 * threadCounts.length))
  const rounds: Ceilings[][] = threadCounts.map(() => [])
  const started = performance.now()
  const spent = () => (performance.now() - started) / 1000
  do {
    for (const [i, threads] of threadCounts.entries()) {
      progress.update(Math.min(spent(), seconds), seconds)
      await setImmediate() // measuring blocks: an interrupt arrives before it
      signal?.throwIfAborted()
      const measured = measureCeilings({ threads, variant, milliseconds })
      if (!measured) throw new Error(NO_ADDON)
      rounds[i].push(measured)
    }
  } while (spent() < seconds)
  return rounds.map((list) => {
    const of = (name: Exclude<Measured, 'bf16Peak'>) => spread(list.map((one) => one[name]))
    const bf16 = list.flatMap(({ bf16Peak }) => bf16Peak ?? [])
    return {
      variant: list[0].variant,
      threads: list[0].threads,
      readBandwidth: of('readBandwidth'),
      int8Peak: of('int8Peak'),
      bf16Peak: bf16.length > 0 ? spread(bf16) : null,
      floatPeak: of('floatPeak'),
      conversionRate: of('conversionRate'),
    }
  })
}

const NO_ADDON =
  'the machine is measured by the native addon, which is not built here; run: npm rebuild multiscale ' +
  '(in a clone: npm run build:addon)'

/** What the machine is in the cost model's terms, by the best rounds. */
export function machineDevice(rates: MachineRates): Device {
  const { variant, threads, readBandwidth, int8Peak, bf16Peak, floatPeak, conversionRate } = rates
  const how = `measured (multiscale roofline), ${variant}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  const bf16 = bf16Peak !== null && bf16Peak.max >= floatPeak.max
  return {
    name: `this machine, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    rates: {
      memoryBytesPerSecond: readBandwidth.max,
      int8OperationsPerSecond: 2 * int8Peak.max,
      bf16OperationsPerSecond: 2 * (bf16 ? bf16Peak : floatPeak).max,
      convertedElementsPerSecond: conversionRate.max,
    },
    sources: {
      memoryBytesPerSecond: { text: how },
      int8OperationsPerSecond: { text: how },
      bf16OperationsPerSecond: { text: bf16 ? how : `${how}: ${floatInstead(rates)}` },
      convertedElementsPerSecond: { text: `${how}: 4-bit codes made float32 numbers` },
    },
  }
}

/** Why a dequantising pipeline would compute in float32 here. */
export function floatInstead({ bf16Peak }: MachineRates): string {
  return bf16Peak
    ? 'float32, which is faster here than bfloat16'
    : 'float32, for want of bfloat16 instructions'
}
