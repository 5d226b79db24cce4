// As much of a browser's Worker as emscripten's programs ask for, on Node's threads: scripts are Blob URLs, and inside
// no `process` tells that this is Node, so that they take the path they take in a page.
import { resolveObjectURL } from 'node:buffer'
import { runInThisContext } from 'node:vm'
import { isMainThread, parentPort, Worker as Thread, workerData } from 'node:worker_threads'

const transferred = (options) => (Array.isArray(options) ? options : options?.transfer)

export class WebWorker {
  onmessage = null
  onerror = null
  #thread

  constructor(url, { name = '' } = {}) {
    // A thread does not see the Blob URLs of another, but it can be sent the Blob.
    const script = resolveObjectURL(String(url))
    if (!script) throw new TypeError(`${String(url).slice(0, 80)} is no Blob URL of this thread`)
    this.#thread = new Thread(new URL(import.meta.url), { workerData: { webWorker: { script, name } } })
    this.#thread.on('message', (data) => this.onmessage?.({ data }))
    this.#thread.on('error', (error) => (this.onerror ?? console.error)(error))
  }

  postMessage(data, options) {
    this.#thread.postMessage(data, transferred(options))
  }

  terminate() {
    this.#thread.terminate()
  }
}

if (!isMainThread && workerData?.webWorker) {
  const { script, name } = workerData.webWorker
  Object.assign(globalThis, {
    self: globalThis,
    name,
    Worker: WebWorker,
    WorkerGlobalScope: class {},
    location: { href: 'blob:' },
    postMessage: (data, options) => parentPort.postMessage(data, transferred(options)),
  })
  globalThis.navigator ??= { hardwareConcurrency: 1 } // Node 20 has none
  delete globalThis.process
  runInThisContext(await script.text(), { filename: name || 'web-worker' })
  parentPort.on('message', (data) => globalThis.onmessage?.({ data }))
}
