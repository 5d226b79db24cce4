// transformers.js on onnxruntime-web. In Node it would take the native onnxruntime; a runtime that it finds under
// this symbol goes first, and onnxruntime-web's entry for Node is the WebAssembly of pages, threads included.
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installed } from './installed.mjs'
import { writeOnnxModel } from './onnx-model.mjs'

const NAME = '@huggingface/transformers'

/** @param dtype 'q4' or 'q8', as in onnx-model.mjs */
export async function transformersContestant(path, dtype, { context, threads }) {
  const { folder, version } = installed(NAME)
  const runtime = installed('onnxruntime-web', folder)
  const ort = createRequire(join(folder, 'package.json'))('onnxruntime-web')
  ort.env.wasm.numThreads = threads
  globalThis[Symbol.for('onnxruntime')] = ort
  const entry = pathToFileURL(join(folder, 'dist', 'transformers.node.mjs')).href
  const { AutoModelForCausalLM, BaseStreamer, env, Tensor } = await import(entry)
  ort.env.wasm.wasmPaths = undefined // transformers.js points it at a CDN

  const models = await mkdtemp(join(tmpdir(), 'multiscale-onnx-'))
  env.allowRemoteModels = false
  env.localModelPath = models
  let model
  let exact
  try {
    exact = await writeOnnxModel(path, join(models, dtype), { dtype, positions: context })
    const session_options = { executionProviders: ['wasm'] }
    model = await AutoModelForCausalLM.from_pretrained(dtype, { dtype, device: 'auto', session_options })
  } finally {
    await rm(models, { recursive: true })
  }
  const inputs = ({ ids }) => ({
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
    attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), [1, ids.length]),
  })
  return {
    name: `transformers.js ${dtype}`,
    version: `${version}, onnxruntime-web ${runtime.version}`,
    threads: ort.env.wasm.numThreads,
    exact,

    async run(prompt, decode) {
      const times = []
      const streamer = new (class extends BaseStreamer {
        put() {
          times.push(performance.now()) // the prompt, then each token
        }
        end() {}
      })()
      const started = performance.now()
      const options = { max_new_tokens: decode, do_sample: false, streamer }
      await model.generate({ ...inputs(prompt), ...options })
      const [, first, ...rest] = times
      if (rest.length !== decode - 1)
        throw new Error(`transformers.js made ${rest.length + 1} tokens of ${decode}`)
      return {
        prefill: (prompt.ids.length * 1000) / (first - started),
        decode: (rest.length * 1000) / (rest.at(-1) - first),
      }
    },

    async next(prompt) {
      const { logits } = await model(inputs(prompt))
      const values = logits.data
      const top = values.reduce((a, b) => Math.max(a, b))
      const normaliser = top + Math.log(values.reduce((sum, logit) => sum + Math.exp(logit - top), 0))
      return new Map(Array.from(values, (logit, id) => [id, logit - normaliser]))
    },

    close: () => model.dispose(),
  }
}
