import type { JsonOptions } from '../json/load.js'
import type { Metadata } from '../metadata.js'
import type { TokenizerOptions } from '../tokenizer.js'

/** What a tokenizer was made of. */
export type TokenizerSource =
  | { readonly kind: 'gguf'; readonly metadata: Metadata; readonly options: TokenizerOptions }
  | { readonly kind: 'json'; readonly json: unknown; readonly options: JsonOptions }

/** A source as it is sent to threads. Hundreds of thousands of strings would take long to copy one by one. */
export type PackedSource =
  | {
      readonly kind: 'gguf'
      readonly entries: readonly (readonly [string, unknown])[]
      readonly options: TokenizerOptions
    }
  | { readonly kind: 'json'; readonly json: string; readonly config?: string }

/** Many strings as one. */
interface PackedTexts {
  readonly all: string
  readonly lengths: Uint32Array
}

const PREFIX = 'tokenizer.ggml.'

export function pack(source: TokenizerSource): PackedSource {
  if (source.kind === 'json') {
    const { config } = source.options
    const packed = { kind: 'json', json: JSON.stringify(source.json) } as const
    return config === undefined ? packed : { ...packed, config: JSON.stringify(config) }
  }
  const entries = [...source.metadata].filter(([key]) => key.startsWith(PREFIX))
  return {
    kind: 'gguf',
    entries: entries.map(([key, value]) => [key, isTexts(value) ? packTexts(value) : value]),
    // Nothing else of what callers may pass, functions among it.
    options: { pre: source.options.pre },
  }
}

export function unpack(packed: PackedSource): TokenizerSource {
  if (packed.kind === 'json') {
    const config = packed.config === undefined ? undefined : JSON.parse(packed.config)
    return { kind: 'json', json: JSON.parse(packed.json), options: { config } }
  }
  const metadata = new Map(
    packed.entries.map(([key, value]) => [key, isPackedTexts(value) ? unpackTexts(value) : value]),
  )
  return { kind: 'gguf', metadata, options: packed.options }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isPackedTexts(value: unknown): value is PackedTexts {
  return typeof value === 'object' && value !== null && 'all' in value && 'lengths' in value
}

function packTexts(texts: readonly string[]): PackedTexts {
  return { all: texts.join(''), lengths: Uint32Array.from(texts, (text) => text.length) }
}

function unpackTexts({ all, lengths }: PackedTexts): string[] {
  let at = 0
  return Array.from(lengths, (length) => {
    at += length
    return all.slice(at - length, at)
  })
}
