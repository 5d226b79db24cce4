import { e8m0, fp4e2m1 } from '../dtype/index.js'
import { checkSameCols } from './check.js'
import { MX_BLOCK, type Mxfp4Digits } from './mxfp4.js'

/** 2 · value of every E2M1 code: 0, ±1, ±2, ±3, ±4, ±6, ±8, ±12. */
const DOUBLED = Int8Array.from({ length: 16 }, (_, code) => 2 * fp4e2m1.decode(code))

const E8M0_NAN = e8m0.encode(Number.NaN)

/** Largest |Σ (2a)·(2b)| of a block of 32: 32 · 12². */
export const MXFP4_BLOCK_DOT_MAX = MX_BLOCK * Math.max(...DOUBLED) ** 2

/**
 * Exact block products Σ_k (2a)·(2b) of MXFP4 digits and MXFP4 weights, at most 4608 (msd.md §2), so that a
 * backend may use integer units and give the same bits.
 *
 * @param weights rows are output features; one pass
 * @returns one array an activation digit, each [tokens · weight rows · blocks]
 * @throws RangeError if cols differ, or the weights have more than one pass or a scale that is NaN
 */
export function accumulateMxfp4(digits: Mxfp4Digits, weights: Mxfp4Digits): Int16Array[] {
  checkOperands('accumulateMxfp4', digits, weights)
  const { rows: tokens, cols, blocks } = digits
  const weightCodes = weights.digits[0]!
  return digits.digits.map((codes) => {
    const result = new Int16Array(tokens * weights.rows * blocks)
    for (let m = 0, i = 0; m < tokens; m++) {
      for (let n = 0; n < weights.rows; n++) {
        for (let start = 0; start < cols; start += MX_BLOCK, i++) {
          let sum = 0
          for (let k = start; k < Math.min(start + MX_BLOCK, cols); k++) {
            sum += DOUBLED[codes[m * cols + k]!]! * DOUBLED[weightCodes[n * cols + k]!]!
          }
          result[i] = sum
        }
      }
    }
    return result
  })
}

/**
 * y = x̂ · wᵀ of MXFP4 digits and MXFP4 weights, row-major [M · N]: Σ_b Σ_d s_x · s_w · dot / 4. Terms are exact;
 * they are added in float64, blocks ascending, digits most significant first.
 *
 * @throws RangeError as accumulateMxfp4
 */
export function productMxfp4(digits: Mxfp4Digits, weights: Mxfp4Digits): Float64Array {
  const dots = accumulateMxfp4(digits, weights)
  const { rows: tokens, blocks } = digits
  const y = new Float64Array(tokens * weights.rows)
  for (let m = 0, i = 0; m < tokens; m++) {
    for (let n = 0; n < weights.rows; n++) {
      let sum = 0
      for (let b = 0; b < blocks; b++, i++) {
        const weightScale = e8m0.decode(weights.scales[0]![n * blocks + b]!) / 4
        for (let d = 0; d < dots.length; d++) {
          sum += e8m0.decode(digits.scales[d]![m * blocks + b]!) * weightScale * dots[d]![i]!
        }
      }
      y[m * weights.rows + n] = sum
    }
  }
  return y
}

function checkOperands(where: string, digits: Mxfp4Digits, weights: Mxfp4Digits): void {
  checkSameCols(where, digits, weights)
  if (weights.passes !== 1) {
    throw new RangeError(`${where}: the weights have ${weights.passes} passes; MXFP4 weights have one`)
  }
  const bad = weights.scales[0]!.indexOf(E8M0_NAN)
  if (bad >= 0) {
    const place = `row ${Math.floor(bad / weights.blocks)}, block ${bad % weights.blocks}`
    throw new RangeError(`${where}: the weight scale of ${place} is NaN (0xff); it must be a number`)
  }
}
