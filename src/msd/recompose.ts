import { e8m0, fp4e2m1, fp8e4m3 } from '../dtype/index.js'
import { FP8_ELEMENTS, type Fp8Codes } from './fp8.js'
import type { Int8Digits } from './int8.js'
import { MX_BLOCK, type Mxfp4Digits } from './mxfp4.js'
import type { Mxfp8Codes } from './mxfp8.js'
import { NVFP4_BLOCK, type Nvfp4Codes } from './nvfp4.js'

/**
 * The activations that digits stand for, row-major [rows · cols] in float64. Exact for MXFP4 (up to 16 passes),
 * MXFP8, FP8, NVFP4 and float32 INT8 scales; otherwise one rounding per element.
 */
export function recompose(
  digits: Int8Digits | Mxfp4Digits | Mxfp8Codes | Fp8Codes | Nvfp4Codes,
): Float64Array {
  switch (digits.format) {
    case 'int8':
      return recomposeInt8(digits)
    case 'mxfp4':
      return recomposeMx(digits, digits.digits, digits.scales, (code) => fp4e2m1.decode(code))
    case 'mxfp8':
      return recomposeMx(digits, [digits.codes], [digits.scales], (code) => fp8e4m3.decode(code))
    case 'fp8':
      return recomposeFp8(digits)
    case 'nvfp4':
      return recomposeNvfp4(digits)
  }
}

function recomposeInt8({ rows, cols, radix, groupSize, groups, digits, scales }: Int8Digits): Float64Array {
  const x = new Float64Array(rows * cols)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < cols; column++) {
      const i = row * cols + column
      let q = 0
      for (const digit of digits) q = q * radix + digit[i]!
      x[i] = scales[row * groups + Math.floor(column / groupSize)]! * q
    }
  }
  return x
}

function recomposeMx(
  { rows, cols, blocks }: { readonly rows: number; readonly cols: number; readonly blocks: number },
  digits: readonly Uint8Array[],
  scales: readonly Uint8Array[],
  decode: (code: number) => number,
): Float64Array {
  const x = new Float64Array(rows * cols)
  for (let d = 0; d < digits.length; d++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < cols; column++) {
        const i = row * cols + column
        const scale = e8m0.decode(scales[d]![row * blocks + Math.floor(column / MX_BLOCK)]!)
        x[i] = x[i]! + scale * decode(digits[d]![i]!)
      }
    }
  }
  return x
}

function recomposeFp8({ cols, element, codes, scales }: Fp8Codes): Float64Array {
  const format = FP8_ELEMENTS[element]
  return Float64Array.from(codes, (code, i) => scales[Math.floor(i / cols)]! * format.decode(code))
}

function recomposeNvfp4({ cols, blocks, codes, scales, rowScales }: Nvfp4Codes): Float64Array {
  return Float64Array.from(codes, (code, i) => {
    const row = Math.floor(i / cols)
    const block = row * blocks + Math.floor((i % cols) / NVFP4_BLOCK)
    return rowScales[row]! * fp8e4m3.decode(scales[block]!) * fp4e2m1.decode(code)
  })
}

/**
 * Effective bits of an approximation, −log2(‖x − x̂‖₂ / ‖x‖₂) (Zheng et al., arXiv 2605.13915); Infinity if
 * they are equal.
 *
 * @throws RangeError if the lengths differ
 */
export function effectiveBits(x: ArrayLike<number>, approximation: ArrayLike<number>): number {
  if (x.length !== approximation.length) {
    throw new RangeError(
      `effectiveBits: ${x.length} numbers against ${approximation.length}; lengths must agree`,
    )
  }
  let signal = 0
  let noise = 0
  for (let i = 0; i < x.length; i++) {
    signal += x[i]! ** 2
    noise += (x[i]! - approximation[i]!) ** 2
  }
  return noise === 0 ? Number.POSITIVE_INFINITY : Math.log2(signal / noise) / 2
}
