import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Tokenizer, tokenizerFromGguf } from '../../src/tokenizer/index.js'
import { readMetadata, sharedData, skipWithoutData } from './read-metadata.js'

/**
 * Token ids by llama.cpp (shared/data/README.md). Every case is required, those of `hf_differs` included:
 * there llama.cpp and Hugging Face disagree, and GGUF models follow llama.cpp.
 */
const VOCABULARIES = [
  'llama-spm',
  'gpt-2',
  'llama-bpe-rebuilt',
  'qwen2-rebuilt',
  'deepseek-coder',
  'bert-bge',
] as const

const hexByte = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0')
const textOf = (path: string) => readFileSync(new URL(path, sharedData), 'utf8')
const jsonOf = (path: string) => JSON.parse(textOf(path))
const vocabularyPath = (name: string) =>
  name === 'stories260K' ? 'stories260K/stories260K-f32.gguf' : `vocabs/ggml-vocab-${name}.gguf`

const loaded = new Map<string, Tokenizer>()
function tokenizerOf(name: string): Tokenizer {
  const known = loaded.get(name)
  if (known) return known
  const tokenizer = tokenizerFromGguf(readMetadata(new URL(vocabularyPath(name), sharedData)))
  loaded.set(name, tokenizer)
  return tokenizer
}
const plainIds = (name: string, text: string) =>
  Array.from(tokenizerOf(name).encode(text, { addSpecial: false }))

describe.skipIf(skipWithoutData)("llama.cpp's own 46 vectors", () => {
  test.each(VOCABULARIES)('%s', (name) => {
    const texts = textOf(`${vocabularyPath(name)}.inp`)
      .split('\n__ggml_vocab_test__\n')
      .slice(0, -1)
    const expected = textOf(`${vocabularyPath(name)}.out`)
      .split('\n')
      .slice(0, texts.length)
      .map((line) => line.split(' ').filter(Boolean).map(Number))
    expect(texts).toHaveLength(46)
    expect(texts.map((text) => plainIds(name, text))).toEqual(expected)
  })
})

describe.skipIf(skipWithoutData).each([...VOCABULARIES, 'stories260K'])('%s', (name) => {
  test('300 awkward texts', () => {
    const cases: { id: string; text: string }[] = jsonOf('odd-text/odd-cases.json')
    const { cases: expected } = jsonOf(`odd-text/goldens/${name}.json`)
    expect(cases).toHaveLength(300)
    expect(Object.fromEntries(cases.map(({ id, text }) => [id, plainIds(name, text)]))).toEqual(expected)
    // To SentencePiece ▁ is the space.
    const isLossless = name !== 'llama-spm' && name !== 'stories260K'
    if (name === 'bert-bge') return
    for (const { id, text } of cases)
      expect(tokenizerOf(name).decode(expected[id]), id).toBe(isLossless ? text : text.replaceAll('▁', ' '))
  })

  test('all awkward texts as one', () => {
    expect(plainIds(name, textOf('odd-text/odd.txt'))).toEqual(jsonOf(`odd-text/goldens/${name}.json`).whole)
  })

  test('lone surrogates count as U+FFFD', () => {
    const strings: { id: string; text: string; well_formed: string }[] = jsonOf(
      'odd-text/odd-surrogates.json',
    ).strings
    const { surrogates } = jsonOf(`odd-text/goldens/${name}.json`)
    expect(strings.length).toBeGreaterThan(0)
    for (const { id, text, well_formed } of strings) {
      expect(plainIds(name, text), id).toEqual(surrogates[id])
      if (name === 'bert-bge') continue
      expect(tokenizerOf(name).decode(surrogates[id]), id).toBe(well_formed)
    }
  })
})

describe.skipIf(skipWithoutData)('what the metadata of real files says', () => {
  const names = (tokenizer: Tokenizer) => [...tokenizer.endIds].map((id) => tokenizer.tokenText(id)).sort()

  test('Llama 3: BOS is added, two tokens end', () => {
    const tokenizer = tokenizerOf('llama-bpe-rebuilt')
    expect(names(tokenizer)).toEqual(['<|end_of_text|>', '<|eot_id|>'])
    expect(Array.from(tokenizer.encode('<|eot_id|>x', { parseSpecial: true }))).toEqual([128000, 128009, 87])
    expect(tokenizer).toMatchObject({
      vocabSize: 128256,
      bosId: 128000,
      eosId: 128001,
      addBos: true,
      addEos: false,
    })
  })

  test('Qwen: user-defined tokens are found in plain text, control and FIM tokens are not', () => {
    const tokenizer = tokenizerOf('qwen2-rebuilt')
    expect(names(tokenizer)).toEqual([
      '<|endoftext|>',
      '<|file_sep|>',
      '<|fim_pad|>',
      '<|im_end|>',
      '<|repo_name|>',
    ])
    const text = '<think>a</think><|im_end|>'
    const thinkA = [151667, 64, 151668]
    expect(Array.from(tokenizer.encode(text))).toEqual([...thinkA, ...tokenizer.encode('<|im_end|>')])
    expect(Array.from(tokenizer.encode(text, { parseSpecial: true }))).toEqual([...thinkA, 151645])
    expect(tokenizer.decode([...thinkA, 151645])).toBe('<think>a</think>')
    expect(tokenizer.decode([...thinkA, 151645], { skipSpecial: false })).toBe(text)
    expect(tokenizer.encode('<|fim_prefix|>')).not.toContain(151659)
  })

  test('Llama 2: the space before a text is not part of it', () => {
    const tokenizer = tokenizerOf('llama-spm')
    expect(Array.from(tokenizer.encode('Hello'))).toEqual([1, 15043])
    expect(tokenizer.decode([1, 15043])).toBe('Hello')
    expect(tokenizer.decode(tokenizer.encode(' Hello'))).toBe(' Hello')
    const turns = 'Hello</s>Hello</s> Hello'
    const ids = tokenizer.encode(turns, { parseSpecial: true })
    expect(tokenizer.decode(ids, { skipSpecial: false })).toBe(`<s>${turns}`)
  })
})

describe.skipIf(skipWithoutData)('decoding', () => {
  test('invalid UTF-8 becomes U+FFFD as in a TextDecoder', () => {
    const tokenizer = tokenizerOf('llama-spm')
    const cases: { id: string; hex: string; decoded: string }[] = jsonOf('odd-text/odd-surrogates.json').bytes
    expect(cases.length).toBeGreaterThan(0)
    for (const { id, hex, decoded } of cases) {
      const ids = Array.from(Buffer.from(hex, 'hex'), (byte) => tokenizer.idOf(`<0x${hexByte(byte)}>`)!)
      expect(tokenizer.decode(ids), id).toBe(decoded)
      const stream = tokenizer.decodeStream()
      expect(ids.map((token) => stream.push(token)).join('') + stream.flush(), id).toBe(decoded)
    }
  })

  test('a stream after the stories260K prompt gives the golden text, leading space and all', () => {
    const tokenizer = tokenizerOf('stories260K')
    const { prompts } = jsonOf('stories260K/goldens/goldens.json')
    expect(prompts).toHaveLength(3)
    for (const { text, prompt_ids, greedy_ids, greedy_text } of prompts) {
      expect(Array.from(tokenizer.encode(text))).toEqual(prompt_ids)
      const stream = tokenizer.decodeStream({ after: prompt_ids.at(-1) })
      expect(greedy_ids.map((id: number) => stream.push(id)).join('') + stream.flush()).toBe(greedy_text)
      expect(tokenizer.decode([...prompt_ids, ...greedy_ids])).toBe(text + greedy_text)
    }
  })
})
