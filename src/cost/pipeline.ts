/**
 * What can be waited for: memory traffic, weights or cache elements being made numbers of 16 bits, the matrix units,
 * and other work of the vector units (digits, combining their sums).
 */
export type Resource = 'memory' | 'conversion' | 'matrix' | 'vector'

export const RESOURCES: readonly Resource[] = ['memory', 'conversion', 'matrix', 'vector']

/** Seconds that each resource is busy; they work at the same time, so the phase takes as long as the slowest. */
export type Phase = Readonly<Partial<Record<Resource, number>>>

/** Phases one after the other. */
export interface PipelineCost {
  /** Σ over phases of the longest time in each. */
  readonly seconds: number
  /** Bytes read and written. */
  readonly bytes: number
  /** Seconds that each resource is waited for; they add up to `seconds`. */
  readonly waits: Readonly<Record<Resource, number>>
  /** What is waited for most. */
  readonly binding: Resource
}

/** Of phases that follow each other, which move so many bytes. */
export function pipelineCost(phases: readonly Phase[], bytes: number): PipelineCost {
  const waits = { memory: 0, conversion: 0, matrix: 0, vector: 0 }
  for (const phase of phases) {
    const slowest = largest((resource) => phase[resource] ?? 0)
    waits[slowest] += phase[slowest] ?? 0
  }
  return summed(waits, bytes)
}

/** So many times one pipeline after another. */
export function totalCost(
  parts: readonly { readonly cost: PipelineCost; readonly count: number }[],
): PipelineCost {
  const waits = { memory: 0, conversion: 0, matrix: 0, vector: 0 }
  let bytes = 0
  for (const { cost, count } of parts) {
    for (const resource of RESOURCES) waits[resource] += count * cost.waits[resource]
    bytes += count * cost.bytes
  }
  return summed(waits, bytes)
}

function summed(waits: Record<Resource, number>, bytes: number): PipelineCost {
  const seconds = RESOURCES.reduce((sum, resource) => sum + waits[resource], 0)
  return { seconds, bytes, waits, binding: largest((resource) => waits[resource]) }
}

/** The first in case of a tie: at the ridge of a roofline that is the memory. */
function largest(of: (resource: Resource) => number): Resource {
  return RESOURCES.reduce((a, b) => (of(b) > of(a) ? b : a))
}

export type PipelineName = 'msd' | 'fused' | 'throughMemory'

/** The same work in three ways. */
export interface Comparison {
  /** Digits of the activations by the codes as they are stored. */
  readonly msd: PipelineCost
  /** Codes made bfloat16 on the way to the matrix units, overlapped with everything else. */
  readonly fused: PipelineCost
  /** Codes made bfloat16 in memory by one unit and read from there by another. */
  readonly throughMemory: PipelineCost
  /** Time of a dequantising pipeline ÷ time of MSD: above 1, MSD is faster. */
  readonly speedup: Readonly<Record<Exclude<PipelineName, 'msd'>, number>>
}

export function compared(pipelines: Readonly<Record<PipelineName, PipelineCost>>): Comparison {
  const { msd, fused, throughMemory } = pipelines
  const over = ({ seconds }: PipelineCost) => seconds / msd.seconds
  return { msd, fused, throughMemory, speedup: { fused: over(fused), throughMemory: over(throughMemory) } }
}

export function totalComparison(
  parts: readonly { readonly cost: Comparison; readonly count: number }[],
): Comparison {
  const total = (name: PipelineName) =>
    totalCost(parts.map(({ cost, count }) => ({ cost: cost[name], count })))
  return compared({ msd: total('msd'), fused: total('fused'), throughMemory: total('throughMemory') })
}
