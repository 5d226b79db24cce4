import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'

/** Facts that a result is worth nothing without. */
export function machine() {
  const git = (...args) => {
    try {
      return execFileSync('git', args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim()
    } catch {
      return 'unknown'
    }
  }
  return {
    cpu: cpus()[0].model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    commit: git('rev-parse', '--short', 'HEAD'),
  }
}

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** { median, min, max } rounded for a table. */
export const spread = (values) => ({
  median: Number(median(values).toPrecision(4)),
  min: Number(Math.min(...values).toPrecision(4)),
  max: Number(Math.max(...values).toPrecision(4)),
})
