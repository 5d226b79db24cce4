import type { Backend, Tensor, Weight } from '../backend/index.js'
import { FormatError, type GgufFile } from '../format/index.js'
import type { ModelConfig } from './config.js'
import { ropeFrequencies } from './rope.js'

export interface LayerWeights {
  readonly attentionNorm: Tensor
  readonly query: Weight
  readonly key: Weight
  readonly value: Weight
  readonly queryBias?: Tensor
  readonly keyBias?: Tensor
  readonly valueBias?: Tensor
  readonly output: Weight
  readonly feedForwardNorm: Tensor
  readonly gate: Weight
  readonly up: Weight
  readonly down: Weight
}

export interface ModelWeights {
  readonly embedding: Weight
  readonly layers: readonly LayerWeights[]
  readonly outputNorm: Tensor
  /** The embedding itself if the model ties them. */
  readonly head: Weight
  readonly rope: ReturnType<typeof ropeFrequencies>
  /** Bytes of all matrices in the backend's layout. */
  readonly byteLength: number
}

/** The matrices that a token passes through, in that order. */
export function matricesOf({ layers, head }: ModelWeights): Weight[] {
  const each = layers.flatMap((w) => [w.query, w.key, w.value, w.output, w.gate, w.up, w.down])
  return [...each, head]
}

export interface LoadWeightsOptions {
  readonly signal?: AbortSignal
  /** Called as matrices are packed. */
  readonly onProgress?: (loadedBytes: number, totalBytes: number) => void
}

/** Names, shapes and places of everything the graph uses; checked before any weight is read. */
function plan(config: ModelConfig) {
  const { width, heads, kvHeads, headSize, feedForward, vocabulary, layers } = config
  const shapes = new Map<string, readonly [number, number]>()
  const optional = new Map<string, readonly [number, number]>([
    ['rope_freqs.weight', [1, config.rope.width / 2]],
  ])
  /** One scale of a whole matrix, and one of the activations it was made for. */
  const scales = new Set<string>()
  const matrix = (name: string, rows: number, cols: number) => {
    shapes.set(`${name}.weight`, [rows, cols])
    scales.add(`${name}.scale`).add(`${name}.input_scale`)
  }
  matrix('token_embd', vocabulary, width)
  shapes.set('output_norm.weight', [1, width])
  if (!config.tied) matrix('output', vocabulary, width)
  for (let layer = 0; layer < layers; layer++) {
    const at = `blk.${layer}.`
    shapes.set(`${at}attn_norm.weight`, [1, width])
    matrix(`${at}attn_q`, heads * headSize, width)
    matrix(`${at}attn_k`, kvHeads * headSize, width)
    matrix(`${at}attn_v`, kvHeads * headSize, width)
    matrix(`${at}attn_output`, width, heads * headSize)
    shapes.set(`${at}ffn_norm.weight`, [1, width])
    matrix(`${at}ffn_gate`, feedForward, width)
    matrix(`${at}ffn_up`, feedForward, width)
    matrix(`${at}ffn_down`, width, feedForward)
  }
  for (let layer = 0; layer < layers; layer++) {
    const at = `blk.${layer}.`
    optional.set(`${at}attn_q.bias`, [1, heads * headSize])
    optional.set(`${at}attn_k.bias`, [1, kvHeads * headSize])
    optional.set(`${at}attn_v.bias`, [1, kvHeads * headSize])
  }
  return { shapes, optional, scales }
}

/**
 * Checks that the file holds exactly the tensors that the graph computes with, in the right shapes and in types
 * that are supported. A tensor that the graph would ignore means another model, and silently wrong text.
 * @throws FormatError naming the tensor
 */
export function checkTensors(file: GgufFile, config: ModelConfig): void {
  const { shapes, optional, scales } = plan(config)
  const fits = (name: string, [rows, cols]: readonly [number, number]) => {
    const { shape } = file.tensor(name)
    if (shape[0] === rows && shape[1] === cols) return
    throw new FormatError(
      file.name,
      `tensor '${name}' is [${shape.join(', ')}], but the metadata asks for [${rows}, ${cols}]`,
    )
  }
  for (const [name, shape] of shapes) {
    fits(name, shape)
    file.matrix(name)
  }
  for (const name of file.tensors.keys()) {
    if (shapes.has(name)) continue
    if (scales.has(name)) {
      const { dims } = file.tensor(name)
      if (dims.every((dim) => dim === 1)) continue
      throw new FormatError(
        file.name,
        `tensor '${name}' is [${dims.join(', ')}], but must be one number: the scale of a whole matrix`,
      )
    }
    const shape = optional.get(name)
    if (!shape) {
      throw new FormatError(
        file.name,
        `tensor '${name}' has no place in a ${config.architecture} model; this is a variant that is not supported`,
      )
    }
    fits(name, shape)
  }
}

/**
 * Packs all weights into the backend, one matrix after the other, each in parallel and straight from the file.
 * @throws FormatError for tensors that do not fit the configuration or hold values that are not finite
 */
export async function loadWeights(
  file: GgufFile,
  config: ModelConfig,
  backend: Backend,
  { signal, onProgress }: LoadWeightsOptions = {},
): Promise<ModelWeights> {
  checkTensors(file, config)
  const { shapes, optional } = plan(config)
  const counted = [...shapes.keys(), ...optional.keys()].filter((name) => file.tensors.has(name))
  const totalBytes = counted.reduce((sum, name) => sum + file.tensor(name).byteLength, 0)
  let loadedBytes = 0
  let byteLength = 0
  const advance = (bytes: number) => {
    loadedBytes += bytes
    onProgress?.(loadedBytes, totalBytes)
  }
  const matrix = async (name: string) => {
    const scale = await matrixScale(file, name)
    const options = { scale, signal, onProgress: advance }
    const weight = await backend.weight(file.matrix(name), options).catch((error) => {
      // A backend knows the matrix, not its file.
      throw error instanceof FormatError ? new FormatError(file.name, error.message, { cause: error }) : error
    })
    byteLength += weight.byteLength
    return weight
  }
  const vector = async (name: string) => {
    const values = await file.floats(name)
    const bad = values.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0)
      throw new FormatError(file.name, `tensor '${name}' holds ${values[bad]} at ${bad}; the file is damaged`)
    const tensor = backend.tensor(1, values.length)
    backend.upload(tensor, values)
    advance(file.tensor(name).byteLength)
    return tensor
  }
  const optionalVector = (name: string) => (file.tensors.has(name) ? vector(name) : undefined)

  const tensors = await assembleWeights(config, { matrix, vector, optionalVector })
  const hasDivisors = file.tensors.has('rope_freqs.weight')
  const divisors = hasDivisors ? await file.floats('rope_freqs.weight') : undefined
  if (hasDivisors) advance(file.tensor('rope_freqs.weight').byteLength)
  const rope = ropeFrequencies(config.rope.width, config.rope.base, config.rope.scaling, divisors)
  return { ...tensors, rope, byteLength }
}

/** Where a model's tensors come from, by their GGUF names. */
export interface TensorSource {
  matrix(name: string): Promise<Weight>
  vector(name: string): Promise<Tensor>
  /** Of tensors that not every model has. */
  optionalVector?(name: string): Promise<Tensor> | undefined
}

/** The tensors of a model, one after the other, in the order in which a token meets them. */
export async function assembleWeights(
  config: Pick<ModelConfig, 'layers' | 'tied'>,
  { matrix, vector, optionalVector }: TensorSource,
): Promise<Pick<ModelWeights, 'embedding' | 'layers' | 'outputNorm' | 'head'>> {
  const embedding = await matrix('token_embd.weight')
  const layers: LayerWeights[] = []
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `blk.${layer}.`
    layers.push({
      attentionNorm: await vector(`${at}attn_norm.weight`),
      query: await matrix(`${at}attn_q.weight`),
      key: await matrix(`${at}attn_k.weight`),
      value: await matrix(`${at}attn_v.weight`),
      output: await matrix(`${at}attn_output.weight`),
      queryBias: await optionalVector?.(`${at}attn_q.bias`),
      keyBias: await optionalVector?.(`${at}attn_k.bias`),
      valueBias: await optionalVector?.(`${at}attn_v.bias`),
      feedForwardNorm: await vector(`${at}ffn_norm.weight`),
      gate: await matrix(`${at}ffn_gate.weight`),
      up: await matrix(`${at}ffn_up.weight`),
      down: await matrix(`${at}ffn_down.weight`),
    })
  }
  const outputNorm = await vector('output_norm.weight')
  const head = config.tied ? embedding : await matrix('output.weight')
  return { embedding, layers, outputNorm, head }
}

/**
 * The factor of all weights that a file (of NVFP4, for the most part) may keep beside a matrix. What it may keep in
 * `.input_scale` is of use only where activations become FP4 by a scale that was measured in advance.
 */
async function matrixScale(file: GgufFile, matrix: string): Promise<number | undefined> {
  const name = matrix.replace(/weight$/, 'scale')
  if (!file.tensors.has(name)) return undefined
  const [scale] = await file.floats(name)
  if (scale > 0 && Number.isFinite(scale)) return scale
  throw new FormatError(
    file.name,
    `tensor '${name}' holds ${scale}; the scale of a matrix must be positive and finite, so the file is damaged`,
  )
}
