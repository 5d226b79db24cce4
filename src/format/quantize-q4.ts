import {
  codeOf,
  endsInZeros,
  HALF_MAX,
  HALF_STEP,
  isExact,
  nearestHalf,
  putHalf,
  ROUND,
  squaredError,
} from './quantize-scale.js'

/** Codes are −8 … 7: the largest magnitude takes a scale of the other sign. */
const LOW = -8
const HIGH = 7
export const Q4_0_MAX = -LOW * HALF_MAX

/** Scales are searched between max / 12, where a third of the range is clipped, and max / 4. */
const FROM = 4
const UNTIL = 12
const BINS = 64
const BINS_PER_UNIT = BINS / (UNTIL - FROM)
/** A product of fp16 (11 bits) and a code (4 bits) ends in at least 24 − 15 zeros. */
const EXACT_ZEROS = 9
/** Below it scales between max / 12 and max / 3 are so few that their rounding matters: they are tried one by one. */
const FEW = 400 * HALF_STEP
/** And below this one larger scales too: the code 2, say, may be luckier than 8. */
const VERY_FEW = 128 * HALF_STEP

/**
 * What the sums grow by where t = max / scale passes a bin, six numbers a bin: Σ |x|·|q| and Σ q² by steps up to 7,
 * then both by the step from 7 to 8 for weights with the sign of the largest one, then for the others.
 */
const steps = new Float64Array(6 * BINS)

/** What `consider` has found. */
let bestScale = 0
let leastError = 0

/**
 * Writes values[from … from + 31] as a Q4_0 block.
 *
 * With codes q chosen, the best scale is Σxq / Σq² and its error Σx² − (Σxq)² / Σq². While t = max / scale grows from
 * 4 to 12 a code's magnitude steps from k to k + 1 at t = (k + ½)·max / |x|: some 100 steps a block. Both sums are
 * followed along t, by bins of an eighth, for either sign of the scale. The best of each sign are rounded to fp16; of
 * these two and of the plain max / −8 the one is kept whose error is least.
 * @param max the largest magnitude of the 32, at most Q4_0_MAX
 */
export function quantizeQ4Block(
  values: Float32Array,
  from: number,
  max: number,
  out: Uint8Array,
  to: number,
): void {
  const scale = max === 0 ? 0 : exactScale(values, from, max) || searchedScale(values, from, max)
  putHalf(out, to, scale)
  const inverse = scale === 0 ? 0 : 1 / scale
  for (let i = 0; i < 16; i++) {
    const low = codeOf(values[from + i]! * inverse, LOW, HIGH) - LOW
    const high = codeOf(values[from + 16 + i]! * inverse, LOW, HIGH) - LOW
    out[to + 2 + i] = low | (high << 4)
  }
}

function searchedScale(values: Float32Array, from: number, max: number): number {
  bestScale = 0
  leastError = Number.POSITIVE_INFINITY
  const sign = signOfLargest(values, from, max)
  consider(values, from, nearestHalf((sign * max) / LOW))
  if (max < FEW) {
    const most = max < VERY_FEW ? max : max / 3
    for (let scale = nearestHalf(max / UNTIL); scale <= most + HALF_STEP; scale += HALF_STEP) {
      consider(values, from, scale)
      consider(values, from, -scale)
    }
    return bestScale
  }
  const sameScale = sweep(values, from, max, sign)
  consider(values, from, nearestHalf(-sign * sameScale))
  consider(values, from, nearestHalf(sign * otherScale))
  return bestScale
}

/** Of the first of the largest magnitude, as in ggml. */
function signOfLargest(values: Float32Array, from: number, max: number): number {
  for (let i = from; i < from + 32; i++) {
    if (values[i] === max) return 1
    if (values[i] === -max) return -1
  }
  throw new RangeError(`none of the weights at ${from} is ${max}`)
}

/** The second result of `sweep`. */
let otherScale = 0

/**
 * The magnitude of the best scale when weights with the sign of the largest may have the code 8 and the others 7 at
 * most, and in `otherScale` when it is the other way round.
 */
function sweep(values: Float32Array, from: number, max: number, sign: number): number {
  // Sums at t = FROM, where no code is above 4.
  let xq = 0
  let qq = 0
  for (let i = from; i < from + 32; i++) {
    const x = values[i]!
    const magnitude = Math.abs(x)
    const t1 = max / magnitude
    let q = FROM / t1 + ROUND - ROUND
    xq += magnitude * q
    qq += q * q
    for (let t = (q + 0.5) * t1; t < UNTIL && q < 8; t += t1) {
      const bin = 6 * Math.max(0, Math.trunc((t - FROM) * BINS_PER_UNIT))
      const at = q < 7 ? bin : x * sign > 0 ? bin + 2 : bin + 4
      steps[at]! += magnitude
      steps[at + 1]! += 2 * q + 1
      q++
    }
  }
  // (Σxq)² / Σq² is compared without dividing.
  let sameXQ = 0
  let sameQQ = 0
  let otherXQ = 0
  let otherQQ = 0
  let best = xq
  let bestQQ = qq
  let other = xq
  let otherBestQQ = qq
  for (let at = 0; at < steps.length; at += 6) {
    xq += steps[at]!
    qq += steps[at + 1]!
    sameXQ += steps[at + 2]!
    sameQQ += steps[at + 3]!
    otherXQ += steps[at + 4]!
    otherQQ += steps[at + 5]!
    const a = xq + sameXQ
    const aa = qq + sameQQ
    if (a * a * bestQQ > best * best * aa) {
      best = a
      bestQQ = aa
    }
    const b = xq + otherXQ
    const bb = qq + otherQQ
    if (b * b * otherBestQQ > other * other * bb) {
      other = b
      otherBestQQ = bb
    }
  }
  steps.fill(0)
  otherScale = other / otherBestQQ
  return best / bestQQ
}

function consider(values: Float32Array, from: number, scale: number): void {
  if (Math.abs(scale) > HALF_MAX) return
  const error = squaredError(values, from, scale, LOW, HIGH)
  if (error >= leastError) return
  leastError = error
  bestScale = scale
}

/** The scale at which all 32 are codes times scale, 0 if there is none. */
function exactScale(values: Float32Array, from: number, max: number): number {
  if (!endsInZeros(max, EXACT_ZEROS)) return 0
  for (let code = -LOW; code > 0; code--) {
    const scale = max / code
    if (scale > HALF_MAX || scale !== nearestHalf(scale)) continue
    if (isExact(values, from, -scale, LOW, HIGH)) return -scale
    if (isExact(values, from, scale, LOW, HIGH)) return scale
  }
  return 0
}
