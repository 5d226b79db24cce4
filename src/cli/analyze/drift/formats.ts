import { type CodeFormat, quantizeRows } from '../../../attention/index.js'
import { e8m0, fp4e2m1, fp8e4m3, fp8e5m2, type Minifloat } from '../../../dtype/index.js'
import { decodeCodes, type QuantizableTypeName, quantizeMatrix, tensorType } from '../../../format/index.js'
import {
  decomposeInt8,
  decomposeMxfp4,
  int8Top,
  MX_BLOCK,
  NVFP4_BLOCK,
  quantizeFp8,
  quantizeMxfp8,
  quantizeNvfp4,
  type ScaleRule,
} from '../../../msd/index.js'
import { floatGrid, type Grid, integerGrid, sumGrid } from './grids.js'

/** Numbers x [rows · cols], row-major. */
export interface Numbers {
  readonly x: Float32Array
  readonly rows: number
  readonly cols: number
}

/** What a format makes of numbers: x ≈ scales[g] · codes[i] − minimums[g], g the group of i. */
export interface CodedNumbers {
  /** Values on the format's grid, [rows · cols]. */
  readonly codes: ArrayLike<number>
  /** Numbers of a row that share a scale; a row's last group may be shorter. */
  readonly group: number
  /** [rows · ⌈cols / group⌉]; 0 where a group is too small for one. */
  readonly scales: ArrayLike<number>
  readonly minimums?: ArrayLike<number>
}

/** A way to store numbers whose codes all lie on one grid. */
export interface GridFormat {
  readonly name: string
  /** Bits of a code, without its share of the scales. */
  readonly bits: number
  readonly grid: Grid
  /** Rows are whole blocks of so many numbers; 1 if they may be of any length. */
  readonly block: number
  readonly encode: (numbers: Numbers) => CodedNumbers
}

const E2M1 = floatGrid(fp4e2m1)

/** The schemes of activations. @param group numbers that share a scale where INT8 digits have group scales */
export function activationFormats(group: number): GridFormat[] {
  return [
    ...([1, 2] as const).flatMap((passes) => [int8(passes, 'row'), int8(passes, group)]),
    ...(['paper', 'ocp', 'search'] as const).map((rule) => mxfp4(rule)),
    // Searched scales of two digits have no fixed ratio, hence no one grid.
    ...(['paper', 'ocp'] as const).map((rule) => mxfp4x2(rule)),
    fp8('e4m3', fp8e4m3),
    fp8('e5m2', fp8e5m2),
    mxfp8(),
    nvfp4(),
  ]
}

/** A row of a key or value head, as a cache stores it. */
export function cacheFormats(): GridFormat[] {
  return [
    { ...cache('int8', 1), bits: 8, grid: integerGrid(-127, 127) },
    { ...cache('mxfp4', 2), bits: 4, grid: E2M1 },
  ]
}

/** Types of quantised matrices, and how many times too large `decodeCodes` has their codes. */
const WEIGHTS = {
  Q8_0: { bits: 8, grid: integerGrid(-127, 127), factor: 1 },
  Q4_0: { bits: 4, grid: integerGrid(-8, 7), factor: 1 },
  MXFP4: { bits: 4, grid: E2M1, factor: 2 },
  Q2_K: { bits: 2, grid: integerGrid(0, 3), factor: 1 },
} as const satisfies Partial<Record<QuantizableTypeName, object>>

export type WeightType = keyof typeof WEIGHTS
export const WEIGHT_TYPES = Object.keys(WEIGHTS) as readonly WeightType[]

/** A type of quantised matrices, by `quantizeMatrix`. */
export function weightFormat(type: WeightType): GridFormat {
  const { bits, grid, factor } = WEIGHTS[type]
  return {
    ...{ name: type, bits, grid, block: tensorType(type).blockSize },
    encode: ({ x, rows, cols }) =>
      halved(decodeCodes(type, quantizeMatrix(x, rows, cols, type), rows, cols), factor),
  }
}

function int8(passes: 1 | 2, granularity: 'row' | number): GridFormat {
  const top = int8Top(passes, 256)
  return {
    name: `int8x${passes}-${granularity === 'row' ? 'row' : 'group'}`,
    ...{ bits: 8 * passes, grid: integerGrid(-top, top), block: 1 },
    encode: (numbers) => {
      const { digits, scales, groupSize } = decomposeInt8(numbers.x, { ...numbers, passes, granularity })
      const codes = Float64Array.from(digits[0], (_, i) => digits.reduce((sum, d) => 256 * sum + d[i], 0))
      return { codes, scales, group: groupSize }
    },
  }
}

function mxfp4(scaleRule: ScaleRule): GridFormat {
  return {
    ...{ name: `mxfp4x1-${scaleRule}`, bits: 4, grid: E2M1, block: 1 },
    encode: (numbers) => {
      const { digits, scales } = decomposeMxfp4(numbers.x, { ...numbers, passes: 1, scaleRule })
      return { codes: decoded(digits[0], fp4e2m1), scales: powers(scales[0]), group: MX_BLOCK }
    },
  }
}

/** The second digit's scale is an eighth of the first's. */
const NEXT_SCALE = 1 / 8

function mxfp4x2(scaleRule: 'paper' | 'ocp'): GridFormat {
  return {
    ...{ name: `mxfp4x2-${scaleRule}`, bits: 8, grid: sumGrid(E2M1, NEXT_SCALE), block: 1 },
    encode: (numbers) => {
      const { digits, scales } = decomposeMxfp4(numbers.x, { ...numbers, passes: 2, scaleRule })
      const [high, low] = digits.map((digit) => decoded(digit, fp4e2m1))
      // At the end of E8M0's range the ratio is another one: such blocks count as too small for a scale.
      const first = powers(scales[0]).map((scale, g) =>
        e8m0.decode(scales[1][g]) === NEXT_SCALE * scale ? scale : 0,
      )
      return { codes: high.map((value, i) => value + NEXT_SCALE * low[i]), scales: first, group: MX_BLOCK }
    },
  }
}

function fp8(element: 'e4m3' | 'e5m2', format: Minifloat): GridFormat {
  return {
    ...{ name: `fp8-${element}`, bits: 8, grid: floatGrid(format), block: 1 },
    encode: (numbers) => {
      const { codes, scales } = quantizeFp8(numbers.x, { ...numbers, element })
      return { codes: decoded(codes, format), scales, group: numbers.cols }
    },
  }
}

function mxfp8(): GridFormat {
  return {
    ...{ name: 'mxfp8', bits: 8, grid: floatGrid(fp8e4m3), block: 1 },
    encode: (numbers) => {
      const { codes, scales } = quantizeMxfp8(numbers.x, numbers)
      return { codes: decoded(codes, fp8e4m3), scales: powers(scales), group: MX_BLOCK }
    },
  }
}

function nvfp4(): GridFormat {
  return {
    ...{ name: 'nvfp4', bits: 4, grid: E2M1, block: 1 },
    encode: (numbers) => {
      const { codes, scales, rowScales, blocks } = quantizeNvfp4(numbers.x, numbers)
      const products = Float64Array.from(
        scales,
        (code, g) => rowScales[Math.floor(g / blocks)] * fp8e4m3.decode(code),
      )
      return { codes: decoded(codes, fp4e2m1), scales: products, group: NVFP4_BLOCK }
    },
  }
}

/** @param factor how many times too large `quantizeRows` has the codes */
function cache(format: CodeFormat, factor: number): Pick<GridFormat, 'name' | 'block' | 'encode'> {
  return {
    ...{ name: `kv-${format}`, block: 1 },
    encode: ({ x, rows, cols }) => {
      const { codes, scales, groupSize } = quantizeRows(x, { rows, cols, format })
      return halved({ codes, scales, group: groupSize }, factor)
    },
  }
}

const decoded = (codes: Uint8Array, format: Minifloat) =>
  Float64Array.from(codes, (code) => format.decode(code))
const powers = (codes: Uint8Array) => Float64Array.from(codes, (code) => e8m0.decode(code))

/** Codes that are whole numbers because they are so many times the grid's values, on the grid. */
function halved({ codes, scales, group, minimums }: CodedNumbers, factor: number): CodedNumbers {
  return {
    codes: Float64Array.from(codes, (code) => code / factor),
    scales: Float64Array.from(scales, (scale) => factor * scale),
    ...{ group, minimums },
  }
}
