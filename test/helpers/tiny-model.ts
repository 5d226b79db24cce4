import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type CodeTypeName, tensorType } from '../../src/format/index.js'
import { type WriterTensor, type WriterValue, writeGguf } from './gguf-writer.js'
import { type EncodableTypeName, encodeQuantized, seededRandom } from './quants.js'

/** A model of a few kilobytes with random weights, as any test wants it. Everything has a default. */
export interface TinyModel {
  readonly architecture?: 'llama' | 'qwen2'
  readonly layers?: number
  readonly width?: number
  readonly heads?: number
  readonly kvHeads?: number
  readonly feedForward?: number
  readonly context?: number
  /** Type of the matrices; vectors are F32. */
  readonly type?: 'F32' | EncodableTypeName
  /** A matrix of its own for the output. */
  readonly untied?: boolean
  /** Of q, k and v. */
  readonly biases?: boolean
  /** `rope_freqs.weight`, [head size / 2]. */
  readonly divisors?: readonly number[]
  /** Added to the metadata, or in its place; undefined takes a key away. */
  readonly metadata?: Readonly<Record<string, WriterValue | undefined>>
  /** Changes the list of tensors before it is written. */
  readonly tensors?: (tensors: WriterTensor[]) => WriterTensor[]
  readonly seed?: number
}

/** <unk>, <s>, </s>, the 256 bytes, and the 29 most common letters and blanks of English as pieces. */
const PIECES = ['<unk>', '<s>', '</s>', ...byteNames(), ...'▁etaoinshrdlucmfwypvbgkjqxz.,']
export const TINY_VOCABULARY = PIECES.length

/** Writes tiny models into a folder that is there while the calling test file runs. @returns their paths, one by one */
export function tinyModelWriter(): (model: TinyModel) => string {
  let folder: string
  let files = 0
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'multiscale-tiny-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  return (model) => {
    const path = join(folder, `${files++}.gguf`)
    writeFileSync(path, tinyGguf(model))
    return path
  }
}

export function tinyGguf(model: TinyModel = {}): Uint8Array {
  const { architecture = 'llama', layers = 2, width = 64, heads = 4, kvHeads = 2, feedForward = 96 } = model
  const { type = 'F32', context = 64, seed = 1 } = model
  const headSize = width / heads
  const random = seededRandom(seed)
  const tensors: WriterTensor[] = []
  /** Uniform with deviation 1/√cols, so that products neither grow nor shrink what they are given. */
  const matrix = (name: string, rows: number, cols: number) => {
    const values = Float32Array.from({ length: rows * cols }, () => (2 * random() - 1) * Math.sqrt(3 / cols))
    const bytes = type === 'F32' ? bytesOf(values) : encodeQuantized(type, values, rows, cols)
    tensors.push({ name, type, dims: [cols, rows], bytes })
  }
  const vector = (name: string, values: Float32Array) =>
    tensors.push({ name, type: 'F32', dims: [values.length], bytes: bytesOf(values) })
  const gain = (name: string) =>
    vector(
      name,
      Float32Array.from({ length: width }, () => 0.5 + random()),
    )
  const bias = (name: string, size: number) => {
    if (model.biases)
      vector(
        name,
        Float32Array.from({ length: size }, () => 2 * random() - 1),
      )
  }

  matrix('token_embd.weight', TINY_VOCABULARY, width)
  for (let layer = 0; layer < layers; layer++) {
    const at = `blk.${layer}.`
    gain(`${at}attn_norm.weight`)
    for (const [name, size] of [
      ['q', heads],
      ['k', kvHeads],
      ['v', kvHeads],
    ] as const) {
      matrix(`${at}attn_${name}.weight`, size * headSize, width)
      bias(`${at}attn_${name}.bias`, size * headSize)
    }
    matrix(`${at}attn_output.weight`, width, heads * headSize)
    gain(`${at}ffn_norm.weight`)
    matrix(`${at}ffn_gate.weight`, feedForward, width)
    matrix(`${at}ffn_up.weight`, feedForward, width)
    matrix(`${at}ffn_down.weight`, width, feedForward)
  }
  gain('output_norm.weight')
  if (model.untied) matrix('output.weight', TINY_VOCABULARY, width)
  if (model.divisors) vector('rope_freqs.weight', Float32Array.from(model.divisors))

  const metadata: Record<string, WriterValue | undefined> = {
    'general.architecture': architecture,
    'general.name': 'tiny',
    [`${architecture}.block_count`]: { u32: layers },
    [`${architecture}.embedding_length`]: { u32: width },
    [`${architecture}.feed_forward_length`]: { u32: feedForward },
    [`${architecture}.context_length`]: { u32: context },
    [`${architecture}.attention.head_count`]: { u32: heads },
    [`${architecture}.attention.head_count_kv`]: { u32: kvHeads },
    [`${architecture}.attention.layer_norm_rms_epsilon`]: { f32: 1e-5 },
    [`${architecture}.rope.freq_base`]: { f32: 10000 },
    ...TOKENIZER,
    ...model.metadata,
  }
  const present = Object.entries(metadata).filter(([, value]) => value !== undefined)
  return writeGguf({
    metadata: Object.fromEntries(present) as Record<string, WriterValue>,
    tensors: model.tensors ? model.tensors(tensors) : tensors,
  })
}

/** A SentencePiece tokenizer over PIECES, BOS 1 and EOS 2. */
export const TOKENIZER: Readonly<Record<string, WriterValue>> = {
  'tokenizer.ggml.model': 'llama',
  'tokenizer.ggml.tokens': PIECES,
  'tokenizer.ggml.scores': Float32Array.from(PIECES, (_, id) => -id),
  'tokenizer.ggml.token_type': Int32Array.from(PIECES, (_, id) =>
    id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1,
  ),
  'tokenizer.ggml.bos_token_id': { u32: 1 },
  'tokenizer.ggml.eos_token_id': { u32: 2 },
}

/** The same tensor with the fp16 scale of one block made NaN. */
export function withNanScale(tensor: WriterTensor, block: number): WriterTensor {
  const bytes = tensor.bytes.slice()
  const NAN = 0x7e00
  const { blockBytes } = tensorType(tensor.type as CodeTypeName)
  new DataView(bytes.buffer).setUint16(block * blockBytes, NAN, true)
  return { ...tensor, bytes }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function byteNames(): string[] {
  return Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
}
