import { closeSync, openSync, writeSync } from 'node:fs'
import { writeGgufHeader } from './gguf-writer.js'
import { randomBlocks } from './quants.js'
import { TINY_VOCABULARY, TOKENIZER } from './tiny-model.js'

/** Real layer shapes, random Q4_0 weights, and the vocabulary of tinyGguf. */
export interface SyntheticModel {
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly kvHeads: number
  readonly feedForward: number
  readonly context: number
}

/** 24 layers of TinyLlama 1.1B's shape: about 600 MB. */
export const LARGE: SyntheticModel = {
  layers: 24,
  width: 2048,
  heads: 32,
  kvHeads: 4,
  feedForward: 5632,
  context: 2048,
}

/** About 30 MB: reading 500 tokens takes a while, yet loading and testing do not. */
export const MEDIUM: SyntheticModel = {
  layers: 4,
  width: 1024,
  heads: 16,
  kvHeads: 8,
  feedForward: 4096,
  context: 1024,
}

/**
 * Writes a model that is too large to be built in memory: every matrix takes its bytes from one pool of valid random
 * blocks, each from another place, so that no two rows are alike.
 * @returns its bytes
 */
export function writeSyntheticGguf(path: string, model: SyntheticModel): number {
  const { layers, width, heads, kvHeads, feedForward, context } = model
  const headSize = width / heads
  const matrix = (name: string, rows: number, cols: number) => ({
    name: `${name}.weight`,
    type: 'Q4_0' as const,
    dims: [cols, rows],
    byteLength: rows * (cols / 32) * 18,
  })
  const gain = (name: string) => ({
    name: `${name}.weight`,
    type: 'F32' as const,
    dims: [width],
    byteLength: 4 * width,
  })
  const tensors = [
    matrix('token_embd', TINY_VOCABULARY, width),
    ...Array.from({ length: layers }, (_, layer) => `blk.${layer}.`).flatMap((at) => [
      gain(`${at}attn_norm`),
      matrix(`${at}attn_q`, heads * headSize, width),
      matrix(`${at}attn_k`, kvHeads * headSize, width),
      matrix(`${at}attn_v`, kvHeads * headSize, width),
      matrix(`${at}attn_output`, width, heads * headSize),
      gain(`${at}ffn_norm`),
      matrix(`${at}ffn_gate`, feedForward, width),
      matrix(`${at}ffn_up`, feedForward, width),
      matrix(`${at}ffn_down`, width, feedForward),
    ]),
    gain('output_norm'),
  ]
  const header = writeGgufHeader(
    {
      'general.architecture': 'llama',
      'general.name': 'synthetic',
      'llama.block_count': { u32: layers },
      'llama.embedding_length': { u32: width },
      'llama.feed_forward_length': { u32: feedForward },
      'llama.context_length': { u32: context },
      'llama.attention.head_count': { u32: heads },
      'llama.attention.head_count_kv': { u32: kvHeads },
      'llama.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
      ...TOKENIZER,
    },
    tensors,
  )

  const pool = randomBlocks('Q4_0', 2048, 2048, 7)
  const ones = new Uint8Array(new Float32Array(width).fill(1).buffer)
  const file = openSync(path, 'w')
  try {
    let position = writeSync(file, header)
    let from = 0
    for (const { type, byteLength } of tensors) {
      position = Math.ceil(position / 32) * 32
      if (type === 'F32') {
        position += writeSync(file, ones, 0, byteLength, position)
        continue
      }
      for (let left = byteLength; left > 0; ) {
        const length = Math.min(left, pool.length - from)
        position += writeSync(file, pool, from, length, position)
        left -= length
        from = (from + length) % pool.length
      }
      // Not a multiple of a row, so that the same piece is not the same row again.
      from = (from + 18 * 7919) % pool.length
    }
    return position
  } finally {
    closeSync(file)
  }
}
