import { codeOf, HALF_MAX, HALF_STEP, nearestHalf, putHalf } from './quantize-scale.js'

/** A block is 16 groups of 16 weights: w = d·sc·q − dmin·m with q = 0 … 3 and, one each a group, sc, m = 0 … 15. */
const GROUPS = 16
const SIZE = 16
const TOP_CODE = 3
const TOP_SUB = 15
/** What the minimums reach; scales reach three times as far. */
export const Q2_K_MAX = TOP_SUB * HALF_MAX

/** Code ranges that a group's weights are spread over, 2 to 4: below 3 the outermost codes clip less than they might. */
const SPREADS = Float64Array.from({ length: 9 }, (_, i) => 2 + i / 4)

/** What is wanted of each group, and what a block stores. */
const scales = new Float64Array(GROUPS)
const minimums = new Float64Array(GROUPS)
interface Stored {
  d: number
  dmin: number
  error: number
  readonly sc: Uint8Array
  readonly m: Uint8Array
}
const stored = (): Stored => ({
  d: 0,
  dmin: 0,
  error: 0,
  sc: new Uint8Array(GROUPS),
  m: new Uint8Array(GROUPS),
})
const plain = stored()
const searched = stored()
const refitted = stored()

/**
 * Writes values[from … from + 255] as a Q2_K block: first the plain way, each group's range from its minimum (or 0) to
 * its maximum in three steps; then with the scale and minimum of least squares for each group, sub-scales that are
 * best for what d and dmin became, and d and dmin of least squares for those. The one with the least error is kept.
 * @param max the largest magnitude of the 256, at most Q2_K_MAX
 */
export function quantizeQ2KBlock(
  values: Float32Array,
  from: number,
  max: number,
  out: Uint8Array,
  to: number,
): void {
  if (max === 0) {
    out.fill(0, to, to + 84)
    return
  }
  for (let g = 0; g < GROUPS; g++) spreadGroup(values, from + SIZE * g, g)
  store(values, from, plain)
  for (let g = 0; g < GROUPS; g++) fitGroup(values, from + SIZE * g, g)
  store(values, from, searched)
  improve(values, from, searched)
  refit(values, from, searched, refitted)
  let best = plain
  if (searched.error < best.error) best = searched
  if (refitted.error < best.error) best = refitted
  write(values, from, best, out, to)
}

/** The plain scale and minimum of a group; minimums are not negative. */
function spreadGroup(values: Float32Array, from: number, g: number): void {
  let least = 0
  let most = 0
  for (let i = from; i < from + SIZE; i++) {
    least = Math.min(least, values[i]!)
    most = Math.max(most, values[i]!)
  }
  scales[g] = (most - least) / TOP_CODE
  minimums[g] = -least
}

/** Improves on `spreadGroup`: the least-squares scale and minimum of the codes that several spreads give. */
function fitGroup(values: Float32Array, from: number, g: number): void {
  const range = scales[g]! * TOP_CODE
  const minimum = minimums[g]!
  if (range === 0) return
  let least = groupError(values, from, scales[g]!, minimum)
  for (let s = 0; s < SPREADS.length; s++) {
    const inverse = SPREADS[s]! / range
    let q1 = 0
    let q2 = 0
    let x1 = 0
    let xq = 0
    for (let i = from; i < from + SIZE; i++) {
      const x = values[i]!
      const q = codeOf((x + minimum) * inverse, 0, TOP_CODE)
      q1 += q
      q2 += q * q
      x1 += x
      xq += x * q
    }
    // Σ(x − a·q + b)² is least where a·Σq² − b·Σq = Σxq and a·Σq − b·n = Σx; with b = 0 where b would be negative.
    const determinant = SIZE * q2 - q1 * q1
    let scale = determinant > 0 ? (SIZE * xq - x1 * q1) / determinant : 0
    let b = (scale * q1 - x1) / SIZE
    if (b < 0) {
      b = 0
      scale = q2 > 0 ? xq / q2 : 0
    }
    if (!(scale > 0)) continue
    const error = groupError(values, from, scale, b)
    if (error >= least) continue
    least = error
    scales[g] = scale
    minimums[g] = b
  }
}

/** Rounds the groups' scales and minimums to what a block can store. */
function store(values: Float32Array, from: number, block: Stored): void {
  block.d = superScale(scales)
  block.dmin = superScale(minimums)
  block.error = 0
  for (let g = 0; g < GROUPS; g++) {
    block.sc[g] = block.d === 0 ? 0 : codeOf(scales[g]! / block.d, 0, TOP_SUB)
    block.m[g] = block.dmin === 0 ? 0 : codeOf(minimums[g]! / block.dmin, 0, TOP_SUB)
    block.error += groupError(values, from + SIZE * g, block.d * block.sc[g]!, block.dmin * block.m[g]!)
  }
}

function superScale(wanted: Float64Array): number {
  let most = 0
  for (let g = 0; g < GROUPS; g++) most = Math.max(most, wanted[g]!)
  if (most === 0) return 0
  return Math.min(HALF_MAX, Math.max(HALF_STEP, nearestHalf(most / TOP_SUB)))
}

/** Moves each group's sc and m by at most one, to where its error is least. */
function improve(values: Float32Array, from: number, block: Stored): void {
  const { d, dmin, sc, m } = block
  block.error = 0
  for (let g = 0; g < GROUPS; g++) {
    const [a, b] = [sc[g]!, m[g]!]
    let least = Number.POSITIVE_INFINITY
    for (let i = Math.max(0, a - 1); i <= Math.min(TOP_SUB, a + 1); i++) {
      for (let j = Math.max(0, b - 1); j <= Math.min(TOP_SUB, b + 1); j++) {
        const error = groupError(values, from + SIZE * g, d * i, dmin * j)
        if (error >= least) continue
        least = error
        sc[g] = i
        m[g] = j
      }
    }
    block.error += least
  }
}

/** Gives `to` the d and dmin of least squares for the codes, sc and m of `block`, and improves on its sc and m. */
function refit(values: Float32Array, from: number, block: Stored, to: Stored): void {
  // With u = sc·q: d·Σu² − dmin·Σum = Σxu and d·Σum − dmin·Σm² = Σxm.
  let uu = 0
  let um = 0
  let mm = 0
  let xu = 0
  let xm = 0
  for (let i = 0; i < GROUPS * SIZE; i++) {
    const g = i >> 4
    const x = values[from + i]!
    const m = block.m[g]!
    const u = block.sc[g]! * groupCode(x, block.d * block.sc[g]!, block.dmin * m)
    uu += u * u
    um += u * m
    mm += m * m
    xu += x * u
    xm += x * m
  }
  const determinant = uu * mm - um * um
  const d = determinant > 0 ? (xu * mm - xm * um) / determinant : uu > 0 ? xu / uu : 0
  const dmin = determinant > 0 ? (xu * um - xm * uu) / determinant : 0
  to.d = Math.min(HALF_MAX, Math.max(0, nearestHalf(d)))
  to.dmin = Math.min(HALF_MAX, Math.max(0, nearestHalf(dmin)))
  to.sc.set(block.sc)
  to.m.set(block.m)
  improve(values, from, to)
}

function groupCode(x: number, scale: number, minimum: number): number {
  return scale === 0 ? 0 : codeOf((x + minimum) / scale, 0, TOP_CODE)
}

function groupError(values: Float32Array, from: number, scale: number, minimum: number): number {
  const inverse = scale === 0 ? 0 : 1 / scale
  let sum = 0
  for (let i = from; i < from + SIZE; i++) {
    const shifted = values[i]! + minimum
    const error = shifted - codeOf(shifted * inverse, 0, TOP_CODE) * scale
    sum += error * error
  }
  return sum
}

/** Sub-scales low, sub-minimums high; pairs of bits, four runs of 32 weights in 32 bytes; d; dmin. */
function write(values: Float32Array, from: number, block: Stored, out: Uint8Array, to: number): void {
  const { d, dmin, sc, m } = block
  for (let g = 0; g < GROUPS; g++) out[to + g] = sc[g]! | (m[g]! << 4)
  for (let half = 0; half < 2; half++) {
    for (let i = 0; i < 32; i++) {
      let byte = 0
      for (let run = 0; run < 4; run++) {
        const at = 128 * half + 32 * run + i
        const g = at >> 4
        byte |= groupCode(values[from + at]!, d * sc[g]!, dmin * m[g]!) << (2 * run)
      }
      out[to + 16 + 32 * half + i] = byte
    }
  }
  putHalf(out, to + 80, d)
  putHalf(out, to + 82, dmin)
}
