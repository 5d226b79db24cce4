import {
  addonStatus,
  type BackendName,
  backendCandidates,
  type Candidate,
  type Ceilings,
  measureCeilings,
  selectBackend,
} from '../../backend/index.js'
import { type MachineFacts, machineFacts } from '../machine.js'
import { scrub } from './scrub.js'
import { type SelfTestResult, selfTest, selfTestChecks } from './self-test.js'

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
  readonly addon: ReturnType<typeof addonStatus>
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
}

/** Looks at the machine, tests every backend and variant that runs on it, and measures its ceilings. */
export async function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const { signal, onProgress, candidates = backendCandidates() } = options
  const machine = machineFacts()
  const status = addonStatus()
  const addon = status.loads ? status : { ...status, reason: scrub(status.reason) }
  const { chosen, notice } = defaultBackend()
  const checks = await selfTestChecks()

  const backends: VariantReport[] = []
  for (const candidate of candidates) {
    const { backend, variant, compiled, supported, create } = candidate
    const report = { backend, variant, compiled, supported, chosen: chosen === `${backend} ${variant}` }
    if (!compiled || !supported) {
      backends.push({ ...report, selfTest: null })
      continue
    }
    const subject = create()
    try {
      const progress = (done: number) =>
        onProgress?.(
          `testing ${backend} ${variant}`,
          backends.length * checks.length + done,
          candidates.length * checks.length,
        )
      backends.push({
        ...report,
        selfTest: await selfTest(subject, checks, { signal, onProgress: progress }),
      })
    } finally {
      subject.close()
    }
  }

  const ceilings: Ceilings[] = []
  for (const threads of new Set([1, machine.parallelism])) {
    onProgress?.('measuring', ceilings.length, 2)
    const measured = addon.loads ? measureCeilings({ threads }) : null
    if (measured) ceilings.push(measured)
    await new Promise((resolve) => setImmediate(resolve))
    signal?.throwIfAborted()
  }
  const sameBits = groupByDigest(backends)
  const healthy = sameBits.length <= 1 && backends.every(({ selfTest: result }) => result?.passed !== false)
  return { healthy, machine, addon, notice, backends, sameBits, ceilings }
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
    if (backend === 'native' && result)
      groups.set(result.digest, [...(groups.get(result.digest) ?? []), variant])
  }
  return [...groups.values()]
}
