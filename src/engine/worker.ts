import { parentPort } from 'node:worker_threads'
import { Engine } from './engine.js'
import { generate } from './generate.js'
import { packError, type Request, type Response } from './protocol.js'

/**
 * The thread that the engine lives in. Requests that compute run one after the other; a cancel message ends the
 * running or a waiting one at the next layer.
 */

const port = parentPort
if (!port) throw new Error('this module is the worker of loadModel and cannot be run by itself')

let engine: Engine | null = null
let queue: Promise<unknown> = Promise.resolve()
const running = new Map<number, AbortController>()

function send(response: Response, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(response, transfer)
}

function loaded(): Engine {
  if (!engine) throw new Error('no model is loaded')
  return engine
}

async function answer(
  request: Exclude<Request, { method: 'cancel' }>,
  signal: AbortSignal,
): Promise<unknown> {
  const event = (value: unknown) => send({ id: request.id, kind: 'event', value })
  switch (request.method) {
    case 'load': {
      const { path, options } = request.params
      engine = await Engine.load(path, { ...options, signal, onProgress: event })
      return engine.info
    }
    case 'generate': {
      const { prompt, options } = request.params
      const chunks = generate(loaded(), prompt, { ...options, signal })
      for (;;) {
        const { done, value } = await chunks.next()
        if (done) return value
        event(value)
      }
    }
    case 'logits':
      return allLogits(loaded(), request.params.ids, request.params.from, signal)
    case 'score':
      return loaded().score(Array.from(request.params.ids), request.params.from, signal)
    case 'tokenize':
      return (await loaded().tokenizer.encodeParallel(request.params.text, { ...request.params, signal })).ids
    case 'detokenize':
      return loaded().tokenizer.decode(request.params.ids, request.params)
  }
}

async function allLogits(
  model: Engine,
  ids: Uint32Array,
  from: number,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { vocabulary } = model.info
  if (!Number.isInteger(from) || from < 0 || from >= ids.length) {
    throw new RangeError(`logits can begin after token 0 to ${ids.length - 1}, not ${from}`)
  }
  const result = new Float32Array((ids.length - from) * vocabulary)
  for await (const { position, values } of model.logits(Array.from(ids), from, signal)) {
    result.set(values, (position - from) * vocabulary)
  }
  return result
}

async function handle(request: Exclude<Request, { method: 'cancel' }>): Promise<void> {
  const controller = new AbortController()
  running.set(request.id, controller)
  const isQuick = request.method === 'tokenize' || request.method === 'detokenize'
  const task = () => {
    controller.signal.throwIfAborted()
    return answer(request, controller.signal)
  }
  try {
    const outcome = isQuick ? task() : queue.then(task)
    if (!isQuick) queue = outcome.catch(() => {})
    const value = await outcome
    const transfer = ArrayBuffer.isView(value) && value.byteLength > 0 ? [value.buffer as ArrayBuffer] : []
    send({ id: request.id, kind: 'result', value }, transfer)
  } catch (error) {
    send({ id: request.id, kind: 'error', error: packError(error) })
  } finally {
    running.delete(request.id)
  }
}

port.on('message', (request: Request) => {
  if (request.method === 'cancel') running.get(request.id)?.abort()
  else void handle(request)
})
