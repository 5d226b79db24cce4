import { type AttentionInput, type AttentionOptions, checkInput } from './problem.js'
import { rescaleByExponent } from './rescale.js'

/**
 * How the sums so far are brought to a new reference: `multiply` by 2^(m − m') for real maxima m (FlashAttention); by
 * `exponent`, with a whole-numbered reference n = ⌈m⌉; and `amla`, the paper's own form: the real maximum is kept, n = rn(m),
 * and the rest r = 2^(m − n) ∈ [1/√2, √2] is multiplied into the probabilities.
 */
export type Rescaling = 'multiply' | 'exponent' | 'amla'

export interface OnlineOptions extends AttentionOptions {
  /** Default 'exponent'. */
  readonly rescaling?: Rescaling
  /** Keys that are taken together. Default 64. */
  readonly block?: number
}

export interface OnlineResult {
  /** [rows, valueSize] */
  readonly output: Float32Array
  /** Blocks after a row's first: there the sums may have to be brought to a new reference. */
  readonly chances: number
  /** How often they were. */
  readonly rescales: number
}

/**
 * Attention over blocks of keys with an online softmax in base 2, every step rounded to binary32:
 * t = cap(scale · q · k) · log2(e); per row a reference n, l = Σ 2^(t − n) and O = Σ 2^(t − n) · v; the result is O / l.
 * (Milakov and Gimelshein, arXiv 1805.02867; rescaling by integer addition: AMLA, arXiv 2509.25224.)
 * @throws RangeError for lengths that do not agree or options out of range
 */
export function onlineAttention(input: AttentionInput, options: OnlineOptions = {}): OnlineResult {
  const checked = checkInput('onlineAttention', input, options)
  const { rows, v, valueSize, visible } = checked
  const { rescaling = 'exponent', block = 64 } = options
  if (!Number.isSafeInteger(block) || block < 1)
    throw new RangeError(`onlineAttention: block must be a positive whole number, not ${block}`)
  const output = new Float32Array(rows * valueSize)
  let [chances, rescales] = [0, 0]
  for (let row = 0; row < rows; row++) {
    const { first, end } = visible(row)
    const sums = output.subarray(row * valueSize, (row + 1) * valueSize)
    const total = new Float32Array(1)
    let maximum = Number.NEGATIVE_INFINITY
    let reference = Number.NEGATIVE_INFINITY
    for (let begin = first; begin < end; begin += block) {
      const scores = exponents(checked, row, begin, Math.min(end, begin + block))
      maximum = scores.reduce((a, b) => Math.max(a, b), maximum)
      const next = { multiply: maximum, exponent: Math.ceil(maximum), amla: Math.round(maximum) }[rescaling]
      if (begin > first) {
        chances++
        if (next !== reference) {
          rescales++
          rescale(sums, next - reference, rescaling)
          rescale(total, next - reference, rescaling)
        }
      }
      reference = next
      // What the paper folds into the probabilities; nothing in the other forms.
      const rest = rescaling === 'amla' ? Math.fround(2 ** Math.fround(maximum - reference)) : 1
      const origin = rescaling === 'amla' ? maximum : reference
      for (const [i, score] of scores.entries()) {
        const p = Math.fround(Math.fround(2 ** Math.fround(score - origin)) * rest)
        total[0] += p
        for (let d = 0; d < valueSize; d++)
          sums[d] += Math.fround(p * Math.fround(v[(begin + i) * valueSize + d]))
      }
    }
    for (let d = 0; d < valueSize; d++) sums[d] /= total[0]
  }
  return { output, chances, rescales }
}

/** t of the keys begin … end − 1, rounded to binary32 step by step. */
function exponents(
  input: ReturnType<typeof checkInput>,
  row: number,
  begin: number,
  end: number,
): Float32Array {
  const { q, k, headSize, scale, cap } = input
  const scores = new Float32Array(end - begin)
  for (let key = begin; key < end; key++) {
    let sum = 0
    for (let d = 0; d < headSize; d++)
      sum = Math.fround(
        sum + Math.fround(Math.fround(q[row * headSize + d]) * Math.fround(k[key * headSize + d])),
      )
    scores[key - begin] = Math.fround(cap(Math.fround(sum * Math.fround(scale)))) * Math.fround(Math.LOG2E)
  }
  return scores
}

function rescale(values: Float32Array, rise: number, rescaling: Rescaling): void {
  if (rescaling !== 'multiply') rescaleByExponent(values, -rise)
  else {
    const factor = Math.fround(2 ** -rise)
    for (let i = 0; i < values.length; i++) values[i] *= factor
  }
}
