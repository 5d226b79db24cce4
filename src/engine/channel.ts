import type { Worker } from 'node:worker_threads'
import { type Methods, type Response, unpackError } from './protocol.js'

interface Pending {
  resolve: (value: never) => void
  reject: (error: unknown) => void
  onEvent?: (value: unknown) => void
}

/** Requests to a worker and their answers. Keeps the process alive only while an answer is awaited. */
export class Channel {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #next = 0
  #closed: Promise<void> | null = null
  /** Why the worker cannot answer any more. */
  #ended: unknown = null

  constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (response: Response) => this.#receive(response))
    worker.on('error', (error) => this.#end(error))
    worker.on('exit', (code) => this.#end(new Error(`the model's worker thread ended (exit code ${code})`)))
    worker.unref()
  }

  /**
   * @param options onEvent gets what the worker reports before it answers; signal cancels: the promise rejects with
   *   its reason at once, and the worker stops at the next layer
   */
  request<M extends keyof Methods>(
    method: M,
    params: Methods[M]['params'],
    { signal, onEvent }: { signal?: AbortSignal; onEvent?: (value: unknown) => void } = {},
  ): Promise<Methods[M]['result']> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended)
      if (signal?.aborted) return reject(signal.reason)
      const id = this.#next++
      const cancel = () => {
        this.#worker.postMessage({ id, method: 'cancel' })
        this.#settle(id)?.reject(signal?.reason)
      }
      const end = () => signal?.removeEventListener('abort', cancel)
      signal?.addEventListener('abort', cancel, { once: true })
      this.#pending.set(id, {
        resolve: (value) => {
          end()
          resolve(value)
        },
        reject: (error) => {
          end()
          reject(error)
        },
        onEvent,
      })
      this.#worker.ref()
      try {
        this.#worker.postMessage({ id, method, params })
      } catch (error) {
        // A parameter that cannot be cloned: no answer will come.
        this.#settle(id)?.reject(error)
      }
    })
  }

  /** Ends the worker; what is still awaited rejects. */
  close(): Promise<void> {
    this.#end(new Error('the model was closed'))
    this.#closed ??= this.#worker.terminate().then(() => {})
    return this.#closed
  }

  #receive(response: Response): void {
    if (response.kind === 'event') this.#pending.get(response.id)?.onEvent?.(response.value)
    else if (response.kind === 'result') this.#settle(response.id)?.resolve(response.value as never)
    else this.#settle(response.id)?.reject(unpackError(response.error))
  }

  /** Takes a request off the list; undefined if it was cancelled before. */
  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    // Not while it is being terminated: the process would end before whoever awaits that.
    if (this.#pending.size === 0 && !this.#closed) this.#worker.unref()
    return pending
  }

  /** Rejects what is awaited and all later requests, with the first reason given. */
  #end(error: unknown): void {
    this.#ended ??= error
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(this.#ended)
  }
}
