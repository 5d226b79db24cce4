import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

export const packageRoot = fileURLToPath(new URL('../../', import.meta.url))
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Finished {
  /** Null if a signal ended it. */
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `multiscale …arguments_` of the built package to its end. */
export function multiscale(
  arguments_: readonly string[],
  options: { readonly input?: string; readonly cwd?: string; readonly main?: string } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [options.main ?? main, ...arguments_], { cwd: options.cwd })
  child.stdin.on('error', () => {}) // it may end without having read
  child.stdin.end(options.input ?? '')
  return finished(child)
}

/** As above, still running; stdin is empty. */
export function startMultiscale(arguments_: readonly string[]) {
  return spawn(process.execPath, [main, ...arguments_], { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs an ES module inside the package, so that it imports 'multiscale' as its users do. */
export function runModule(code: string, nodeFlags: readonly string[] = []): Promise<Finished> {
  const flags = [...nodeFlags, '--input-type=module', '--eval', code]
  return finished(spawn(process.execPath, flags, { cwd: packageRoot, stdio: ['ignore', 'pipe', 'pipe'] }))
}

export function finished(child: ChildProcess): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }))
  })
}

/** Asserts that a command failed as it should: a code, nothing on stdout, one line that says what is wrong. */
export function expectFailure({ status, stdout, stderr }: Finished, message: string | RegExp): void {
  expect(stderr).toMatch(message)
  expect(stderr.trimEnd().split('\n'), stderr).toHaveLength(1)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stdout).toBe('')
  expect(status).toBe(1)
}
