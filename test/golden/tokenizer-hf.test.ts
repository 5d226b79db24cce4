import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  loadTokenizer,
  type Tokenizer,
  tokenizerFromGguf,
  tokenizerFromJson,
} from '../../src/tokenizer/index.js'
import { readMetadata, sharedData, skipWithoutData } from './read-metadata.js'

/**
 * Awkward texts as Hugging Face encodes them (shared/data/README.md): with the tokenizer.json of stories260K, and with
 * files of the kinds that models have, put together from vocabularies of GGUF files.
 */
const textOf = (path: string) => readFileSync(new URL(path, sharedData), 'utf8')
const jsonOf = (path: string) => JSON.parse(textOf(path))
const split = (pattern: string) => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
})
const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false }
const gpt4 = (digits: string) =>
  split(
    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
  )
const sequence = (...pretokenizers: object[]) => ({ type: 'Sequence', pretokenizers })

function metadataOf(name: string) {
  const metadata = readMetadata(new URL(`vocabs/ggml-vocab-${name}.gguf`, sharedData))
  const at = (key: string) => metadata.get(`tokenizer.ggml.${key}`)
  return {
    tokens: at('tokens') as string[],
    types: at('token_type') as number[],
    merges: at('merges') as string[],
  }
}

/** The tokenizer.json of a byte-level BPE vocabulary. */
function byteLevel(name: string, parts: object, model = {}) {
  const { tokens, types, merges } = metadataOf(name)
  const isAdded = (id: number) => types[id] === 3 || types[id] === 4
  const vocab = Object.fromEntries(tokens.flatMap((text, id) => (isAdded(id) ? [] : [[text, id]])))
  const added_tokens = tokens.flatMap((content, id) =>
    isAdded(id) ? [{ id, content, special: types[id] === 3, normalized: false }] : [],
  )
  return {
    added_tokens,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges, ...model },
    ...parts,
  }
}

/** The tokenizer.json of BERT's vocabulary, in which words go on with ##. */
function bert() {
  const { tokens } = metadataOf('bert-bge')
  const isSpecial = (text: string) => /^\[.*\]$/.test(text)
  const spell = (text: string) =>
    isSpecial(text) ? text : text.startsWith('▁') ? text.slice(1) : `##${text}`
  return {
    added_tokens: tokens.flatMap((content, id) =>
      /^\[(?:UNK|CLS|SEP|PAD|MASK)\]$/.test(content)
        ? [{ id, content, special: true, normalized: false }]
        : [],
    ),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', cls: ['[CLS]', 101], sep: ['[SEP]', 102] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      vocab: Object.fromEntries(tokens.map((text, id) => [spell(text), id])),
    },
  }
}

const VOCABULARIES: Record<string, () => Tokenizer | Promise<Tokenizer>> = {
  stories260K: () => loadTokenizer(new URL('stories260K/hf/tokenizer.json', sharedData)),
  'llama-bpe-rebuilt': () =>
    tokenizerFromJson(
      byteLevel(
        'llama-bpe-rebuilt',
        { pre_tokenizer: sequence(gpt4('\\p{N}{1,3}'), bytes) },
        { ignore_merges: true },
      ),
    ),
  'qwen2-rebuilt': () =>
    tokenizerFromJson(
      byteLevel('qwen2-rebuilt', {
        normalizer: { type: 'NFC' },
        pre_tokenizer: sequence(gpt4('\\p{N}'), bytes),
      }),
    ),
  'gpt-2': () => tokenizerFromJson(byteLevel('gpt-2', { pre_tokenizer: { ...bytes, use_regex: true } })),
  'deepseek-coder': () => {
    const stages = ['[\r\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', '[一-龥ࠀ-一가-퟿]+'].map(split)
    const pre_tokenizer = sequence(...stages, { type: 'Digits', individual_digits: true }, bytes)
    return tokenizerFromJson(byteLevel('deepseek-coder', { pre_tokenizer }))
  },
}

describe.skipIf(skipWithoutData).each(Object.entries(VOCABULARIES))('%s', (name, load) => {
  test('300 awkward texts, ids and the text back', async () => {
    const tokenizer = await load()
    const cases: { id: string; text: string }[] = jsonOf('odd-text/odd-cases.json')
    const { cases: llamaCpp, hf_differs: differs } = jsonOf(`odd-text/goldens/${name}.json`)
    // The vectors of GPT-2 come from a file in which <|endoftext|> is no special token.
    const options = { addSpecial: false, parseSpecial: name !== 'gpt-2' }
    for (const { id, text } of cases) {
      const { ids, starts, ends } = tokenizer.offsets(text, options)
      expect(Array.from(ids), id).toEqual(differs[id] ?? llamaCpp[id])
      expect(tokenizer.encode(text, options), id).toEqual(ids)
      // Every unit belongs to a token, and to one only.
      expect(ids.length === 0 ? 0 : ends.at(-1), id).toBe(text.length)
      if (name !== 'qwen2-rebuilt')
        for (let i = 1; i < ids.length; i++) expect(starts[i], id).toBe(ends[i - 1])
      const normalized = name === 'qwen2-rebuilt' ? text.normalize('NFC') : text
      const shown = name === 'stories260K' ? text.replaceAll('▁', ' ') : normalized
      if (!differs[id]) expect(tokenizer.decode(ids, { skipSpecial: false }), id).toBe(shown)
    }
  })
})

describe.skipIf(skipWithoutData)('bert-bge', () => {
  test('WordPiece of tokenizer.json and of GGUF agree where Hugging Face and llama.cpp do', () => {
    const tokenizer = tokenizerFromJson(bert())
    const { cases, hf_differs: contested } = jsonOf('odd-text/goldens/bert-bge.json')
    let compared = 0
    for (const { id, text } of jsonOf('odd-text/odd-cases.json') as { id: string; text: string }[]) {
      if (contested[id]) continue
      expect(Array.from(tokenizer.encode(text, { addSpecial: false })), id).toEqual(cases[id])
      compared++
    }
    expect(compared).toBe(252)
    const gguf = tokenizerFromGguf(readMetadata(new URL('vocabs/ggml-vocab-bert-bge.gguf', sharedData)))
    for (const each of [tokenizer, gguf]) {
      const { ids, starts, ends } = each.offsets('Hello,  wörldly  World')
      expect(Array.from(ids, (id) => each.tokenText(id).replace(/^▁|^##/, ''))).toEqual([
        '[CLS]',
        'hello',
        ',',
        'world',
        'ly',
        'world',
        '[SEP]',
      ])
      expect(Array.from(starts)).toEqual([0, 0, 5, 8, 13, 17, 22])
      expect(Array.from(ends)).toEqual([0, 5, 6, 13, 15, 22, 22])
      expect(each.decode(ids)).toMatch(/^hello ?, worldly world$/)
      expect(each).toMatchObject({ bosId: 101, eosId: 102, addBos: true, addEos: true })
    }
  })
})

describe.skipIf(skipWithoutData)('paths', () => {
  test('a tokenizer.json with its configuration beside it, as a path and as a URL', async () => {
    const url = new URL('stories260K/hf/tokenizer.json', sharedData)
    for (const source of [url, fileURLToPath(url)])
      expect(await loadTokenizer(source)).toMatchObject({ vocabSize: 512, bosId: 1, eosId: 2 })
  })

  test('a GGUF file wants someone who opens it', async () => {
    const path = fileURLToPath(new URL('vocabs/ggml-vocab-gpt-2.gguf', sharedData))
    await expect(loadTokenizer(path)).rejects.toThrow('is a GGUF file; pass { openGguf }')
    const openGguf = async () => ({
      metadata: readMetadata(new URL('vocabs/ggml-vocab-gpt-2.gguf', sharedData)),
    })
    expect((await loadTokenizer(path, { openGguf })).vocabSize).toBe(50257)
  })
})
