import { Presets, SingleBar } from 'cli-progress'

/** Prints one clear line to stderr and sets the exit code: 1, or 130 after an interrupt. */
export function fail(error: unknown): void {
  const isInterrupt = error instanceof Interrupt
  if (!isInterrupt) console.error(`multiscale: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = isInterrupt ? 130 : 1
}

/** The user pressed Ctrl-C. */
export class Interrupt extends Error {}

/** A signal that aborts on Ctrl-C, once: a second Ctrl-C ends the process as usual. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  // Stays until the second: libraries such as signal-exit end the process when no listener but theirs is left.
  process.on('SIGINT', function interrupt() {
    if (!controller.signal.aborted) return controller.abort(new Interrupt('interrupted'))
    process.off('SIGINT', interrupt)
    process.kill(process.pid, 'SIGINT')
  })
  return controller.signal
}

/** A reader that went away (`| head`) is no failure: what follows is not wanted. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

export interface Progress {
  update(done: number, total: number, note?: string): void
  end(): void
}

/** A progress bar on stderr, if that is a terminal. */
export function progressBar(label: string): Progress {
  if (!process.stderr.isTTY) return { update() {}, end() {} }
  const format = `${label} {bar} {percentage}% | {eta_formatted} left{note}`
  const bar = new SingleBar(
    { format, stream: process.stderr, hideCursor: true, clearOnComplete: true },
    Presets.rect,
  )
  let started = false
  return {
    update(done, total, note = '') {
      if (!started) bar.start(total, done, { note })
      started = true
      bar.update(done, { note })
    },
    end() {
      if (started) bar.stop()
    },
  }
}

/** 12.3, 123, 1230: three digits are what a measurement is worth. */
export function threeDigits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2)
}

/** 1 thread, 2 threads. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
