import type {
  AttentionOptions,
  CacheShape,
  DigitOptions,
  Digits,
  Pass,
  RopeOptions,
  Sequence,
  Tensor,
  Weight,
} from './backend.js'

/** The shape rules of the Backend interface, the same for every backend. All throw RangeError. */

export type Class<T> = abstract new (...args: never[]) => T

export function foreign(): RangeError {
  return new RangeError('this tensor, weight, digits or cache belongs to another backend')
}

/** Narrows an opaque object to a backend's own class. */
export function own<T>(object: unknown, type: Class<T>): T {
  if (object instanceof type) return object
  throw foreign()
}

const show = (x: { rows: number; cols: number }) => `[${x.rows}, ${x.cols}]`

function ensure(condition: boolean, message: () => string): void {
  if (!condition) throw new RangeError(message())
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0
}

export function checkShape(rows: number, cols: number): void {
  ensure(isCount(rows) && isCount(cols), () => `a tensor cannot have shape [${rows}, ${cols}]`)
}

export function checkRows(tensor: Tensor, begin: number, end: number): void {
  const inside =
    Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && begin < end && end <= tensor.rows
  ensure(inside, () => `rows ${begin} to ${end} are not within a tensor of shape ${show(tensor)}`)
}

export function checkUpload(tensor: Tensor, values: ArrayLike<number>): void {
  const size = tensor.rows * tensor.cols
  ensure(
    values.length === size,
    () => `${values.length} values do not fill a tensor of shape ${show(tensor)}`,
  )
}

/** For read: the values, in `into` if there is one. */
export function copied(values: Float32Array, into: Float32Array | undefined): Float32Array {
  if (!into) return values.slice()
  ensure(
    into.length === values.length,
    () => `${values.length} values were to be read into an array of ${into.length}`,
  )
  into.set(values)
  return into
}

export function checkDigits(rows: number, cols: number, { passes, granularity }: DigitOptions): void {
  checkShape(rows, cols)
  ensure(passes === 1 || passes === 2 || passes === 3, () => `passes must be 1, 2 or 3, not ${passes}`)
  ensure(granularity === 'row' || granularity === 'group', () => {
    return `granularity must be 'row' or 'group', not ${JSON.stringify(granularity)}`
  })
}

export function checkDecompose(x: Tensor, digits: Digits): void {
  ensure(x.cols === digits.cols && x.rows <= digits.rows, () => {
    return `activations ${show(x)} do not fit digits for ${show(digits)}`
  })
}

/** What to throw for a key or value that has no code. */
export function noCode(row: number): Error {
  return new Error(
    `a key or value of row ${row} is not finite: the model's weights or its context produced NaN or infinity`,
  )
}

/** What to throw for an activation that no scale fits. */
export function notFinite(row: number, col: number): Error {
  return new Error(
    `activation [${row}, ${col}] is not finite: the model's weights or its context produced NaN or infinity`,
  )
}

export function checkLinear(
  x: { rows: number; cols: number },
  weight: Weight,
  out: Tensor,
  bias?: Tensor,
): void {
  ensure(
    x.cols === weight.cols,
    () => `${weight.name} ${show(weight)} cannot multiply activations ${show(x)}`,
  )
  ensure(out.rows === x.rows && out.cols === weight.rows, () => {
    return `${weight.name} times activations ${show(x)} gives [${x.rows}, ${weight.rows}], not ${show(out)}`
  })
  if (bias)
    ensure(
      bias.rows === 1 && bias.cols === weight.rows,
      () => `bias ${show(bias)} does not fit ${weight.name}`,
    )
}

/** A quantised weight takes digits, a float weight takes activations. */
export function checkOperand(isDigits: boolean, weight: Weight): void {
  ensure(isDigits === weight.quantized, () => {
    const [needs, got] = weight.quantized ? ['digits', 'plain activations'] : ['plain activations', 'digits']
    return `${weight.name} is ${weight.type} and multiplies ${needs}, not ${got}`
  })
}

export function checkEmbed(weight: Weight, ids: ArrayLike<number>, out: Tensor): void {
  ensure(out.rows === ids.length && out.cols === weight.cols, () => {
    return `${ids.length} rows of ${weight.name} ${show(weight)} do not fit ${show(out)}`
  })
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]
    ensure(Number.isInteger(id) && id >= 0 && id < weight.rows, () => {
      return `token id ${id} is not within the vocabulary of ${weight.rows} tokens`
    })
  }
}

export function checkSame(...tensors: Tensor[]): void {
  const [first, ...others] = tensors
  for (const other of others) {
    ensure(other.rows === first.rows && other.cols === first.cols, () => {
      return `shapes ${tensors.map(show).join(', ')} must be equal`
    })
  }
}

export function checkNorm(x: Tensor, gain: Tensor, out: Tensor): void {
  checkSame(x, out)
  ensure(
    gain.rows === 1 && gain.cols === x.cols,
    () => `a gain of shape ${show(gain)} does not fit ${show(x)}`,
  )
}

export function checkThreads(threads: number): void {
  ensure(
    Number.isInteger(threads) && threads >= 1 && threads <= 1024,
    () => `threads must be a whole number from 1 to 1024, not ${threads}`,
  )
}

/** Returns the scale as it is used, a float32. */
export function checkWeightScale(name: string, scale: number): number {
  const rounded = Math.fround(scale)
  ensure(
    rounded > 0 && rounded < Number.POSITIVE_INFINITY,
    () => `the scale of ${name} is ${scale}; it must be positive and finite as a float32`,
  )
  return rounded
}

/** Returns the head size. */
export function checkRope(x: Tensor, { heads, table, positions }: RopeOptions): number {
  const size = x.cols / heads
  ensure(isCount(heads) && Number.isInteger(size), () => `${x.cols} columns are not ${heads} heads`)
  ensure(
    table.cols <= size && table.cols % 2 === 0,
    () => `a rotary table of width ${table.cols} does not fit heads of ${size}`,
  )
  ensure(positions.length === x.rows, () => `${positions.length} positions for ${x.rows} rows`)
  const wrong = positions.find((position) => position < 0 || position >= table.rows)
  ensure(wrong === undefined, () => `position ${wrong} exceeds the context of ${table.rows}`)
  return size
}

export function checkCache(shape: CacheShape): void {
  const { type, layers, kvHeads, headSize, capacity, keyShift, latent } = shape
  ensure(['f32', 'f16', 'int8', 'mxfp4'].includes(type), () => {
    return `a cache cannot hold ${JSON.stringify(type)}; use 'f32', 'f16', 'int8' or 'mxfp4'`
  })
  ensure(
    [layers, kvHeads, headSize, capacity].every(isCount),
    () => `impossible cache shape ${JSON.stringify(shape)}`,
  )
  const codes = type === 'int8' || type === 'mxfp4'
  const longest = latent ?? headSize
  // Sums of two digits' products with codes fit 32 bits up to 520.
  ensure(!codes || longest <= MOST_CODES, () => {
    return `heads of ${longest} elements are too long for a cache of codes, which takes ${MOST_CODES}; use 'f16'`
  })
  if (latent !== undefined) {
    ensure(type !== 'mxfp4', () => `latent rows are kept as 'f32', 'f16' or 'int8', not as 'mxfp4'`)
    ensure(kvHeads === 1 && !keyShift, () => 'latent rows have one head, and no key shift')
    ensure(isCount(latent) && latent % 16 === 0 && latent <= headSize && headSize <= 2 * latent, () => {
      return `${latent} latent elements of ${headSize}: they must be a multiple of 16, and half of the row or more`
    })
  }
  if (!keyShift) return
  ensure(codes, () => `keys are shifted in caches of codes only, not in '${type}'`)
  const { length } = keyShift.angles
  ensure(length % 2 === 0 && length <= headSize, () => `${length} angles do not turn heads of ${headSize}`)
}

const MOST_CODES = 512

/** The pool of all of them. */
export function onePool<P>(caches: readonly { readonly pool: P }[]): P {
  ensure(caches.length > 0, () => 'a pass needs a sequence')
  ensure(
    caches.every(({ pool }) => pool === caches[0].pool),
    () => 'the sequences of a pass must be forks of one cache',
  )
  return caches[0].pool
}

/** What a pass over these sequences is allowed to be, but for room in their pool. */
export function checkPass(sequences: readonly Sequence[]): void {
  ensure(new Set(sequences.map(({ cache }) => cache)).size === sequences.length, () => {
    return 'a sequence can be in a pass once only'
  })
  for (const { cache, position, tokens } of sequences) {
    ensure(isCount(tokens), () => `a pass cannot have ${tokens} tokens of a sequence`)
    ensure(Number.isInteger(position) && position >= 0 && position <= cache.length, () => {
      return `position ${position} does not follow the ${cache.length} that the cache holds`
    })
  }
}

export function checkPositions(what: string, positions: number, length: number): void {
  ensure(Number.isInteger(positions) && positions >= 0 && positions <= length, () => {
    return `${what} ${positions} positions of a sequence of ${length} is impossible`
  })
}

function checkLayer(cache: CacheShape, layer: number): void {
  ensure(
    Number.isInteger(layer) && layer >= 0 && layer < cache.layers,
    () => `layer ${layer} is not in a cache of ${cache.layers}`,
  )
}

function checkPassRows(pass: Pass, x: Tensor): void {
  ensure(x.rows === pass.rows, () => `${show(x)} does not fit a pass of ${pass.rows} rows`)
}

export function checkAppend(
  cache: CacheShape,
  pass: Pass,
  layer: number,
  k: Tensor,
  v: Tensor | undefined,
): void {
  ensure((v === undefined) === (cache.latent !== undefined), () => {
    return cache.latent ? 'latent rows are their own values: give no others' : 'values are missing'
  })
  checkSame(k, v ?? k)
  checkLayer(cache, layer)
  ensure(
    k.cols === cache.kvHeads * cache.headSize,
    () => `keys ${show(k)} do not fit ${cache.kvHeads} heads of ${cache.headSize}`,
  )
  checkPassRows(pass, k)
}

/** @returns the options, filled in: a window of the whole cache is none, and so is a softcap of 0 */
export function checkAttention(
  q: Tensor,
  cache: CacheShape,
  pass: Pass,
  out: Tensor,
  options: AttentionOptions,
): Required<AttentionOptions> {
  const { layer, heads, scale, passes = 2, window = cache.capacity, softcap } = options
  ensure(passes === 1 || passes === 2, () => `attention has 1 or 2 passes, not ${passes}`)
  ensure(isCount(window), () => `a window is a positive whole number of positions, not ${window}`)
  const none = softcap === undefined
  ensure(none || (softcap > 0 && softcap < 1e30), () => `softcap must be positive and finite, not ${softcap}`)
  const { latent } = cache
  if (latent === undefined) checkSame(q, out)
  else
    ensure(out.rows === q.rows && out.cols === heads * latent, () => {
      return `${show(out)} does not hold ${heads} heads of ${latent} elements for ${show(q)}`
    })
  checkLayer(cache, layer)
  ensure(isCount(heads) && heads % cache.kvHeads === 0 && q.cols === heads * cache.headSize, () => {
    return `queries ${show(q)} are not ${heads} heads of ${cache.headSize} over ${cache.kvHeads} key heads`
  })
  checkPassRows(pass, q)
  return { layer, heads, scale, passes, window: Math.min(window, cache.capacity), softcap: softcap ?? 0 }
}
