import { exactAttention } from './exact.js'
import type { AttentionOptions } from './problem.js'

/** Multi-head latent attention's sizes; DeepSeek-V2 has 128 heads, 128 + 64, 128 and a latent of 512. */
export interface MlaShape {
  readonly heads: number
  /** Elements of a head's query and key that come from the latent row. */
  readonly nopeSize: number
  /** Those that carry the position, of a key that all heads share. */
  readonly ropeSize: number
  readonly valueSize: number
  readonly latentSize: number
}

export interface MlaInput {
  readonly shape: MlaShape
  readonly rows: number
  readonly keys: number
  /** [rows, heads · (nopeSize + ropeSize)], rotary embedding applied. */
  readonly q: Float64Array
  /** [keys, latentSize + ropeSize]: a token's latent row and, rotary embedding applied, its shared key. */
  readonly cache: Float64Array
  /** W_uk [heads · nopeSize, latentSize]: a head's keys from the latent row. */
  readonly keyUp: Float64Array
  /** W_uv [heads · valueSize, latentSize]: a head's values. */
  readonly valueUp: Float64Array
}

/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434) as it is defined: keys and values of every head
 * are made from the latent rows. In binary64; the scale is 1/√(nopeSize + ropeSize), unless given.
 * @returns [rows, heads · valueSize]
 * @throws RangeError for lengths that do not agree or options out of range
 */
export function mlaAttention(input: MlaInput, options: AttentionOptions = {}): Float64Array {
  const { shape, rows, keys, q, cache, keyUp, valueUp } = checkMla('mlaAttention', input)
  const { heads, nopeSize, ropeSize, valueSize, latentSize } = shape
  const [headSize, cacheSize] = [nopeSize + ropeSize, latentSize + ropeSize]
  return perHead(shape, rows, valueSize, (head) => {
    const k = new Float64Array(keys * headSize)
    const v = new Float64Array(keys * valueSize)
    for (let key = 0; key < keys; key++) {
      const row = cache.subarray(key * cacheSize, (key + 1) * cacheSize)
      const latent = row.subarray(0, latentSize)
      k.set(multiply(keyUp, head * nopeSize, nopeSize, latent), key * headSize)
      k.set(row.subarray(latentSize), key * headSize + nopeSize)
      v.set(multiply(valueUp, head * valueSize, valueSize, latent), key * valueSize)
    }
    const query = columns(q, rows, heads * headSize, head * headSize, headSize)
    return exactAttention({ q: query, k, v, rows, keys, headSize, valueSize }, options)
  })
}

/** Queries and the cache of `absorbMla`: an attention in which all heads share keys, and values are the keys' beginning. */
export interface AbsorbedMla {
  /** [rows · heads, latentSize + ropeSize] */
  readonly q: Float64Array
  /** Of the scores: 1/√(nopeSize + ropeSize), not that of the longer rows. */
  readonly scale: number
}

/**
 * The absorbed form's queries: q · W_uk in place of every key's W_uk · c, so that a decode step reads each latent row
 * once, for all heads.
 * @throws RangeError for lengths that do not agree
 */
export function absorbMla(input: Omit<MlaInput, 'valueUp' | 'cache' | 'keys'>): AbsorbedMla {
  const { shape, rows, q, keyUp } = input
  const { heads, nopeSize, ropeSize, latentSize } = shape
  const [headSize, cacheSize] = [nopeSize + ropeSize, latentSize + ropeSize]
  checkLengths('absorbMla', {
    q: [q, rows * heads * headSize],
    keyUp: [keyUp, heads * nopeSize * latentSize],
  })
  const absorbed = new Float64Array(rows * heads * cacheSize)
  for (let at = 0; at < rows * heads; at++) {
    const head = at % heads
    const query = q.subarray(at * headSize, (at + 1) * headSize)
    for (let d = 0; d < nopeSize; d++)
      for (let c = 0; c < latentSize; c++)
        absorbed[at * cacheSize + c] += query[d] * keyUp[(head * nopeSize + d) * latentSize + c]
    absorbed.set(query.subarray(nopeSize), at * cacheSize + latentSize)
  }
  return { q: absorbed, scale: 1 / Math.sqrt(headSize) }
}

/**
 * The absorbed form's end, o = W_uv · Σ p · c.
 * @param input.mixed [rows · heads, latentSize]: each head's Σ p · c
 * @returns [rows, heads · valueSize]
 * @throws RangeError for lengths that do not agree
 */
export function expandMla(
  input: Pick<MlaInput, 'shape' | 'rows' | 'valueUp'> & { readonly mixed: Float64Array },
): Float64Array {
  const { shape, rows, valueUp, mixed } = input
  const { heads, valueSize, latentSize } = shape
  checkLengths('expandMla', {
    mixed: [mixed, rows * heads * latentSize],
    valueUp: [valueUp, heads * valueSize * latentSize],
  })
  const out = new Float64Array(rows * heads * valueSize)
  for (let at = 0; at < rows * heads; at++) {
    const latent = mixed.subarray(at * latentSize, (at + 1) * latentSize)
    out.set(multiply(valueUp, (at % heads) * valueSize, valueSize, latent), at * valueSize)
  }
  return out
}

/**
 * The same attention in its absorbed form: over latent rows alone, o = W_uv · Σ p · c.
 * @returns [rows, heads · valueSize]
 * @throws RangeError for lengths that do not agree or options out of range
 */
export function absorbedMlaAttention(input: MlaInput, options: AttentionOptions = {}): Float64Array {
  const { shape, rows, keys, cache } = checkMla('absorbedMlaAttention', input)
  const { heads, ropeSize, latentSize } = shape
  const cacheSize = latentSize + ropeSize
  const { q, scale } = absorbMla(input)
  const latents = columns(cache, keys, cacheSize, 0, latentSize)
  const mixed = perHead(shape, rows, latentSize, (head) => {
    const query = columns(q, rows, heads * cacheSize, head * cacheSize, cacheSize)
    return exactAttention(
      { q: query, k: cache, v: latents, rows, keys, headSize: cacheSize, valueSize: latentSize },
      { scale, ...options },
    )
  })
  return expandMla({ ...input, mixed })
}

function checkMla(where: string, input: MlaInput): MlaInput {
  const { shape, rows, keys, q, cache, keyUp, valueUp } = input
  const { heads, nopeSize, ropeSize, valueSize, latentSize } = shape
  checkLengths(where, {
    q: [q, rows * heads * (nopeSize + ropeSize)],
    cache: [cache, keys * (latentSize + ropeSize)],
    keyUp: [keyUp, heads * nopeSize * latentSize],
    valueUp: [valueUp, heads * valueSize * latentSize],
  })
  return input
}

function checkLengths(where: string, arrays: Record<string, readonly [Float64Array, number]>): void {
  for (const [name, [values, length]] of Object.entries(arrays))
    if (values.length !== length)
      throw new RangeError(`${where}: ${name} has ${values.length} elements, but its shape needs ${length}`)
}

/** [rows, heads · size] of each head's [rows, size]. */
function perHead(
  { heads }: MlaShape,
  rows: number,
  size: number,
  attend: (head: number) => Float64Array,
): Float64Array {
  const out = new Float64Array(rows * heads * size)
  for (let head = 0; head < heads; head++) {
    const own = attend(head)
    for (let row = 0; row < rows; row++)
      out.set(own.subarray(row * size, (row + 1) * size), (row * heads + head) * size)
  }
  return out
}

/** Columns first … first + count − 1 of x [rows, width]. */
function columns(x: Float64Array, rows: number, width: number, first: number, count: number): Float64Array {
  const part = new Float64Array(rows * count)
  for (let row = 0; row < rows; row++)
    part.set(x.subarray(row * width + first, row * width + first + count), row * count)
  return part
}

/** Rows first … first + count − 1 of a matrix, times a vector. */
function multiply(matrix: Float64Array, first: number, count: number, x: Float64Array): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let sum = 0
    for (let c = 0; c < x.length; c++) sum += matrix[(first + i) * x.length + c] * x[c]
    return sum
  })
}
