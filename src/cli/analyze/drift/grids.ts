import type { Minifloat } from '../../../dtype/index.js'

/** Code values of a format, ascending and each once: the mesh that its numbers are moved to. */
export type Grid = Float64Array

/** The whole numbers low … high. */
export function integerGrid(low: number, high: number): Grid {
  return Float64Array.from({ length: high - low + 1 }, (_, i) => low + i)
}

/** The finite values of a small floating-point format; 0 and −0 are one, as they are in a Set. */
export function floatGrid(format: Minifloat): Grid {
  const values = Array.from({ length: 1 << format.bits }, (_, code) => format.decode(code))
  return sortedGrid(values.filter(Number.isFinite))
}

/** Every high + ratio · low: what two digits stand for whose scales are in this ratio. */
export function sumGrid(digit: Grid, ratio: number): Grid {
  return sortedGrid(Array.from(digit).flatMap((high) => Array.from(digit, (low) => high + ratio * low)))
}

function sortedGrid(values: readonly number[]): Grid {
  return Float64Array.from(new Set(values)).sort()
}
