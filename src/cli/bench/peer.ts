import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { Model } from '../../engine/model.js'
import { type Contestant, promptIds, type Speeds } from './contestant.js'
import type { InstalledPeer, LlamaModel, LlamaSequence } from './node-llama-cpp.js'

export interface PeerOptions {
  /** GGUF file. */
  readonly path: string
  readonly prompt: number
  readonly decode: number
  readonly vocabulary: number
  readonly signal?: AbortSignal
  /** Called before each of the tries that choose the thread counts. */
  readonly onTry?: (done: number, total: number) => void
}

/** node-llama-cpp on the same file, each measure at the thread count that was best for it. */
export class Peer implements Contestant, AsyncDisposable {
  readonly name: string
  /** Threads of each measure. */
  readonly threads: Readonly<Record<keyof Speeds, number>>
  readonly #contexts: Readonly<Record<keyof Speeds, Context>>
  readonly #close: () => Promise<void>

  private constructor(
    name: string,
    contexts: Readonly<Record<keyof Speeds, Context>>,
    close: () => Promise<void>,
  ) {
    this.name = name
    this.threads = { prefill: contexts.prefill.threads, decode: contexts.decode.threads }
    this.#contexts = contexts
    this.#close = close
  }

  /** @throws Error if it cannot load the file */
  static async load({ module, version }: InstalledPeer, options: PeerOptions): Promise<Peer> {
    const maxThreads = availableParallelism()
    const llama = await module.getLlama({ gpu: false, build: 'never', logLevel: 'error', maxThreads })
    try {
      const model = await llama.loadModel({ modelPath: resolve(options.path), loadSignal: options.signal })
      const contexts = await bestContexts(model, options)
      return new Peer(`node-llama-cpp ${version}`, contexts, () => llama.dispose())
    } catch (error) {
      await llama.dispose()
      throw error
    }
  }

  async run(ids: Uint32Array, decode: number, signal?: AbortSignal): Promise<Speeds> {
    const { prefill, decode: generating } = this.#contexts
    const speeds = await timed(generating.sequence, ids, decode, signal)
    if (prefill === generating) return speeds
    return { ...speeds, prefill: (await timed(prefill.sequence, ids, 2, signal)).prefill }
  }

  /**
   * Root mean square difference to the model in the log-probabilities of the next token, over the 100 tokens that the
   * peer thinks likeliest. Its 8-bit activations leave 0.02 to 0.12 on models that were compared.
   */
  async disagreement(model: Model, ids: Uint32Array): Promise<number> {
    const logits = await model.logits(ids, { from: ids.length - 1 })
    const top = logits.reduce((a, b) => Math.max(a, b))
    const normaliser = top + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0))
    const { sequence } = this.#contexts.decode
    await sequence.clearHistory()
    const items = Array.from(ids, (id, i): Parameters<LlamaSequence['controlledEvaluate']>[0][number] =>
      i === ids.length - 1 ? [id, { generateNext: { probabilities: true } }] : id,
    )
    const probabilities = (await sequence.controlledEvaluate(items)).at(-1)?.next.probabilities ?? new Map()
    const likeliest = [...probabilities].sort((a, b) => b[1] - a[1]).slice(0, 100)
    const squares = likeliest.map(([id, p]) => (Math.log(p) - (logits[id] - normaliser)) ** 2)
    return Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }
}

interface Context {
  readonly threads: number
  readonly sequence: LlamaSequence
}

/** All counts on a small machine; on a large one the powers of two, and all. */
export function threadCounts(cores: number): number[] {
  return Array.from({ length: cores }, (_, i) => i + 1).filter(
    (count) => cores <= 8 || count === cores || Number.isInteger(Math.log2(count)),
  )
}

/** Of each count, in turns; the best decides. Others on the machine only slow one down, and one slow try proves nothing. */
const TRIES = 3

async function bestContexts(
  model: LlamaModel,
  { prompt, decode, vocabulary, signal, onTry }: PeerOptions,
): Promise<Record<keyof Speeds, Context>> {
  const counts = threadCounts(availableParallelism())
  const create = async (threads: number) => {
    const context = await model.createContext({
      contextSize: prompt + decode + 8,
      batchSize: 512,
      threads,
      createSignal: signal,
    })
    return { threads, sequence: context.getSequence(), dispose: () => context.dispose() }
  }
  const tries: { threads: number; speeds: Speeds }[] = []
  // The very first try reads the file, so one more goes before the rest and is not counted.
  const order = [counts[counts.length - 1], ...Array.from({ length: TRIES }, () => counts).flat()]
  const [tryPrompt, tryDecode] = [Math.min(prompt, 256), Math.min(decode, 32)]
  for (const [i, threads] of order.entries()) {
    onTry?.(i, order.length)
    const { sequence, dispose } = await create(threads)
    const speeds = await timed(sequence, promptIds(tryPrompt, vocabulary, 1000 + i), tryDecode, signal)
    if (i > 0) tries.push({ threads, speeds })
    await dispose()
  }
  const best = (measure: keyof Speeds) =>
    tries.reduce((a, b) => (b.speeds[measure] > a.speeds[measure] ? b : a)).threads
  const prefill = await create(best('prefill'))
  return { prefill, decode: best('decode') === prefill.threads ? prefill : await create(best('decode')) }
}

async function timed(
  sequence: LlamaSequence,
  ids: Uint32Array,
  decode: number,
  signal?: AbortSignal,
): Promise<Speeds> {
  signal?.throwIfAborted()
  await sequence.clearHistory()
  const started = performance.now()
  let first = started
  let count = 0
  for await (const _ of sequence.evaluate(Array.from(ids), { temperature: 0, yieldEogToken: true })) {
    signal?.throwIfAborted() // it takes none itself, so a prompt is read to its end
    if (count++ === 0) first = performance.now()
    if (count === decode) break
  }
  const finished = performance.now()
  if (count < decode) throw new Error(`the peer generated only ${count} of ${decode} tokens`)
  return {
    prefill: (ids.length * 1000) / (first - started),
    decode: ((count - 1) * 1000) / (finished - first),
  }
}
