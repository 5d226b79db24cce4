import { bf16, fp16, type Minifloat } from '../../../dtype/index.js'
import {
  decomposeInt8,
  decomposeMxfp4,
  type Fp8Element,
  fp8ErrorBound,
  type Int8Passes,
  type Int8Radix,
  int8ErrorBound,
  MX_BLOCK,
  mxfp4ErrorBound,
  mxfp8ErrorBound,
  NVFP4_BLOCK,
  nvfp4ErrorBound,
  quantizeFp8,
  quantizeMxfp8,
  quantizeNvfp4,
  recompose,
  type ScaleRule,
  worstRoundingError,
} from '../../../msd/index.js'

/** Activations x [rows · cols], row-major and finite. */
export interface Activations {
  readonly x: Float32Array
  readonly rows: number
  readonly cols: number
}

/** What a scheme makes of activations, [rows · cols] both. */
export interface Approximation {
  readonly values: Float64Array
  /** No |x − value| is larger: proved (docs/papers/msd.md). */
  readonly bounds: Float64Array
}

export interface Scheme {
  readonly name: string
  /** Schemes that differ in the number of passes alone. */
  readonly family: string
  /** Bits that a number takes in a row of `cols`, its share of the scales included. */
  readonly bits: (cols: number) => number
  readonly approximate: (activations: Activations) => Approximation
}

/** Every scheme that is compared. @param group activations that share a scale where INT8 digits have group scales */
export function allSchemes(group: number): Scheme[] {
  return [
    castScheme(bf16),
    castScheme(fp16),
    fp8Scheme('e4m3'),
    fp8Scheme('e5m2'),
    ...(['row', 'group'] as const).flatMap((granularity) => [
      int8Scheme(granularity, group, 1, 256), // one digit has no radix
      ...([2, 3] as const).flatMap((passes) =>
        ([254, 256] as const).map((radix) => int8Scheme(granularity, group, passes, radix)),
      ),
    ]),
    ...(['paper', 'ocp', 'search'] as const).flatMap((rule) =>
      [1, 2, 3].map((passes) => mxfp4Scheme(rule, passes)),
    ),
    { name: 'mxfp8', family: 'MXFP8', bits: () => 8 + 8 / MX_BLOCK, approximate: mxfp8 },
    {
      name: 'nvfp4',
      family: 'NVFP4-like',
      bits: (cols) => 4 + 8 / NVFP4_BLOCK + 32 / cols,
      approximate: nvfp4,
    },
  ]
}

/**
 * The schemes whose name is, or begins with, one of the names: `int8x2` stands for every two-digit INT8 scheme.
 * @param names all schemes if left out
 * @throws RangeError for a name that none begins with
 */
export function chooseSchemes<T extends { readonly name: string }>(
  schemes: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  if (names === undefined) return schemes
  const chosen = new Set<T>()
  for (const name of names) {
    const exact = schemes.filter((scheme) => scheme.name === name)
    const some =
      exact.length > 0 || name === '' ? exact : schemes.filter((scheme) => scheme.name.startsWith(name))
    if (some.length === 0) {
      throw new RangeError(
        `'${name}' is no scheme; there are ${schemes.map((scheme) => scheme.name).join(', ')}, and beginnings of these`,
      )
    }
    for (const scheme of some) chosen.add(scheme)
  }
  return schemes.filter((scheme) => chosen.has(scheme))
}

/** Each number rounded on its own, saturating. */
function castScheme(format: Minifloat): Scheme {
  return {
    name: format.name,
    family: format.name.toUpperCase(),
    bits: () => format.bits,
    approximate: ({ x }) => ({
      values: Float64Array.from(x, (value) => format.round(value, 'saturating')),
      bounds: Float64Array.from(x, (value) => worstRoundingError(format, Math.abs(value))),
    }),
  }
}

function fp8Scheme(element: Fp8Element): Scheme {
  return {
    name: `fp8-${element}`,
    family: `FP8 ${element.toUpperCase()} per row`,
    bits: (cols) => 8 + 32 / cols,
    approximate: (activations) => ({
      values: recompose(quantizeFp8(activations.x, { ...activations, element })),
      bounds: groupBounds(activations, activations.cols, (maximum) => fp8ErrorBound(maximum, element)),
    }),
  }
}

function int8Scheme(
  granularity: 'row' | 'group',
  group: number,
  passes: Int8Passes,
  radix: Int8Radix,
): Scheme {
  const suffix = radix === 254 ? '-254' : ''
  return {
    name: `int8x${passes}-${granularity}${suffix}`,
    family: `INT8 per ${granularity}${radix === 254 ? ', radix 254' : ''}`,
    bits: (cols) => 8 * passes + 32 / (granularity === 'row' ? cols : Math.min(group, cols)),
    approximate: (activations) => {
      const shared = granularity === 'row' ? granularity : group
      const digits = decomposeInt8(activations.x, { ...activations, passes, radix, granularity: shared })
      const bound = (maximum: number) => int8ErrorBound(maximum, digits)
      return { values: recompose(digits), bounds: groupBounds(activations, digits.groupSize, bound) }
    },
  }
}

function mxfp4Scheme(scaleRule: ScaleRule, passes: number): Scheme {
  return {
    name: `mxfp4x${passes}-${scaleRule}`,
    family: `MXFP4, ${scaleRule}`,
    bits: () => passes * (4 + 8 / MX_BLOCK),
    approximate: (activations) => ({
      values: recompose(decomposeMxfp4(activations.x, { ...activations, passes, scaleRule })),
      bounds: groupBounds(activations, MX_BLOCK, (maximum) =>
        mxfp4ErrorBound(maximum, { passes, scaleRule }),
      ),
    }),
  }
}

function mxfp8(activations: Activations): Approximation {
  return {
    values: recompose(quantizeMxfp8(activations.x, activations)),
    bounds: groupBounds(activations, MX_BLOCK, mxfp8ErrorBound),
  }
}

function nvfp4(activations: Activations): Approximation {
  return {
    values: recompose(quantizeNvfp4(activations.x, activations)),
    bounds: groupBounds(activations, NVFP4_BLOCK, nvfp4ErrorBound),
  }
}

/** A bound that follows from the largest magnitude of a group, and of its row, for each element. */
function groupBounds(
  { x, cols }: Activations,
  group: number,
  bound: (maximum: number, rowMaximum: number) => number,
): Float64Array {
  const bounds = new Float64Array(x.length)
  for (let row = 0; row < x.length; row += cols) {
    const rowMaximum = largest(x, row, row + cols)
    for (let start = row; start < row + cols; start += group) {
      const end = Math.min(start + group, row + cols)
      bounds.fill(bound(largest(x, start, end), rowMaximum), start, end)
    }
  }
  return bounds
}

function largest(x: Float32Array, start: number, end: number): number {
  let maximum = 0
  for (let i = start; i < end; i++) maximum = Math.max(maximum, Math.abs(x[i]))
  return maximum
}
