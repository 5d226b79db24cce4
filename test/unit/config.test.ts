import { describe, expect, test } from 'vitest'
import { modelConfig, readTokenizer } from '../../src/engine/config.js'
import { checkTensors } from '../../src/engine/weights.js'
import { FormatError, openGguf } from '../../src/format/index.js'
import type { WriterTensor, WriterValue } from '../helpers/gguf-writer.js'
import { TINY_VOCABULARY, type TinyModel, tinyGguf } from '../helpers/tiny-model.js'

/** All that is checked before a weight is read. */
async function check(model: TinyModel) {
  await using file = await openGguf(tinyGguf(model))
  const config = modelConfig(file)
  checkTensors(file, config)
  readTokenizer(file, config)
  return config
}

/** The error of a model that must be refused. */
async function refusal(model: TinyModel): Promise<FormatError> {
  const error = await check(model).then(
    () => expect.fail('the model was accepted'),
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(FormatError)
  expect(error.message).toMatch(/^\(memory\): /)
  expect(error.message).not.toContain('\n')
  return error
}

describe('modelConfig', () => {
  test('of a Llama', async () => {
    const config = await check({ layers: 3, width: 64, heads: 8, kvHeads: 2, feedForward: 32, context: 99 })
    expect(config).toEqual({
      architecture: 'llama',
      name: 'tiny',
      layers: 3,
      width: 64,
      heads: 8,
      kvHeads: 2,
      headSize: 8,
      feedForward: 32,
      vocabulary: TINY_VOCABULARY,
      trainedContext: 99,
      epsilon: Math.fround(1e-5),
      rope: { width: 8, base: 10000, pairs: 'interleaved', scaling: { type: 'none' } },
      tied: true,
    })
  })

  test('of a Qwen 2: halves are rotated; biases and an output matrix are welcome', async () => {
    const config = await check({ architecture: 'qwen2', biases: true, untied: true })
    expect(config).toMatchObject({ architecture: 'qwen2', tied: false, rope: { pairs: 'half' } })
  })

  test('what may be left out', async () => {
    const left = (key: string) => ({ metadata: { [`llama.${key}`]: undefined } })
    expect(await check({ ...left('rope.freq_base') })).toMatchObject({ rope: { base: 10000 } })
    expect(await check({ kvHeads: 4, ...left('attention.head_count_kv') })).toMatchObject({ kvHeads: 4 })
  })

  test.each([
    'general.architecture',
    'llama.block_count',
    'llama.embedding_length',
    'llama.feed_forward_length',
    'llama.context_length',
    'llama.attention.head_count',
    'llama.attention.layer_norm_rms_epsilon',
  ])('without %s', async (key) => {
    const { message } = await refusal({ metadata: { [key]: undefined } })
    expect(message).toContain(`metadata key "${key}" is missing`)
  })

  const absurd: [key: string, value: WriterValue, message: string][] = [
    ['block_count', { u32: 0 }, "'llama.block_count' is 0"],
    ['block_count', { i32: -1 }, "'llama.block_count' is -1"],
    // Not a list of four billion names before something is missed.
    ['block_count', { u32: 0xffffffff }, "'llama.block_count' is 4294967295, but the file has only"],
    ['block_count', { u32: 3 }, 'has no tensor "blk.2.attn_norm.weight"'],
    ['embedding_length', { f32: 0.5 }, "'llama.embedding_length' is 0.5"],
    ['embedding_length', 'wide', '"llama.embedding_length" is the string "wide", but a number is needed'],
    ['embedding_length', { u32: 128 }, "tensor 'token_embd.weight' is [288, 64]"],
    ['feed_forward_length', { u32: 97 }, "tensor 'blk.0.ffn_gate.weight' is [96, 64]"],
    ['context_length', { u32: 0 }, "'llama.context_length' is 0"],
    ['attention.head_count', Int32Array.of(4, 4), '"llama.attention.head_count" is a Int32Array'],
    ['attention.head_count', { u32: 0 }, "'llama.attention.head_count' is 0"],
    ['attention.head_count_kv', { u32: 3 }, '4 query heads cannot share 3 key heads'],
    ['attention.key_length', { u32: 32 }, "tensor 'blk.0.attn_q.weight' is [64, 64]"],
    ['attention.value_length', { u32: 32 }, 'key and value heads of different sizes'],
    ['rope.dimension_count', { u32: 7 }, 'rotary width 7'],
    ['rope.dimension_count', { u32: 64 }, 'rotary width 64 does not fit heads of 16'],
    ['rope.freq_base', { f32: 0 }, "'llama.rope.freq_base' is 0"],
    ['rope.freq_base', { f32: Number.POSITIVE_INFINITY }, "'llama.rope.freq_base' is Infinity"],
    ['attention.layer_norm_rms_epsilon', { f32: -1 }, "'llama.attention.layer_norm_rms_epsilon' is -1"],
    ['attention.layer_norm_rms_epsilon', { f32: Number.NaN }, 'layer_norm_rms_epsilon'],
    ['expert_count', { u32: 8 }, 'mixture-of-experts'],
  ]
  test.each(absurd)('llama.%s = %j', async (key, value, message) => {
    const error = await refusal({ metadata: { [`llama.${key}`]: value } })
    expect(error.message).toContain(message)
  })

  test('another architecture is named, and those that run', async () => {
    const { message } = await refusal({ metadata: { 'general.architecture': 'gpt2' } })
    expect(message).toMatch(/architecture 'gpt2' is not supported; this version runs llama, qwen2/)
  })
})

describe('checkTensors', () => {
  const without = (name: string) => (list: WriterTensor[]) => list.filter((tensor) => tensor.name !== name)
  const renamed = (from: string, to: string) => (list: WriterTensor[]) =>
    list.map((tensor) => (tensor.name === from ? { ...tensor, name: to } : tensor))
  const copied = (from: string, to: string) => (list: WriterTensor[]) =>
    list.flatMap((tensor) => (tensor.name === from ? [tensor, { ...tensor, name: to }] : [tensor]))
  const reshaped = (name: string, dims: number[]) => (list: WriterTensor[]) =>
    list.map((tensor) => (tensor.name === name ? { ...tensor, dims } : tensor))

  test.each(['token_embd', 'output_norm', 'blk.0.attn_norm', 'blk.1.attn_k', 'blk.1.ffn_down'])(
    'without %s.weight',
    async (name) => {
      const { message } = await refusal({ tensors: without(`${name}.weight`) })
      expect(message).toContain(`has no tensor "${name}.weight"`)
    },
  )

  test('a wrong shape: both shapes are told', async () => {
    const { message } = await refusal({ tensors: reshaped('blk.0.attn_q.weight', [32, 128]) })
    expect(message).toBe(
      "(memory): tensor 'blk.0.attn_q.weight' is [128, 32], but the metadata asks for [64, 64]",
    )
  })

  test('a transposed matrix', async () => {
    const { message } = await refusal({ tensors: reshaped('blk.1.ffn_down.weight', [64, 96]) })
    expect(message).toContain("'blk.1.ffn_down.weight' is [96, 64], but the metadata asks for [64, 96]")
  })

  test.each(['blk.0.attn_q_norm.weight', 'blk.0.ffn_down.bias', 'blk.2.attn_norm.weight', 'extra'])(
    'a tensor that the graph would ignore: %s',
    async (name) => {
      const { message } = await refusal({ tensors: copied('blk.0.attn_norm.weight', name) })
      expect(message).toContain(`tensor '${name}' has no place in a llama model`)
    },
  )

  test('a bias of a wrong size', async () => {
    const tensors = copied('blk.0.attn_norm.weight', 'blk.0.attn_k.bias')
    expect((await refusal({ tensors })).message).toContain("'blk.0.attn_k.bias' is [1, 64]")
  })

  test('a type without kernels', async () => {
    const tensors = (list: WriterTensor[]) =>
      list.map((t) => (t.name === 'blk.0.attn_q.weight' ? { ...t, type: 'I32' as const } : t))
    expect((await refusal({ tensors })).message).toMatch(/blk\.0\.attn_q\.weight.* I32/)
  })

  test('one of several parts: says how to merge them', async () => {
    const tensors = renamed('blk.1.ffn_down.weight', 'blk.1.elsewhere')
    const { message } = await refusal({ tensors, metadata: { 'split.count': { u32: 2 } } })
    expect(message).toMatch(/one of 2 parts.*--merge/)
  })
})

describe('readTokenizer', () => {
  test.each([
    ['of an unknown kind', { 'tokenizer.ggml.model': 'rwkv' }, "tokenizer model 'rwkv' is not supported"],
    ['that is missing', { 'tokenizer.ggml.model': undefined }, 'tokenizer.ggml.model is missing'],
    ['without tokens', { 'tokenizer.ggml.tokens': undefined }, 'tokenizer.ggml.tokens is missing'],
  ])('a tokenizer %s', async (_, metadata, message) => {
    expect((await refusal({ metadata })).message).toContain(message)
  })

  test('more tokens than embeddings', async () => {
    const rows = TINY_VOCABULARY - 1
    const tensors = (list: WriterTensor[]) =>
      list.map((tensor) =>
        tensor.name === 'token_embd.weight'
          ? { ...tensor, dims: [64, rows], bytes: tensor.bytes.subarray(0, 4 * 64 * rows) }
          : tensor,
      )
    expect((await refusal({ tensors })).message).toContain('has 288 tokens, the embedding only 287 rows')
  })
})
