import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from 'node:os'

// The same relative path from src/ (tests) and dist/ (the package).
export const packageVersion: string = createRequire(import.meta.url)('../../package.json').version

/** Facts without which a measurement or a bug report is worth nothing. None of them names a user, a host or a path. */
export interface MachineFacts {
  readonly multiscale: string
  readonly node: string
  readonly v8: string
  readonly system: string
  readonly cpu: string
  readonly cores: number
  /** Threads that the system gives this process, by affinity. */
  readonly parallelism: number
  /** CPUs' worth of time that the process's control group may use; null without a limit. */
  readonly cpuLimit: number | null
  readonly memoryBytes: number
  readonly availableBytes: number
  /** Of the process's control group; null without a limit. */
  readonly memoryLimitBytes: number | null
  /** Of the instruction sets that kernels are written for; null where the system does not tell. */
  readonly features: readonly string[] | null
}

export function machineFacts(): MachineFacts {
  const total = totalmem()
  const limit = process.constrainedMemory?.() ?? 0
  return {
    multiscale: packageVersion,
    node: process.version,
    v8: process.versions.v8,
    system: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: cpus().length,
    parallelism: availableParallelism(),
    cpuLimit: cpuLimit(),
    memoryBytes: total,
    availableBytes: process.availableMemory?.() ?? freemem(),
    memoryLimitBytes: limit > 0 && limit < total ? limit : null,
    features: cpuFeatures(),
  }
}

/** As Linux names them: what the kernels of x86 levels are compiled for, and what levels for Arm would need. */
const FEATURES =
  'avx avx2 fma f16c avx_vnni avx512f avx512bw avx512dq avx512vl avx512_vnni asimd asimddp i8mm sve'.split(
    ' ',
  )

function cpuFeatures(): string[] | null {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(contents('/proc/cpuinfo') ?? '')
  if (!line) return null
  const present = new Set(line[1].trim().split(/\s+/))
  return FEATURES.filter((name) => present.has(name))
}

const CGROUPS = '/sys/fs/cgroup'

/** Quota over period, of version 2 or 1 of Linux's control groups. @param read for tests */
export function cpuLimit(read: (path: string) => string | null = contents): number | null {
  const groups = read('/proc/self/cgroup') ?? ''
  const unified = /^0::(.*)$/m.exec(groups)?.[1] ?? ''
  const older = /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1] ?? ''
  // Inside a container the own group is mounted as the root.
  for (const group of new Set([unified, ''])) {
    const [quota, period] = (read(`${CGROUPS}${group}/cpu.max`) ?? '').split(/\s+/).map(Number)
    if (quota > 0 && period > 0) return quota / period
  }
  for (const group of new Set([older, ''])) {
    const [quota, period] = ['quota', 'period'].map((name) =>
      Number(read(`${CGROUPS}/cpu${group}/cpu.cfs_${name}_us`)),
    )
    if (quota > 0 && period > 0) return quota / period
  }
  return null
}

function contents(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
