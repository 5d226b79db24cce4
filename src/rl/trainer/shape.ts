/** The Llama-like decoder that is trained; `ModelConfig` of the engine without what training does not vary. */
export interface ModelShape {
  readonly vocabulary: number
  /** Width of the residual stream. */
  readonly width: number
  readonly layers: number
  readonly heads: number
  /** Heads of keys and values, each shared by heads / kvHeads queries. */
  readonly kvHeads: number
  /** Elements of a head, all of them rotated; even. */
  readonly headSize: number
  /** Inner width of the feed-forward block. */
  readonly feedForward: number
  /** Longest document, in tokens. */
  readonly context: number
  /** Added to the mean square in RMSNorm. */
  readonly epsilon: number
  readonly ropeBase: number
  /** The output matrix is the embedding matrix. */
  readonly tied: boolean
}

/** One tensor of the model, by its GGUF name, and its place in the flat array of all parameters. */
export interface Parameter {
  readonly name: string
  readonly rows: number
  readonly cols: number
  /** Vectors are the gains of norms: not decayed, not quantised. */
  readonly kind: 'matrix' | 'vector'
  readonly offset: number
}

/** Matrices first, then vectors, so that each kind is one run. */
export interface ParameterLayout {
  readonly parameters: readonly Parameter[]
  readonly length: number
  /** Where the vectors begin. */
  readonly vectorsAt: number
}

/** @throws RangeError for a shape that no model has */
export function checkShape(shape: ModelShape): void {
  const { tied: _, epsilon, ropeBase, ...counts } = shape
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`the model's ${name} must be a positive whole number, not ${value}`)
  }
  if (shape.heads % shape.kvHeads !== 0)
    throw new RangeError(`${shape.heads} query heads cannot share ${shape.kvHeads} key heads evenly`)
  if (shape.headSize % 2 !== 0)
    throw new RangeError(`heads of ${shape.headSize} elements cannot be rotated in pairs; take an even size`)
  if (!(epsilon > 0 && epsilon < 1)) throw new RangeError(`epsilon must be between 0 and 1, not ${epsilon}`)
  if (!(ropeBase > 0 && Number.isFinite(ropeBase)))
    throw new RangeError(`the rotary base must be positive, not ${ropeBase}`)
}

/** Names and places of all parameters. @throws RangeError for a shape that no model has */
export function parameterLayout(shape: ModelShape): ParameterLayout {
  checkShape(shape)
  const { vocabulary, width, layers, heads, kvHeads, headSize, feedForward, tied } = shape
  const parameters: Parameter[] = []
  let length = 0
  const put = (kind: Parameter['kind'], name: string, rows: number, cols: number) => {
    parameters.push({ name: `${name}.weight`, rows, cols, kind, offset: length })
    length += rows * cols
  }
  put('matrix', 'token_embd', vocabulary, width)
  for (let layer = 0; layer < layers; layer++) {
    const at = `blk.${layer}.`
    put('matrix', `${at}attn_q`, heads * headSize, width)
    put('matrix', `${at}attn_k`, kvHeads * headSize, width)
    put('matrix', `${at}attn_v`, kvHeads * headSize, width)
    put('matrix', `${at}attn_output`, width, heads * headSize)
    put('matrix', `${at}ffn_gate`, feedForward, width)
    put('matrix', `${at}ffn_up`, feedForward, width)
    put('matrix', `${at}ffn_down`, width, feedForward)
  }
  if (!tied) put('matrix', 'output', vocabulary, width)
  const vectorsAt = length
  for (let layer = 0; layer < layers; layer++) {
    put('vector', `blk.${layer}.attn_norm`, 1, width)
    put('vector', `blk.${layer}.ffn_norm`, 1, width)
  }
  put('vector', 'output_norm', 1, width)
  return { parameters, length, vectorsAt }
}

/**
 * Bytes that a network takes in float32: parameters and gradients, AdamW's two arrays, and the activations of a pass.
 * @param rows most tokens of a pass
 */
export function trainingBytes(shape: ModelShape, rows: number): number {
  const { width, layers, heads, kvHeads, headSize, feedForward } = shape
  const [query, keys] = [heads * headSize, 2 * kvHeads * headSize]
  const saved = 4 * width + 2 * query + keys + 3 * feedForward
  const passing = 4 * width + 2 * query + keys + feedForward
  return 4 * (4 * parameterLayout(shape).length + rows * (layers * saved + passing))
}
