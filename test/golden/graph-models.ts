import type { TinyModel } from '../helpers/tiny-model.js'

/**
 * Models with what stories260K lacks, whose logits graph.json holds, computed in float64 by an implementation that
 * shares nothing with the engine:
 *
 *     test/reference/llama_float64.py NAME.gguf logits --ids 1,259,…,2 --out NAME.f64
 *
 * and of that the rows and columns that graph.json names. NAME.gguf is what tinyGguf writes.
 */
export const TINY_GOLDENS = {
  /** Llama 3: own frequency divisors, an output matrix of its own. */
  llama3: { layers: 2, untied: true, divisors: [1, 1, 1.5, 2, 3, 5, 8, 8], seed: 11 },
  /** Heads of which only a part is rotated, by another base; as many key heads as query heads. */
  partial: {
    layers: 1,
    kvHeads: 4,
    feedForward: 128,
    metadata: { 'llama.rope.dimension_count': { u32: 12 }, 'llama.rope.freq_base': { f32: 500000 } },
    seed: 12,
  },
  /** A token sees itself and three more, and scores are capped. */
  windowed: {
    layers: 2,
    metadata: { 'llama.attention.sliding_window': { u32: 4 }, 'llama.attn_logit_softcapping': { f32: 0.5 } },
    seed: 15,
  },
  /** Qwen 2: biases, rotation of halves. */
  qwen2: { architecture: 'qwen2', biases: true, seed: 13 },
  /** The same with codes and minimums in place of floats. */
  quantized: { architecture: 'qwen2', biases: true, untied: true, type: 'Q4_1', seed: 14 },
} as const satisfies Record<string, TinyModel>
