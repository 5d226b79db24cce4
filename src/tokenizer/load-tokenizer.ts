import { type JsonOptions, tokenizerFromJson } from './json/load.js'
import type { Metadata } from './metadata.js'
import { type TokenizerOptions, tokenizerFromGguf } from './tokenizer.js'
import type { Tokenizer } from './types.js'

export interface LoadTokenizerOptions extends JsonOptions, TokenizerOptions {
  /** Opens GGUF files, where `source` is the path of one: `openGguf` of `multiscale/format`. */
  openGguf?: (path: string | URL) => Promise<{ readonly metadata: Metadata; close?(): unknown }>
}

/**
 * The tokenizer of a model, from whatever describes it:
 * - a parsed tokenizer.json, with the parsed tokenizer_config.json as the option `config`;
 * - GGUF metadata, as `openGguf` reads them: a map of keys `tokenizer.ggml.*`;
 * - in Node the path of a tokenizer.json (a tokenizer_config.json beside it is read too), or of a GGUF file if
 *   `openGguf` is given.
 *
 * Tokenizers stand alone and run in browsers, so nothing here imports Node's modules, which bundlers would trip over,
 * or the reader of GGUF files.
 * @throws Error for a file that cannot be read, and as `tokenizerFromJson` and `tokenizerFromGguf` do
 */
export async function loadTokenizer(
  source: string | URL | object,
  options: LoadTokenizerOptions = {},
): Promise<Tokenizer> {
  if (typeof source === 'string' || source instanceof URL) return loadFile(source, options)
  if (source instanceof Map) return tokenizerFromGguf(source, options)
  return tokenizerFromJson(source, options)
}

const GGUF_MAGIC = 'GGUF'

async function loadFile(path: string | URL, options: LoadTokenizerOptions): Promise<Tokenizer> {
  const fs = globalThis.process?.getBuiltinModule?.('node:fs')
  if (!fs) throw new Error(`Only Node can open ${path}; in a browser, pass the parsed tokenizer.json`)
  const { open, readFile } = fs.promises
  const file = await open(path)
  const magic = Buffer.alloc(GGUF_MAGIC.length)
  await file.read(magic, 0, magic.length, 0).finally(() => file.close())
  if (magic.toString('latin1') === GGUF_MAGIC) {
    if (!options.openGguf)
      throw new Error(
        `${path} is a GGUF file; pass { openGguf } from multiscale/format, or its metadata in place of the path`,
      )
    const gguf = await options.openGguf(path)
    try {
      return tokenizerFromGguf(gguf.metadata, options)
    } finally {
      await gguf.close?.()
    }
  }
  const json = parse(path, await readFile(path, 'utf8'))
  const beside = configBeside(path)
  if (options.config !== undefined || !fs.existsSync(beside)) return tokenizerFromJson(json, options)
  return tokenizerFromJson(json, { ...options, config: parse(beside, await readFile(beside, 'utf8')) })
}

function configBeside(path: string | URL): string | URL {
  const name = 'tokenizer_config.json'
  return typeof path === 'string' ? path.replace(/[^\\/]*$/, name) : new URL(name, path)
}

function parse(path: string | URL, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${path} is no JSON: ${(cause as Error).message}`, { cause })
  }
}
