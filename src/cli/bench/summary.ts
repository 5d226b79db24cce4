import type { Ceilings } from '../../backend/index.js'
import type { Speeds } from './contestant.js'
import { decodeCeiling, prefillCeiling, type Work } from './work.js'

/** What was measured next to each other. */
export interface Round {
  /** Null without the addon. */
  readonly ceilings: Ceilings | null
  readonly ours: Speeds
  readonly peer: Speeds | null
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  /** In the order of the rounds. */
  readonly samples: readonly number[]
}

export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1], samples }
}

export interface Measure {
  /** Tokens per second. */
  readonly ours: Spread
  /** Of what the ceiling measured in the same round allows; above 1 if the weights stay in a cache. */
  readonly ceilingShare: Spread | null
  readonly peer: Spread | null
  readonly ratioOfMedians: number | null
  /** Ours over the peer's of the same round. */
  readonly pairedRatio: Spread | null
}

export interface Summary {
  readonly prefill: Measure
  readonly decode: Measure
  /** Bytes/s, digit × code multiply-adds/s, float32 multiply-adds/s. */
  readonly ceilings: Readonly<Record<'readBandwidth' | 'int8Peak' | 'floatPeak', Spread>> | null
}

export function summarize(
  rounds: readonly Round[],
  work: Work,
  { prompt, decode, passes }: { prompt: number; decode: number; passes: number },
): Summary {
  const limits = {
    prefill: (ceilings: Ceilings) => prefillCeiling(work, prompt, passes, ceilings),
    decode: (ceilings: Ceilings) => decodeCeiling(work, prompt, decode, ceilings),
  }
  const measure = (key: keyof Speeds): Measure => {
    const ours = spread(rounds.map((round) => round.ours[key]))
    const shares = rounds.flatMap((r) => (r.ceilings ? [r.ours[key] / limits[key](r.ceilings)] : []))
    const peers = rounds.flatMap((r) => (r.peer ? [r.peer[key]] : []))
    const ratios = rounds.flatMap((r) => (r.peer ? [r.ours[key] / r.peer[key]] : []))
    const peer = spreadOrNull(peers)
    return {
      ours,
      ceilingShare: spreadOrNull(shares),
      peer,
      ratioOfMedians: peer && ours.median / peer.median,
      pairedRatio: spreadOrNull(ratios),
    }
  }
  const measured = rounds.flatMap((round) => round.ceilings ?? [])
  const of = (key: 'readBandwidth' | 'int8Peak' | 'floatPeak') => spread(measured.map((c) => c[key]))
  const ceilings =
    measured.length === 0
      ? null
      : { readBandwidth: of('readBandwidth'), int8Peak: of('int8Peak'), floatPeak: of('floatPeak') }
  return { prefill: measure('prefill'), decode: measure('decode'), ceilings }
}

function spreadOrNull(samples: readonly number[]): Spread | null {
  return samples.length === 0 ? null : spread(samples)
}
