import { setImmediate } from 'node:timers/promises'
import {
  type AddonStatus,
  addonStatus,
  type Backend,
  type BackendName,
  backendCandidates,
  type Candidate,
  type Ceilings,
  measureCeilings,
  selectBackend,
} from '../../backend/index.js'
import { type MachineFacts, machineFacts } from '../machine.js'
import type { Check } from './check.js'
import { scrub } from './scrub.js'
import { type SelfTestOptions, type SelfTestResult, selfTest, selfTestChecks } from './self-test.js'

export interface VariantReport {
  readonly backend: BackendName
  readonly variant: string
  readonly compiled: boolean
  readonly supported: boolean
  /** What a model is loaded with if nothing else is asked for. */
  readonly chosen: boolean
  /** Null if it does not run here. */
  readonly selfTest: SelfTestResult | null
}

export interface Diagnosis {
  /** No self-test failed. */
  readonly healthy: boolean
  readonly machine: MachineFacts
  readonly addon: AddonStatus
  /** Said when a model is loaded: a slower backend than expected was taken, or none can be. */
  readonly notice: string | null
  readonly backends: readonly VariantReport[]
  /** Native variants whose digit products have the same bits; more than one list is a fault. */
  readonly sameBits: readonly (readonly string[])[]
  /** With one thread and with all; empty without the addon. */
  readonly ceilings: readonly Ceilings[]
}

export interface DiagnoseOptions {
  readonly signal?: AbortSignal
  /** A step of so many is done. */
  readonly onProgress?: (step: string, done: number, total: number) => void
  /** For tests. Default: all. */
  readonly candidates?: readonly Candidate[]
  /** For tests. Default: measureCeilings. */
  readonly measure?: typeof measureCeilings
}

/** Looks at the machine, tests every backend and variant that runs on it, and measures its ceilings. */
export async function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const { signal, onProgress, candidates = backendCandidates(), measure = measureCeilings } = options
  const machine = machineFacts()
  const status = addonStatus()
  const { chosen, notice } = defaultBackend()
  const checks = await selfTestChecks()
  const threadCounts = status.loads ? [...new Set([1, machine.parallelism])] : []
  // Measuring takes about as long as testing one candidate.
  const total = (candidates.length + threadCounts.length) * checks.length

  const backends: VariantReport[] = []
  for (const candidate of candidates) {
    const { backend, variant, compiled, supported } = candidate
    const step = `testing ${backend} ${variant}`
    const before = backends.length * checks.length
    const result =
      compiled && supported
        ? await testCandidate(candidate, checks, {
            signal,
            onProgress: (done) => onProgress?.(step, before + done, total),
          })
        : null
    const isChosen = chosen === `${backend} ${variant}`
    backends.push({ backend, variant, compiled, supported, chosen: isChosen, selfTest: result })
  }

  const ceilings: Ceilings[] = []
  for (const threads of threadCounts) {
    onProgress?.('measuring', (candidates.length + ceilings.length) * checks.length, total)
    await setImmediate() // measuring blocks: an interrupt arrives before it
    signal?.throwIfAborted()
    const measured = measure({ threads })
    if (measured) ceilings.push(measured)
  }
  const sameBits = groupByDigest(backends)
  return {
    healthy: sameBits.length <= 1 && backends.every(({ selfTest: result }) => result?.passed !== false),
    machine,
    addon: status.loads ? status : { ...status, reason: scrub(status.reason) },
    notice,
    backends,
    sameBits,
    ceilings,
  }
}

async function testCandidate(
  { create }: Candidate,
  checks: readonly Check[],
  options: SelfTestOptions,
): Promise<SelfTestResult> {
  let backend: Backend
  try {
    backend = create()
  } catch (error) {
    const failure = { check: 'start', message: scrub(String(error)) }
    return { passed: false, checks: checks.length, failures: [failure], digest: null }
  }
  try {
    return await selfTest(backend, checks, options)
  } finally {
    backend.close()
  }
}

function defaultBackend(): { chosen: string | null; notice: string | null } {
  try {
    const { backend, notice } = selectBackend()
    const chosen = `${backend.name} ${backend.variant}`
    backend.close()
    return { chosen, notice: notice ?? null }
  } catch (error) {
    return { chosen: null, notice: scrub((error as Error).message) }
  }
}

function groupByDigest(backends: readonly VariantReport[]): string[][] {
  const groups = new Map<string, string[]>()
  for (const { backend, variant, selfTest: result } of backends) {
    if (backend === 'native' && result?.digest)
      groups.set(result.digest, [...(groups.get(result.digest) ?? []), variant])
  }
  return [...groups.values()]
}
