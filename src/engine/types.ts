import type { BackendName, CacheType } from '../backend/index.js'
import type { TokenLogProbability } from './logits.js'
import type { SamplerOptions } from './sampler.js'

export interface LoadOptions {
  /** Positions of the key/value cache: the longest prompt plus answer. Default: the trained length, at most 4096. */
  readonly context?: number
  /** INT8 digits of each activation: 1, 2 (default) or 3; see multiscale/msd. */
  readonly passes?: 1 | 2 | 3
  /** What shares an activation scale: 'group' (32 activations, default) or 'row' (a token, as in the paper). */
  readonly granularity?: 'group' | 'row'
  /**
   * How cached keys and values are stored. 'f16' takes half the memory of 'f32', 'int8' a quarter and 'mxfp4' an eighth: those two are
   * codes, which attention multiplies as they are. Default 'int8'; with WebAssembly, which has no codes, and heads above 512 'f32'.
   */
  readonly cacheType?: CacheType
  /** Whether keys of a cache of codes are stored less the mean of those before them, which lowers their error. Default true. */
  readonly keyShift?: boolean
  /** Default: native if the addon was built, else wasm. */
  readonly backend?: BackendName
  /** Threads for kernels. Default: one per core, and for decoding as many as are measured to be fastest. */
  readonly threads?: number
  /** Kernels by name, for example 'avx2' of the native backend or 'simd128' of wasm. Default: the fastest that this machine runs. */
  readonly variant?: string
  /** Most prompt tokens of one pass. Default 256. */
  readonly batch?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: LoadProgress) => void
}

export interface LoadProgress {
  readonly loadedBytes: number
  readonly totalBytes: number
}

/** What was loaded, and how. */
export interface ModelInfo {
  readonly architecture: string
  readonly name: string | undefined
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly kvHeads: number
  readonly vocabulary: number
  /** Positions available. */
  readonly context: number
  readonly trainedContext: number
  readonly backend: BackendName
  readonly variant: string
  readonly threads: number
  /** Threads that decode: memory may feed fewer than all. */
  readonly decodeThreads: number
  readonly passes: 1 | 2 | 3
  readonly granularity: 'group' | 'row'
  readonly cacheType: CacheType
  readonly weightBytes: number
  readonly cacheBytes: number
  readonly loadSeconds: number
  /** Something the user should know, for example that a slow backend was taken. */
  readonly notice: string | undefined
}

export interface GenerateOptions extends SamplerOptions {
  /** New tokens at most. Default: what is left of the context. */
  readonly maxTokens?: number
  /** Texts at which generation stops; they are not part of the output. */
  readonly stop?: readonly string[]
  /** Go on past the tokens that end a text. */
  readonly ignoreEos?: boolean
  /** Read control tokens such as <|im_start|> in the prompt as tokens. Default false. */
  readonly parseSpecial?: boolean
  /** Add the beginning-of-sequence token if the model asks for one. Default true. */
  readonly addSpecial?: boolean
  /** Log-probability of each token under the model (before temperature and filters), and of so many alternatives. */
  readonly logProbabilities?: number
  readonly signal?: AbortSignal
}

/** A piece of the answer: usually one token, with the text that it completes. */
export interface GenerationChunk {
  readonly text: string
  readonly tokens: readonly number[]
  /** One entry per token, if asked for. */
  readonly logProbabilities?: readonly TokenAlternatives[]
}

export interface TokenAlternatives extends TokenLogProbability {
  readonly alternatives: readonly TokenLogProbability[]
}

export interface GenerationResult {
  readonly text: string
  readonly tokens: readonly number[]
  readonly promptTokens: readonly number[]
  /** 'end': the model ended its text; 'stop': a stop string; 'length': maxTokens or the context was reached. */
  readonly finishReason: 'end' | 'stop' | 'length'
  /** The stop string that ended the text. */
  readonly stopped?: string
  readonly stats: GenerationStats
}

export interface GenerationStats {
  readonly promptTokens: number
  /** Prompt tokens whose keys and values were still in the cache and not computed again. */
  readonly cachedTokens: number
  readonly generatedTokens: number
  readonly prefillSeconds: number
  readonly decodeSeconds: number
  /** 0 if nothing had to be computed. */
  readonly prefillTokensPerSecond: number
  /** Passes after the first token per second; 0 for fewer than two tokens. */
  readonly decodeTokensPerSecond: number
}

/** The names that generate and loadModel know, kept complete by the compiler. */
export const GENERATE_OPTIONS: Readonly<Record<keyof GenerateOptions, true>> = {
  maxTokens: true,
  stop: true,
  ignoreEos: true,
  parseSpecial: true,
  addSpecial: true,
  logProbabilities: true,
  signal: true,
  temperature: true,
  topK: true,
  topP: true,
  minP: true,
  repetitionPenalty: true,
  repetitionWindow: true,
  seed: true,
}

export const LOAD_OPTIONS: Readonly<Record<keyof LoadOptions, true>> = {
  context: true,
  passes: true,
  granularity: true,
  cacheType: true,
  keyShift: true,
  backend: true,
  threads: true,
  variant: true,
  batch: true,
  signal: true,
  onProgress: true,
}

/** @throws TypeError for a name that is not known: a misspelt option must not be ignored */
export function checkOptionNames(
  where: string,
  options: object,
  known: Readonly<Record<string, true>>,
): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue
    throw new TypeError(`${where} has no option '${name}'; there are ${Object.keys(known).join(', ')}`)
  }
}

/** Prompt and answer do not fit into the context. Nothing was cut off: the caller decides what to drop. */
export class ContextLimitError extends Error {
  override readonly name = 'ContextLimitError'
}
