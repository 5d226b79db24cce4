import { FormatError } from './error.js'
import type { GgufFile } from './gguf.js'
import type { TensorTypeName } from './tensor-types.js'

/** How many tensors, weights and bytes a type holds. */
export interface TypeShare {
  readonly tensors: number
  readonly parameters: number
  readonly bytes: number
}

/** What `inspect` shows of a file. Model facts are undefined where the metadata lacks them. */
export interface GgufSummary {
  readonly file: string
  readonly version: number
  /** Bytes. */
  readonly fileSize: number
  readonly architecture: string | undefined
  readonly name: string | undefined
  /** Weights of all tensors; tied matrices are stored, and counted, once. */
  readonly parameters: number
  readonly tensorCount: number
  /** Largest share of the bytes first. */
  readonly types: ReadonlyMap<TensorTypeName, TypeShare>
  readonly layers: number | undefined
  /** Longest context the model was trained for, in tokens. */
  readonly contextLength: number | undefined
  /** Width of the residual stream. */
  readonly embeddingLength: number | undefined
  readonly feedForwardLength: number | undefined
  readonly heads: number | undefined
  readonly kvHeads: number | undefined
  /** Width of a key head and of a value head. */
  readonly keyLength: number | undefined
  readonly valueLength: number | undefined
  readonly vocabularySize: number | undefined
  readonly tokenizer: string | undefined
  readonly hasChatTemplate: boolean
  readonly rope: RopeSummary
  readonly memory: MemoryPieces
}

export interface RopeSummary {
  readonly dimensions: number | undefined
  readonly base: number | undefined
  readonly scalingType: string | undefined
  readonly scalingFactor: number | undefined
  /** True when the file brings its own frequency divisors (Llama 3.1 and later). */
  readonly hasFrequencies: boolean
}

/** Parts of a memory estimate; their sizes in bytes depend on the number format of the cache. */
export interface MemoryPieces {
  /** Bytes of all tensors as stored. */
  readonly weightBytes: number
  /** Bytes of the token embeddings, which are looked up and, if tied, also multiplied. */
  readonly embeddingBytes: number
  readonly tiedEmbeddings: boolean
  /** Numbers cached per token of context, over all layers: keys and values. */
  readonly kvNumbersPerToken: number | undefined
}

/**
 * Reads no weights. Arrays with one value a layer (feed-forward lengths, heads) are shown by their largest value;
 * `kvNumbersPerToken` adds them up exactly.
 * @throws FormatError when a key has the wrong type
 */
export function summarizeGguf(file: GgufFile): GgufSummary {
  const architecture = file.optionalString('general.architecture')
  const key = (suffix: string) => `${architecture}.${suffix}`
  const number = (suffix: string) => file.optionalNumber(key(suffix))
  const layers = number('block_count')
  const heads = perLayer(file, key('attention.head_count'))
  const kvHeads = perLayer(file, key('attention.head_count_kv')) ?? heads
  const embeddingLength = number('embedding_length')
  const headLength = ratio(embeddingLength, largest(heads))
  const keyLength = number('attention.key_length') ?? headLength
  const valueLength = number('attention.value_length') ?? headLength
  return {
    file: file.name,
    version: file.version,
    fileSize: file.size,
    architecture,
    name: file.optionalString('general.name'),
    parameters: sum(file, (tensor) => tensor.shape[0] * tensor.shape[1]),
    tensorCount: file.tensors.size,
    types: typeShares(file),
    layers,
    contextLength: number('context_length'),
    embeddingLength,
    feedForwardLength: largest(perLayer(file, key('feed_forward_length'))),
    heads: largest(heads),
    kvHeads: largest(kvHeads),
    keyLength,
    valueLength,
    vocabularySize: vocabularySize(file, key('vocab_size')),
    tokenizer: file.optionalString('tokenizer.ggml.model'),
    hasChatTemplate: file.metadata.has('tokenizer.chat_template'),
    rope: {
      dimensions: number('rope.dimension_count') ?? keyLength,
      base: number('rope.freq_base'),
      scalingType: file.optionalString(key('rope.scaling.type')),
      scalingFactor: number('rope.scaling.factor') ?? number('rope.scale_linear'),
      hasFrequencies: file.tensors.has('rope_freqs.weight'),
    },
    memory: {
      weightBytes: sum(file, (tensor) => tensor.byteLength),
      embeddingBytes: file.tensors.get('token_embd.weight')?.byteLength ?? 0,
      tiedEmbeddings: file.tensors.has('token_embd.weight') && !file.tensors.has('output.weight'),
      kvNumbersPerToken: kvNumbers(layers, kvHeads, keyLength, valueLength),
    },
  }
}

type Tensor = GgufFile['tensors'] extends ReadonlyMap<string, infer T> ? T : never

function sum(file: GgufFile, of: (tensor: Tensor) => number): number {
  let total = 0
  for (const tensor of file.tensors.values()) total += of(tensor)
  return total
}

function typeShares(file: GgufFile): Map<TensorTypeName, TypeShare> {
  const shares = new Map<TensorTypeName, TypeShare>()
  for (const { type, shape, byteLength } of file.tensors.values()) {
    const { tensors, parameters, bytes } = shares.get(type) ?? { tensors: 0, parameters: 0, bytes: 0 }
    shares.set(type, {
      tensors: tensors + 1,
      parameters: parameters + shape[0] * shape[1],
      bytes: bytes + byteLength,
    })
  }
  return new Map([...shares].sort(([, a], [, b]) => b.bytes - a.bytes))
}

/** A number, or one for each layer. */
function perLayer(file: GgufFile, key: string): readonly number[] | undefined {
  const value = file.metadata.get(key)
  if (value === undefined) return undefined
  if (typeof value === 'number') return [value]
  const numbers = file.optionalNumbers(key)
  if (numbers === undefined || numbers.length === 0) {
    throw new FormatError(file.name, `metadata key ${JSON.stringify(key)} is an empty array`)
  }
  return Array.from(numbers)
}

function largest(values: readonly number[] | undefined): number | undefined {
  return values?.reduce((a, b) => Math.max(a, b))
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : Math.floor(a / b)
}

function vocabularySize(file: GgufFile, key: string): number | undefined {
  const rows = file.tensors.get('token_embd.weight')?.shape[0]
  return file.optionalNumber(key) ?? file.optionalStrings('tokenizer.ggml.tokens')?.length ?? rows
}

function kvNumbers(
  layers: number | undefined,
  kvHeads: readonly number[] | undefined,
  keyLength: number | undefined,
  valueLength: number | undefined,
): number | undefined {
  if (layers === undefined || kvHeads === undefined) return undefined
  if (keyLength === undefined || valueLength === undefined) return undefined
  const total = kvHeads.length === 1 ? layers * kvHeads[0]! : kvHeads.reduce((a, b) => a + b)
  return total * (keyLength + valueLength)
}
