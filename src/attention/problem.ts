/** One head: queries, keys and values, row-major. */
export interface AttentionInput {
  /** [rows, headSize] */
  readonly q: Float32Array | Float64Array
  /** [keys, headSize] */
  readonly k: Float32Array | Float64Array
  /** [keys, valueSize] */
  readonly v: Float32Array | Float64Array
  readonly rows: number
  readonly keys: number
  readonly headSize: number
  /** Default headSize. */
  readonly valueSize?: number
}

/** Which keys a query sees, and what becomes of a score. */
export interface AttentionOptions {
  /** Factor of the scores. Default 1/√headSize. */
  readonly scale?: number
  /** Row i sees keys 0 … keys − rows + i: the queries are the last tokens. Default false: every key. */
  readonly causal?: boolean
  /** Of the keys that it would see, a row sees the last so many only. */
  readonly window?: number
  /** Scores s become cap · tanh(s / cap), as in Gemma 2. */
  readonly softcap?: number
}

/** The keys first … end − 1. */
export interface Visible {
  readonly first: number
  readonly end: number
}

/** An input that was looked at, with everything filled in. */
export interface CheckedInput extends Required<AttentionInput> {
  readonly scale: number
  /** The score that the softmax gets, from scale · q · k. */
  readonly cap: (score: number) => number
  readonly visible: (row: number) => Visible
}

/**
 * @throws RangeError for lengths that do not agree, options out of range, and rows that would see no key
 */
export function checkInput(where: string, input: AttentionInput, options: AttentionOptions): CheckedInput {
  const { q, k, v, rows, keys, headSize, valueSize = headSize } = input
  for (const [name, value] of Object.entries({ rows, keys, headSize, valueSize }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`${where}: ${name} must be a positive whole number, not ${value}`)
  const lengths = { q: [q, rows * headSize], k: [k, keys * headSize], v: [v, keys * valueSize] } as const
  for (const [name, [values, length]] of Object.entries(lengths))
    if (values.length !== length)
      throw new RangeError(`${where}: ${name} has ${values.length} elements, but its shape needs ${length}`)
  return {
    ...{ q, k, v, rows, keys, headSize, valueSize },
    scale: checkScale(where, options.scale ?? 1 / Math.sqrt(headSize)),
    cap: softcap(where, options.softcap),
    visible: visibility(where, rows, keys, options),
  }
}

export function checkScale(where: string, scale: number): number {
  if (Number.isFinite(scale)) return scale
  throw new RangeError(`${where}: scale must be finite, not ${scale}`)
}

export function softcap(where: string, cap: number | undefined): (score: number) => number {
  if (cap === undefined) return (score) => score
  if (!(cap > 0 && Number.isFinite(cap)))
    throw new RangeError(`${where}: softcap must be positive, not ${cap}`)
  return (score) => cap * Math.tanh(score / cap)
}

export function visibility(
  where: string,
  rows: number,
  keys: number,
  { causal = false, window = keys }: AttentionOptions,
): (row: number) => Visible {
  if (causal && rows > keys)
    throw new RangeError(`${where}: ${rows} causal queries need as many keys, not ${keys}`)
  if (!Number.isSafeInteger(window) || window < 1)
    throw new RangeError(`${where}: window must be a positive whole number, not ${window}`)
  return (row) => {
    const end = causal ? keys - rows + row + 1 : keys
    return { first: Math.max(0, end - window), end }
  }
}
