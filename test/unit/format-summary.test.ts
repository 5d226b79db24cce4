import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  type CodeTypeName,
  openGguf,
  summarizeGguf,
  TENSOR_TYPES,
  tensorType,
} from '../../src/format/index.js'
import { type WriterInput, writeGguf } from '../helpers/gguf-writer.js'
import { randomBlocks } from '../helpers/quants.js'

const summarize = async (input: WriterInput) => summarizeGguf(await openGguf(writeGguf(input)))
const tensor = (name: string, type: 'Q4_0' | 'Q8_0', rows: number) => ({
  name,
  type,
  dims: [64, rows],
  bytes: randomBlocks(type, rows, 64, 1),
})

describe('a summary', () => {
  test('counts tensors, weights and bytes by type, the largest share first', async () => {
    const summary = await summarize({
      tensors: [tensor('a', 'Q4_0', 2), tensor('token_embd.weight', 'Q8_0', 10), tensor('b', 'Q4_0', 3)],
    })
    expect([...summary.types]).toEqual([
      ['Q8_0', { tensors: 1, parameters: 640, bytes: 680 }],
      ['Q4_0', { tensors: 2, parameters: 320, bytes: 180 }],
    ])
    expect(summary).toMatchObject({
      parameters: 960,
      tensorCount: 3,
      vocabularySize: 10,
      memory: { weightBytes: 860, embeddingBytes: 680, tiedEmbeddings: true },
    })
  })

  test.each(TENSOR_TYPES.filter(({ kind }) => kind === 'codes').map(({ name }) => name as CodeTypeName))(
    'counts %s, whose matrix is read as it was written',
    async (type) => {
      const { blockSize, blockBytes } = tensorType(type)
      const blocks = randomBlocks(type, 3, 512, 2)
      const file = await openGguf(
        writeGguf({ tensors: [{ name: 'a', type, dims: [512, 3], bytes: blocks }] }),
      )
      const bytes = (3 * 512 * blockBytes) / blockSize
      expect([...summarizeGguf(file).types]).toEqual([[type, { tensors: 1, parameters: 1536, bytes }]])
      expect(await file.matrix('a').readRows(0, 3)).toEqual(blocks)
    },
  )

  test('leaves out what the file does not say', async () => {
    expect(await summarize({})).toMatchObject({
      architecture: undefined,
      layers: undefined,
      heads: undefined,
      keyLength: undefined,
      vocabularySize: undefined,
      hasChatTemplate: false,
      memory: { weightBytes: 0, tiedEmbeddings: false, kvNumbersPerToken: undefined },
    })
  })

  test('understands one value a layer, explicit head lengths and scaled RoPE', async () => {
    const summary = await summarize({
      metadata: {
        'general.architecture': 'x',
        'x.block_count': { u32: 3 },
        'x.embedding_length': { u32: 100 },
        'x.feed_forward_length': Int32Array.of(10, 30, 20),
        'x.attention.head_count': { u32: 8 },
        'x.attention.head_count_kv': Int32Array.of(4, 0, 2),
        'x.attention.key_length': { u32: 24 },
        'x.attention.value_length': { u32: 16 },
        'x.rope.freq_base': { f32: 5e5 },
        'x.rope.scaling.type': 'yarn',
        'x.rope.scaling.factor': { f32: 4 },
        'tokenizer.chat_template': '{{ messages }}',
      },
      tensors: [{ name: 'rope_freqs.weight', type: 'F32', dims: [12], bytes: new Uint8Array(48) }],
    })
    expect(summary).toMatchObject({
      feedForwardLength: 30,
      heads: 8,
      kvHeads: 4,
      hasChatTemplate: true,
      rope: { dimensions: 24, base: 5e5, scalingType: 'yarn', scalingFactor: 4, hasFrequencies: true },
      memory: { kvNumbersPerToken: 6 * (24 + 16), tiedEmbeddings: false },
    })
  })

  test('says which key is of the wrong kind', async () => {
    const metadata = { 'general.architecture': 'x', 'x.attention.head_count': 'many' }
    await expect(summarize({ metadata })).rejects.toThrow('"x.attention.head_count" is the string "many"')
    const empty = { 'general.architecture': 'x', 'x.attention.head_count': new Int32Array(0) }
    await expect(summarize({ metadata: empty })).rejects.toThrow('"x.attention.head_count" is an empty array')
  })

  const story = fileURLToPath(
    new URL('../../../shared/data/stories260K/stories260K-q4_0.gguf', import.meta.url),
  )
  test.skipIf(!existsSync(story) && process.env.CI === undefined)('of the real model', async () => {
    await using file = await openGguf(story)
    const summary = summarizeGguf(file)
    expect(summary).toMatchObject({
      architecture: 'llama',
      version: 3,
      fileSize: 242368,
      parameters: 260032,
      layers: 5,
      contextLength: 512,
      embeddingLength: 64,
      feedForwardLength: 172,
      heads: 8,
      kvHeads: 4,
      keyLength: 8,
      vocabularySize: 512,
      tokenizer: 'llama',
      rope: { dimensions: 8, base: 10000, hasFrequencies: false },
      memory: { tiedEmbeddings: true, kvNumbersPerToken: 5 * 4 * 16 },
    })
    // Rows of 172 weights are no whole blocks, so the five ffn_down matrices stay F16.
    expect([...summary.types].map(([type, { tensors }]) => [type, tensors])).toEqual([
      ['Q4_0', 31],
      ['F16', 5],
      ['F32', 11],
    ])
  })
})
