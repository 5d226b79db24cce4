// Tokenizers of other libraries, each as text → ids. bench/package.json lists them.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const version = (name) => {
  // Not every package exports its package.json.
  for (const folder of require.resolve.paths(name))
    try {
      return JSON.parse(readFileSync(`${folder}/${name}/package.json`)).version
    } catch {}
  return 'unknown'
}

/** By name: whether they have the vocabulary's ids (`o200k` is what all of them have), and how they are made. */
const PEERS = {
  'gpt-tokenizer': async ({ vocabulary }) => {
    if (vocabulary !== 'gpt4o') return undefined
    const { encode } = await import('gpt-tokenizer/encoding/o200k_base')
    const options = { disallowedSpecial: new Set() }
    return (text) => encode(text, options)
  },
  'ai-tokenizer': async ({ vocabulary }) => {
    if (vocabulary !== 'gpt4o') return undefined
    const { default: Tokenizer } = await import('ai-tokenizer')
    const tokenizer = new Tokenizer(await import('ai-tokenizer/encoding/o200k_base'))
    return (text) => tokenizer.encode(text, [], [])
  },
  tiktoken: async ({ vocabulary }) => {
    if (vocabulary !== 'gpt4o') return undefined
    const { get_encoding } = await import('tiktoken')
    const encoding = get_encoding('o200k_base')
    return (text) => encoding.encode_ordinary(text)
  },
  '@huggingface/tokenizers': async ({ json, config }) => {
    const { Tokenizer } = await import('@huggingface/tokenizers')
    const tokenizer = new Tokenizer(json, config)
    return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids
  },
  kitoken: async ({ path }) => {
    const { Kitoken } = await import('kitoken/node')
    const tokenizer = Kitoken.from_tokenizers(readFileSync(path))
    return (text) => tokenizer.encode(text, false)
  },
}

/**
 * The libraries that can read the vocabulary.
 * @returns [{ name, encode }]; a library that is not installed is reported on standard error and left out
 */
export async function tokenizerPeers(source) {
  const made = []
  for (const [name, make] of Object.entries(PEERS))
    try {
      const encode = await make(source)
      if (encode) made.push({ name: `${name} ${version(name)}`, encode })
    } catch (error) {
      console.error(`${name} is left out: ${error.message.split('\n')[0]}`)
    }
  return made
}
