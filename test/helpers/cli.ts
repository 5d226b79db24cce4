import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  options: { readonly input?: string | Uint8Array; readonly cwd?: string; readonly main?: string } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [options.main ?? main, ...arguments_], { cwd: options.cwd })
  child.stdin.on('error', () => {}) // it may end without having read
  child.stdin.end(options.input ?? '')
  return finished(child)
}

/** As above, still running; stdin is empty. */
export function startMultiscale(
  arguments_: readonly string[],
  options: { readonly cwd?: string; readonly main?: string } = {},
) {
  return spawn(process.execPath, [options.main ?? main, ...arguments_], {
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Runs a command and interrupts it, as Ctrl-C does, as soon as it listens, whether or not it has said anything by then. */
export function interrupted(arguments_: readonly string[]): Promise<Finished> {
  const listens = "process.on('newListener', (name) => name === 'SIGINT' && process.send('listens'))"
  const hook = `data:text/javascript,${encodeURIComponent(listens)}`
  const child = spawn(process.execPath, ['--import', hook, main, ...arguments_], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  child.once('message', () => child.kill('SIGINT'))
  return finished(child)
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

/**
 * A copy of the built package as it is where no compiler was found at install: everything but build/.
 * @returns its folder, to be removed, and its main module
 */
export function copyWithoutAddon(): { folder: string; main: string } {
  const folder = mkdtempSync(join(tmpdir(), 'multiscale-no-addon-'))
  for (const part of ['dist', 'models', 'package.json']) {
    cpSync(join(packageRoot, part), join(folder, part), { recursive: true })
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'))
  return { folder, main: join(folder, 'dist/cli/main.js') }
}

/** Asserts that a command failed as it should: a code, nothing on stdout, one line that says what is wrong. */
export function expectFailure({ status, stdout, stderr }: Finished, message: string | RegExp): void {
  expect(stderr).toMatch(message)
  expect(stderr.trimEnd().split('\n'), stderr).toHaveLength(1)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stdout).toBe('')
  expect(status).toBe(1)
}
