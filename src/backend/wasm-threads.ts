import { ADDRESS, nodeModule, WORKER_URL } from './wasm-module.js'

/**
 * Starts the threads of a pool. They begin when they begin: until then the caller does their share itself
 * (kernels/base/wasm_pool.as.ts). They keep no process alive.
 * @param count without the caller
 */
export function startThreads(module: WebAssembly.Module, memory: WebAssembly.Memory, count: number): void {
  const node = nodeModule('node:worker_threads')
  for (let thread = 1; thread <= count; thread++) {
    const data = { module, memory, thread }
    if (node) {
      const worker = new node.Worker(WORKER_URL, { workerData: data, stdout: false, stderr: false })
      // A thread that cannot start is not needed.
      worker.on('error', () => {})
      worker.unref()
    } else {
      const worker = new Worker(WORKER_URL, { type: 'module' })
      worker.onerror = () => {}
      worker.postMessage(data)
    }
  }
}

/** Ends the threads of a memory after the task that they are at. */
export function stopThreads(memory: WebAssembly.Memory): void {
  const words = new Int32Array(memory.buffer, 0, 128)
  Atomics.store(words, ADDRESS.stop / 4, 1)
  Atomics.add(words, ADDRESS.generation / 4, 1)
  Atomics.notify(words, ADDRESS.generation / 4)
}

/** Whether this thread may sleep: not the main thread of a browser. */
export function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0)
    return true
  } catch {
    return false
  }
}
