import { FormatError } from '../format/index.js'
import { ContextLimitError, type GenerateOptions, type LoadOptions, type ModelInfo } from './types.js'

/** What the handle asks of the worker. Everything here survives structured cloning. */
export interface Methods {
  load: { params: { path: string; options: PlainOptions<LoadOptions> }; result: ModelInfo }
  generate: {
    params: { prompt: string | Uint32Array; options: PlainOptions<GenerateOptions> }
    result: import('./types.js').GenerationResult
  }
  logits: { params: { ids: Uint32Array; from: number }; result: Float32Array }
  score: { params: { ids: Uint32Array; from: number }; result: Float64Array }
  tokenize: { params: { text: string; addSpecial?: boolean; parseSpecial?: boolean }; result: Uint32Array }
  detokenize: { params: { ids: Uint32Array; skipSpecial?: boolean }; result: string }
}

/** Options without the functions and signals that stay on the caller's side. */
export type PlainOptions<T> = Omit<T, 'signal' | 'onProgress'>

export type Request =
  | { [M in keyof Methods]: { id: number; method: M; params: Methods[M]['params'] } }[keyof Methods]
  | { id: number; method: 'cancel' }

export type Response =
  | { id: number; kind: 'event'; value: unknown }
  | { id: number; kind: 'result'; value: unknown }
  | { id: number; kind: 'error'; error: PlainError }

/** Structured cloning would forget an error's own class. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
}

export function packError(error: unknown): PlainError {
  if (error instanceof Error) return { name: error.name, message: error.message, stack: error.stack }
  return { name: 'Error', message: String(error), stack: undefined }
}

const CLASSES: Readonly<Record<string, { readonly prototype: Error }>> = {
  FormatError,
  ContextLimitError,
  RangeError,
  TypeError,
}

/** The error that packError took apart, of its class if it is one of ours. */
export function unpackError({ name, message, stack }: PlainError): Error {
  const error: Error = Object.create((CLASSES[name] ?? Error).prototype)
  for (const [key, value] of Object.entries({ name, message, stack })) {
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false })
  }
  return error
}
