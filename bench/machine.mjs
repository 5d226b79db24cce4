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
