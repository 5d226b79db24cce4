// A thread of the WebAssembly backend's pool (src/backend/wasm-threads.ts), in Node and in browsers: it runs tasks of the
// caller's jobs until it is told to stop. Copied to dist/wasm/worker.js.

function start({ module, memory, thread }) {
  new WebAssembly.Instance(module, { env: { memory } }).exports.work(thread)
}

const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads')
if (threads) start(threads.workerData)
else globalThis.addEventListener('message', ({ data }) => start(data), { once: true })
