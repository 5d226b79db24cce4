import {
  codeOf,
  endsInZeros,
  HALF_MAX,
  HALF_NORMAL,
  isExact,
  nearestHalf,
  putHalf,
  squaredError,
} from './quantize-scale.js'

/** Codes are −127 … 127, as ggml's are. */
const TOP = 127
export const Q8_0_MAX = TOP * HALF_MAX

/** Scales max / 127, max / 126, …: finer ones clip, coarser ones have more to lose than to win by chance. */
const CANDIDATES = 6
/** A product of fp16 (11 bits) and a code (7 bits) ends in at least 24 − 18 zeros. */
const EXACT_ZEROS = 6

/**
 * Writes values[from … from + 31] as a Q8_0 block.
 * @param max the largest magnitude of the 32, at most Q8_0_MAX
 */
export function quantizeQ8Block(
  values: Float32Array,
  from: number,
  max: number,
  out: Uint8Array,
  to: number,
): void {
  const scale = exactScale(values, from, max) || bestScale(values, from, max)
  putHalf(out, to, scale)
  const inverse = scale === 0 ? 0 : 1 / scale
  for (let i = 0; i < 32; i++) out[to + 2 + i] = codeOf(values[from + i]! * inverse, -TOP, TOP)
}

function bestScale(values: Float32Array, from: number, max: number): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let top = TOP; top > TOP - CANDIDATES; top--) {
    const scale = Math.min(nearestHalf(max / top), HALF_MAX)
    const error = squaredError(values, from, scale, -TOP, TOP)
    if (error < least) {
      least = error
      best = scale
    }
  }
  const fitted = Math.min(nearestHalf(leastSquares(values, from, best)), HALF_MAX)
  return squaredError(values, from, fitted, -TOP, TOP) < least ? fitted : best
}

/** The scale at which all 32 are codes times scale, 0 if there is none. */
function exactScale(values: Float32Array, from: number, max: number): number {
  if (!endsInZeros(max, EXACT_ZEROS)) return 0
  // With a scale its half will do too, unless that is no fp16: then smaller codes have to be looked at.
  const last = max < 2 * TOP * HALF_NORMAL ? 1 : (TOP + 1) / 2
  for (let top = TOP; top >= last; top--) {
    const scale = max / top
    if (scale === nearestHalf(scale) && scale <= HALF_MAX && isExact(values, from, scale, -TOP, TOP))
      return scale
  }
  return 0
}

/** Σxq / Σq², the best scale for the codes that `scale` gives. */
function leastSquares(values: Float32Array, from: number, scale: number): number {
  const inverse = scale === 0 ? 0 : 1 / scale
  let xq = 0
  let qq = 0
  for (let i = from; i < from + 32; i++) {
    const x = values[i]!
    const q = codeOf(x * inverse, -TOP, TOP)
    xq += x * q
    qq += q * q
  }
  return qq === 0 ? 0 : xq / qq
}
