import { Worker } from 'node:worker_threads'
import { builtInModel } from './built-in.js'
import { Channel } from './channel.js'
import type {
  GenerateOptions,
  GenerationChunk,
  GenerationResult,
  LoadOptions,
  LoadProgress,
  ModelInfo,
} from './types.js'
import { checkOptionNames, GENERATE_OPTIONS, LOAD_OPTIONS } from './types.js'

/**
 * Loads a GGUF model into a worker thread, so that neither loading nor generating blocks the caller's event loop.
 *
 *     await using model = await loadModel('model.gguf')
 *     for await (const { text } of model.generate('Once upon a time', { maxTokens: 100 })) process.stdout.write(text)
 *
 * @param path of a GGUF file (or a `file:` URL). Default: the model that comes with the package, which tells stories
 * @throws FormatError for a file that cannot be run; Error if memory is short; RangeError for an option out of its
 *   range; the signal's reason if it aborts
 */
export async function loadModel(
  path: string | URL = builtInModel,
  options: LoadOptions = {},
): Promise<Model> {
  const { signal, onProgress, ...plain } = options
  checkOptionNames('loadModel', options, LOAD_OPTIONS)
  signal?.throwIfAborted()
  // Decoding allocates next to nothing, so a small young generation costs no time; left at its default, V8 would hold
  // some 50 MB of what loading threw away.
  const resourceLimits = { maxYoungGenerationSizeMb: 8 }
  // None of the caller's Node flags: the worker needs none, `--input-type` would keep it from starting, and Node refuses
  // a list that names V8's own (`--expose-gc`, `--max-old-space-size`).
  const execArgv: string[] = []
  const worker = new Worker(new URL('./worker.js', import.meta.url), { resourceLimits, execArgv })
  const channel = new Channel(worker)
  try {
    const info = await channel.request(
      'load',
      { path: String(path), options: plain },
      { signal, onEvent: (progress) => onProgress?.(progress as LoadProgress) },
    )
    return new Model(channel, info)
  } catch (error) {
    await channel.close()
    throw error
  }
}

/** A loaded model. Requests queue up; each takes an AbortSignal. Close it to free its memory at once. */
export class Model implements AsyncDisposable {
  readonly info: ModelInfo
  readonly #channel: Channel

  /** Use `loadModel`. */
  constructor(channel: Channel, info: ModelInfo) {
    this.#channel = channel
    this.info = info
  }

  /**
   * Continues a prompt. Starts at once; read the chunks with `for await`, or just await `result`. Leaving the loop
   * early ends the generation.
   * @param prompt text, or token ids taken as they are
   * @throws ContextLimitError (when read) if prompt and maxTokens exceed the context
   */
  generate(prompt: string | ArrayLike<number>, options: GenerateOptions = {}): Generation {
    const { signal, ...plain } = options
    return new Generation(async (onChunk, stop) => {
      checkOptionNames('generate', options, GENERATE_OPTIONS)
      return this.#channel.request(
        'generate',
        { prompt: typeof prompt === 'string' ? prompt : tokenIds(prompt), options: plain },
        {
          signal: signal ? AbortSignal.any([signal, stop]) : stop,
          onEvent: (chunk) => onChunk(chunk as GenerationChunk),
        },
      )
    })
  }

  /**
   * Logits after each token from position `from` (default 0) on: row-major [tokens − from, vocabulary].
   */
  async logits(
    tokens: ArrayLike<number>,
    { from = 0, signal }: { from?: number; signal?: AbortSignal } = {},
  ): Promise<Float32Array> {
    return this.#channel.request('logits', { ids: tokenIds(tokens), from }, { signal })
  }

  /**
   * Log-probability (base e) of each token given those before it, for tokens[from …]; from is at least 1 (default),
   * since nothing precedes the first token.
   */
  async score(
    tokens: ArrayLike<number>,
    { from = 1, signal }: { from?: number; signal?: AbortSignal } = {},
  ): Promise<Float64Array> {
    return this.#channel.request('score', { ids: tokenIds(tokens), from }, { signal })
  }

  /** Token ids of a text. @param options addSpecial (default true): with the BOS the model asks for; parseSpecial: read <|…|> */
  tokenize(
    text: string,
    options: { addSpecial?: boolean; parseSpecial?: boolean } = {},
  ): Promise<Uint32Array> {
    return this.#channel.request('tokenize', { text, ...options })
  }

  async detokenize(ids: ArrayLike<number>, options: { skipSpecial?: boolean } = {}): Promise<string> {
    return this.#channel.request('detokenize', { ids: tokenIds(ids), ...options })
  }

  /** Ends everything that runs, frees weights and cache, and ends the worker. Safe to call twice. */
  close(): Promise<void> {
    return this.#channel.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** @throws RangeError for what a Uint32Array would silently turn into another id, such as −1, 1.5 and NaN */
function tokenIds(values: ArrayLike<number>): Uint32Array {
  const ids = Uint32Array.from(values)
  const bad = ids.findIndex((id, i) => id !== values[i])
  if (bad >= 0) throw new RangeError(`token ${bad} is ${values[bad]}, which is no token id`)
  return ids
}

/** A running generation: its chunks as they come, and its result at the end. */
export class Generation implements AsyncIterable<GenerationChunk> {
  /** The whole text, ids and statistics. Rejects as the iteration throws. */
  readonly result: Promise<GenerationResult>
  readonly #stop = new AbortController()
  readonly #chunks: GenerationChunk[] = []
  #wake: () => void = () => {}
  #ended = false
  #isRead = false

  constructor(
    start: (onChunk: (chunk: GenerationChunk) => void, stop: AbortSignal) => Promise<GenerationResult>,
  ) {
    this.result = start((chunk) => {
      this.#chunks.push(chunk)
      this.#wake()
    }, this.#stop.signal)
    const end = () => {
      this.#ended = true
      this.#wake()
    }
    // Whoever only iterates must not see an unhandled rejection of `result`.
    this.result.then(end, end)
  }

  /** @throws Error if it is read a second time: chunks are handed out once */
  async *[Symbol.asyncIterator](): AsyncGenerator<GenerationChunk, void> {
    if (this.#isRead)
      throw new Error('the chunks of a generation can be read once; its result has the whole text')
    this.#isRead = true
    try {
      for (;;) {
        for (let chunk = this.#chunks.shift(); chunk; chunk = this.#chunks.shift()) yield chunk
        if (this.#ended) break
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
      await this.result
    } finally {
      this.#stop.abort()
    }
  }
}
