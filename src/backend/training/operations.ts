/** What a trainer computes in: float32 on the machine, float64 where gradients are checked. */
export type Floats = Float32Array | Float64Array

/** c [m, n] = a [m, k] · b [k, n], row-major. */
export interface ProductOptions {
  readonly m: number
  readonly n: number
  readonly k: number
  /** `a` lies as [k, m]. */
  readonly transposeA?: boolean
  /** `b` lies as [n, k]. */
  readonly transposeB?: boolean
  /** c += instead of c =. */
  readonly add?: boolean
}

/** Documents that lie one after the other in a packed batch; tokens see only earlier ones of their document. */
export interface Documents {
  /** [documents + 1], ascending from 0: document d is the rows starts[d] … starts[d + 1] − 1. */
  readonly starts: Int32Array
  /** [rows]: each row's position within its document. */
  readonly positions: Int32Array
}

export interface Heads {
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
}

/** AdamW's constants (Loshchilov and Hutter, arXiv 1711.05101). */
export interface AdamWStep {
  /** From 1. */
  readonly step: number
  readonly rate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Weight decay, decoupled. */
  readonly decay: number
  /** A factor of the gradient, for clipping. */
  readonly gradientScale: number
}

/**
 * The seam between the trainer and the machine: each operation of the Llama graph with its gradient, over plain
 * arrays, row-major, in the order and with the names of the graph. Gradients of parameters are added to what is there,
 * so that batches can be accumulated; those of activations are written, except where it says +=.
 *
 * Results are the same bits for every number of threads.
 */
export interface TrainingOperations<A extends Floats = Floats> {
  readonly name: 'native' | 'reference'
  /** The kernel variant, for example 'avx512vnni'. */
  readonly variant: string
  readonly threads: number
  /** Zeros. */
  allocate(length: number): A

  product(c: A, a: A, b: A, options: ProductOptions): void
  /** x [rows, cols] += y */
  add(x: A, y: A): void
  /** out [ids.length, cols] = rows of table [vocabulary, cols]. */
  embed(ids: Int32Array, table: A, cols: number, out: A): void
  /** dtable += dx, row by row. */
  embedBackward(ids: Int32Array, dx: A, cols: number, dtable: A): void
  /** y = x / √(mean(x²) + epsilon) · gain [cols]. */
  rmsNorm(x: A, gain: A, epsilon: number, y: A): void
  /** dx +=, dgain += the gradients. */
  rmsNormBackward(dy: A, x: A, gain: A, epsilon: number, dx: A, dgain: A): void
  /**
   * Turns the pairs (2i, 2i + 1) of every head of x [rows, heads · headSize], in place; by the negative angle if
   * `inverse`, which is the gradient.
   * @param table [positions, headSize]: per position cosines, then sines
   */
  rope(x: A, heads: number, headSize: number, table: A, positions: Int32Array, inverse: boolean): void
  /** out = softmax(q · kᵀ / √headSize) · v, causal, within documents; q and out [rows, heads · headSize]. */
  attention(documents: Documents, heads: Heads, q: A, k: A, v: A, out: A): void
  attentionBackward(
    documents: Documents,
    heads: Heads,
    tensors: { q: A; k: A; v: A; dout: A; dq: A; dk: A; dv: A },
  ): void
  /** out = silu(gate) · up. */
  swiglu(gate: A, up: A, out: A): void
  /** dgate and dup may take the place of an argument. */
  swigluBackward(dout: A, gate: A, up: A, dgate: A, dup: A): void
  /**
   * log softmax(logits / temperature)[target], row by row. Afterwards `logits` and `inverseSums` hold what the gradient
   * needs: exponentials and 1 over their sum.
   * @param logits [rows, vocabulary]
   */
  logProbabilities(
    logits: A,
    targets: Int32Array,
    temperature: number,
    logProbabilities: Float64Array,
    inverseSums: Float64Array,
  ): void
  /**
   * From what `logProbabilities` left: the gradient with respect to the logits, in place.
   * @param gradient [rows]: that with respect to the log-probabilities
   */
  logProbabilitiesBackward(
    exponentials: A,
    targets: Int32Array,
    temperature: number,
    gradient: Float64Array,
    inverseSums: Float64Array,
  ): void
  /** Σ x² */
  squares(x: A): number
  /** One step of AdamW: parameters, means and variances change in place. */
  adamw(parameters: A, gradients: A, means: A, variances: A, step: AdamWStep): void

  /** Ends the threads. */
  close(): void
}
