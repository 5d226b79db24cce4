import { FormatError, type GgufFile } from '../format/index.js'
import { type Tokenizer, tokenizerFromGguf } from '../tokenizer/index.js'
import { type RopeScaling, ropeScaling } from './rope.js'

/** Architectures whose graph `graph.ts` computes, by GGUF name, and what sets each apart. */
const ARCHITECTURES: Readonly<Record<string, { pairs: ModelConfig['rope']['pairs'] }>> = {
  llama: { pairs: 'interleaved' },
  qwen2: { pairs: 'half' },
}

/** The shape of a Llama-like decoder, from GGUF metadata. */
export interface ModelConfig {
  readonly architecture: string
  readonly name: string | undefined
  readonly layers: number
  /** Width of the residual stream. */
  readonly width: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
  /** Inner width of the feed-forward block. */
  readonly feedForward: number
  readonly vocabulary: number
  /** Positions that the model was trained for. */
  readonly trainedContext: number
  /** Added to the mean square in RMSNorm. */
  readonly epsilon: number
  readonly rope: {
    /** Elements of a head that are rotated. */
    readonly width: number
    readonly base: number
    readonly pairs: 'interleaved' | 'half'
    readonly scaling: RopeScaling
  }
  /** Positions that a token sees at most, its own included. */
  readonly window?: number
  /** Scores s become softcap · tanh(s / softcap). */
  readonly softcap?: number
  /** The output matrix is the embedding matrix. */
  readonly tied: boolean
}

/**
 * Reads and cross-checks the metadata.
 * @throws FormatError for an architecture that is not supported, a missing key, or numbers that do not fit together
 */
export function modelConfig(file: GgufFile): ModelConfig {
  const architecture = file.string('general.architecture')
  const traits = ARCHITECTURES[architecture]
  if (!traits) {
    throw new FormatError(
      file.name,
      `architecture '${architecture}' is not supported; this version runs ${Object.keys(ARCHITECTURES).join(', ')}`,
    )
  }
  const key = (suffix: string) => `${architecture}.${suffix}`
  const count = (suffix: string, fallback?: number) => {
    const value =
      fallback === undefined ? file.number(key(suffix)) : (file.optionalNumber(key(suffix)) ?? fallback)
    if (Number.isInteger(value) && value > 0) return value
    throw new FormatError(
      file.name,
      `metadata key '${key(suffix)}' is ${value}; it must be a positive whole number`,
    )
  }
  if ((file.optionalNumber(key('expert_count')) ?? 0) > 0) {
    throw new FormatError(file.name, 'mixture-of-experts models are not supported yet')
  }

  const vocabulary = file.tensor('token_embd.weight').shape[0]
  const layers = count('block_count')
  // Every layer has tensors of its own: an absurd count must not make a list of billions of names.
  if (layers > file.tensors.size) {
    const found = `the file has only ${file.tensors.size} tensors`
    throw new FormatError(file.name, `metadata key '${key('block_count')}' is ${layers}, but ${found}`)
  }
  const width = count('embedding_length')
  const heads = count('attention.head_count')
  const kvHeads = count('attention.head_count_kv', heads)
  const headSize = count('attention.key_length', width / heads)
  if (count('attention.value_length', headSize) !== headSize) {
    throw new FormatError(file.name, 'key and value heads of different sizes are not supported')
  }
  if (heads % kvHeads !== 0) {
    throw new FormatError(file.name, `${heads} query heads cannot share ${kvHeads} key heads evenly`)
  }
  const ropeWidth = count('rope.dimension_count', headSize)
  if (ropeWidth > headSize || ropeWidth % 2 !== 0) {
    throw new FormatError(file.name, `rotary width ${ropeWidth} does not fit heads of ${headSize}`)
  }
  const trainedContext = count('context_length')
  const epsilon = file.number(key('attention.layer_norm_rms_epsilon'))
  if (!(epsilon >= 0 && epsilon < 1)) {
    throw new FormatError(
      file.name,
      `metadata key '${key('attention.layer_norm_rms_epsilon')}' is ${epsilon}`,
    )
  }
  const base = file.optionalNumber(key('rope.freq_base')) ?? 10000
  if (!(base > 0 && Number.isFinite(base))) {
    throw new FormatError(file.name, `metadata key '${key('rope.freq_base')}' is ${base}`)
  }
  const softcap = file.optionalNumber(key('attn_logit_softcapping'))
  if (softcap !== undefined && !(softcap > 0 && Number.isFinite(softcap))) {
    throw new FormatError(file.name, `metadata key '${key('attn_logit_softcapping')}' is ${softcap}`)
  }
  const windowed = file.optionalNumber(key('attention.sliding_window')) !== undefined
  return {
    architecture,
    name: file.optionalString('general.name'),
    layers,
    width,
    heads,
    kvHeads,
    headSize,
    feedForward: count('feed_forward_length'),
    vocabulary,
    trainedContext,
    epsilon,
    rope: {
      width: ropeWidth,
      base,
      pairs: traits.pairs,
      scaling: ropeScaling(file, architecture, trainedContext),
    },
    window: windowed ? count('attention.sliding_window') : undefined,
    softcap,
    tied: !file.tensors.has('output.weight'),
  }
}

/** @throws FormatError for a tokenizer that is not supported or does not fit the model */
export function readTokenizer(file: GgufFile, { vocabulary }: ModelConfig): Tokenizer {
  let tokenizer: Tokenizer
  try {
    tokenizer = tokenizerFromGguf(file.metadata)
  } catch (cause) {
    throw new FormatError(file.name, cause instanceof Error ? cause.message : String(cause), { cause })
  }
  if (tokenizer.vocabSize <= vocabulary) return tokenizer
  throw new FormatError(
    file.name,
    `the tokenizer has ${tokenizer.vocabSize} tokens, the embedding only ${vocabulary} rows`,
  )
}
