// The system's C++ compiler, and the flags that all C++ of this repository is compiled with.
import { execFile, execFileSync } from 'node:child_process'

export const AVX2 = ['-mavx2', '-mfma', '-mf16c']
export const AVX512 = [...AVX2, '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx512vnni']
export const AVX512BF16 = [...AVX512, '-mavx512bf16']

// The same bits are promised on every instruction set, so multiply-adds are fused only where written.
export const COMMON = [
  '-std=c++20',
  '-O3',
  '-ffp-contract=off',
  '-fPIC',
  '-fvisibility=hidden',
  '-pthread',
  '-DNAPI_VERSION=8',
]
export const KERNEL = ['-fno-exceptions', '-fno-math-errno']
export const WARN = [
  '-Wall',
  '-Wextra',
  '-Wno-psabi',
  '-Wno-maybe-uninitialized',
  '-Wno-uninitialized',
  '-Wno-unknown-warning-option',
]
/** For an addon, whose Node-API symbols come from the process that loads it. */
export const LINK = [
  ...(process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
  '-pthread',
]

/** The chosen one, or the first that answers; null if there is none. */
export function findCompiler(chosen) {
  const commands = chosen ? [chosen] : [process.env.CXX, 'c++', 'g++', 'clang++'].filter(Boolean)
  for (const command of commands) {
    try {
      const version = execFileSync(command, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] })
      return { command, version: version.toString().split('\n')[0] }
    } catch {
      // try the next one
    }
  }
  return null
}

/** What the command wrote; an Error with the command line and its messages if it fails. */
export function run(command, args) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(' ')}\n${stderr || error.message}`))
      else resolve(stdout + stderr)
    })
  })
}
