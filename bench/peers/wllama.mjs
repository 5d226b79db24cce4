// llama.cpp in WebAssembly (@wllama/wllama 3). It is made for pages; in Node it needs a Worker, a document to resolve
// addresses with, and its binary as a data: URL, because Node's fetch reads no files.
import { openAsBlob, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installed } from './installed.mjs'
import { WebWorker } from './web-worker.mjs'

const dataUrl = (path) => `data:application/wasm;base64,${readFileSync(path, 'base64')}`

/** Its standard build has 64-bit memory, which Node 20 has not; the other one is for such browsers. */
function hasMemory64() {
  try {
    return Boolean(new WebAssembly.Memory({ address: 'i64', initial: 1n }))
  } catch {
    return false
  }
}

export async function wllamaContestant(path, { context, threads }) {
  const { folder, version } = installed('@wllama/wllama')
  globalThis.Worker ??= WebWorker
  globalThis.document ??= { baseURI: 'file:///' }
  globalThis.navigator ??= { userAgent: '', hardwareConcurrency: availableParallelism() }
  const { Wllama } = await import(pathToFileURL(join(folder, 'esm', 'index.js')).href)

  const quiet = { debug() {}, log() {}, warn() {}, error: console.error }
  // The managers are for downloads, and look for a browser's storage.
  const settings = { logger: quiet, suppressNativeLog: true, cacheManager: {}, modelManager: {} }
  const wllama = new Wllama({ default: dataUrl(join(folder, 'esm', 'wasm', 'wllama.wasm')) }, settings)
  const isCompatible = !hasMemory64()
  if (isCompatible) {
    const { folder: compat } = installed('@wllama/wllama-compat')
    const code = readFileSync(join(compat, 'wasm', 'wllama.js'), 'utf8')
    wllama.setCompat({ worker: { code }, wasm: dataUrl(join(compat, 'wasm', 'wllama.wasm')) })
  } else wllama.setCompat(null)
  await wllama.loadModel([await openAsBlob(path)], {
    n_ctx: context,
    n_batch: 512,
    n_threads: threads,
    n_parallel: 1,
    n_gpu_layers: 0,
  })
  const complete = (prompt, tokens, more = {}) => {
    const greedy = { temperature: 0, top_k: 1, ignore_eos: true, cache_prompt: false }
    return wllama.createCompletion({ prompt, max_tokens: tokens, ...greedy, ...more })
  }
  return {
    name: 'wllama',
    version: `${version}${isCompatible ? ', build for browsers without 64-bit memory' : ''}`,
    threads: wllama.getNumThreads(),
    exact: true,

    async run({ text, ids }, decode) {
      const { timings } = await complete(text, decode)
      if (timings.prompt_n !== ids.length || timings.predicted_n !== decode)
        throw new Error(
          `wllama read ${timings.prompt_n} tokens of ${ids.length}, made ${timings.predicted_n} of ${decode}`,
        )
      return {
        prefill: (timings.prompt_n * 1000) / timings.prompt_ms,
        decode: ((timings.predicted_n - 1) * 1000) / timings.predicted_ms,
      }
    },

    /** Log-probability by id of the likeliest next tokens; few, for it fails if one is a lone byte of a character. */
    async next({ text }) {
      const { choices } = await complete(text, 1, { top_k: 0, logprobs: 20 })
      const [{ top_logprobs: likeliest }] = choices[0].logprobs.content
      return new Map(likeliest.map(({ id, logprob }) => [id, logprob]))
    },

    close: () => wllama.exit(),
  }
}
