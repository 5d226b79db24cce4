import type { Chunk, Job, MarkKind } from './chunk.js'
import type { PackedSource } from './source.js'

/** What is sent to a thread: first what to make its tokenizer of, then jobs. */
export type ToThread =
  | { readonly source: PackedSource; readonly marks: MarkKind }
  | { readonly id: number; readonly job: Job }

/** What a thread answers: that its tokenizer is made, then to each job its chunk, or what the encoder threw. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'chunk'; readonly id: number; readonly chunk: Chunk }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }

/** A thread, the same in Node and browsers. */
export interface Thread {
  post(message: ToThread): void
  /** Whether it keeps the process alive. */
  keepAlive(isNeeded: boolean): void
  end(): void
}

export interface ThreadEvents {
  onMessage(message: FromThread): void
  /** It has ended, or cannot go on. May come more than once. */
  onEnd(reason: string): void
}

const node = () => globalThis.process?.getBuiltinModule?.('node:worker_threads')

export const hasThreads = () => node() !== undefined || typeof Worker === 'function'

export function processors(): number {
  const os = globalThis.process?.getBuiltinModule?.('node:os')
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1
}

/** Starts worker.ts. */
export function startThread(events: ThreadEvents): Thread {
  const threads = node()
  if (!threads) return startWebWorker(events)
  // The same relative path from src/ (tests) and dist/ (the package). None of the caller's Node flags are needed, and
  // some would keep it from starting.
  const url = new URL('../../../dist/tokenizer/lopt/worker.js', import.meta.url)
  const worker = new threads.Worker(url, { execArgv: [] })
  worker.on('message', (message: FromThread) => events.onMessage(message))
  worker.on('error', (error) => events.onEnd((error as Error).message))
  worker.on('exit', (code) => events.onEnd(`exit code ${code}`))
  worker.unref()
  return {
    post: (message) => worker.postMessage(message),
    keepAlive: (isNeeded) => {
      if (isNeeded) worker.ref()
      else worker.unref()
    },
    end: () => void worker.terminate(),
  }
}

function startWebWorker(events: ThreadEvents): Thread {
  // Bundlers know this form, and bundle the module.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<FromThread>) => events.onMessage(data)
  worker.onerror = ({ message }) => events.onEnd(message ?? 'its module could not be loaded')
  return {
    post: (message) => worker.postMessage(message),
    keepAlive: () => {},
    end: () => worker.terminate(),
  }
}
