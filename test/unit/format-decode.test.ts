import { describe, expect, test } from 'vitest'
import {
  type CodeTypeName,
  checkScales,
  decodeCodes,
  dequantize,
  FormatError,
  TENSOR_TYPES,
  tensorType,
  tensorTypeById,
} from '../../src/format/index.js'
import { checkCodeMatrix } from '../../src/msd/code-matrix.js'
import { encodeQuantized, randomBlocks, randomNormal } from '../helpers/quants.js'

const CODE_TYPES = TENSOR_TYPES.filter((type) => type.kind === 'codes').map(
  (type) => type.name as CodeTypeName,
)
/** Where a block keeps its scales and minimums, when it is not at its beginning alone. */
const HALVES: { readonly [type in CodeTypeName]?: readonly number[] } = {
  Q4_1: [0, 2],
  Q5_1: [0, 2],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
  NVFP4: [0, 1, 2, 3],
}
/** Bytes of scales that are no numbers. */
const BAD_HALVES: readonly [string, number[]][] = [
  ['infinity', [0x00, 0x7c]],
  ['minus infinity', [0x00, 0xfc]],
  ['NaN', [0x01, 0x7e]],
]
/** Types with scales of one byte, which have no infinity. */
const BAD_BYTES: { readonly [type in CodeTypeName]?: readonly [string, number[]][] } = {
  MXFP4: [['NaN', [0xff]]],
  NVFP4: [
    ['NaN', [0x7f]],
    ['NaN, with the sign that means nothing', [0xff]],
  ],
}
const badScales = (type: CodeTypeName) => BAD_BYTES[type] ?? BAD_HALVES

describe('the table of tensor types', () => {
  test('has every id once, and finds types by id and name', () => {
    expect(new Set(TENSOR_TYPES.map((type) => type.id)).size).toBe(TENSOR_TYPES.length)
    expect(new Set(TENSOR_TYPES.map((type) => type.name)).size).toBe(TENSOR_TYPES.length)
    for (const type of TENSOR_TYPES) {
      expect(tensorTypeById(type.id)).toBe(type)
      expect(tensorType(type.name)).toBe(type)
    }
    expect(tensorTypeById(4)).toBeUndefined()
  })

  test('has between one and 64 bits a weight', () => {
    for (const { name, blockSize, blockBytes } of TENSOR_TYPES) {
      const bits = (8 * blockBytes) / blockSize
      expect(bits >= 1 && bits <= 64, name).toBe(true)
    }
  })
})

describe('hand-made blocks', () => {
  test('Q4_0: low nibbles first, 8 subtracted', () => {
    // d = 2, byte i holds i low and 15 − i high
    const bytes = Uint8Array.from([0x00, 0x40, ...Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4))])
    const { group, codes, scales, minimums } = decodeCodes('Q4_0', bytes, 1, 32)
    const ascending = Array.from({ length: 16 }, (_, i) => i - 8)
    expect([...codes]).toEqual([...ascending, ...ascending.toReversed()])
    expect({ group, scales: [...scales], minimums }).toEqual({ group: 32, scales: [2], minimums: undefined })
  })

  test('Q5_1: bit i is the fifth of weight i; the minimum is negated', () => {
    // d = 1, m = −3, fifth bits of weights 0 and 31, nibbles 0
    const bytes = Uint8Array.from([0x00, 0x3c, 0x00, 0xc2, 1, 0, 0, 0x80, ...new Array(16).fill(0)])
    const { codes, minimums } = decodeCodes('Q5_1', bytes, 1, 32)
    expect([codes[0], codes[1], codes[30], codes[31]]).toEqual([16, 0, 0, 16])
    expect([...minimums!]).toEqual([3])
    expect(dequantize('Q5_1', bytes, 1, 32)[31]).toBe(13)
  })

  test('Q4_K: the 6-bit numbers of the upper groups are split', () => {
    const bytes = new Uint8Array(144)
    bytes.set([0x00, 0x3c, 0x00, 0x40]) // d = 1, dmin = 2
    bytes.set([5, 0, 0, 0xc0 | 7], 4) // sc: 5 for group 0, 7 for 3; upper bits 3 for group 7
    bytes.set([9, 0, 0, 0x40 | 11], 8) // m: 9 for group 0, 11 for 3; upper bits 1 for group 7
    bytes.set([0, 0, 0, 0xa2], 12) // group 7: sc low bits 2, m low bits 10
    const { scales, minimums } = decodeCodes('Q4_K', bytes, 1, 256)
    expect([...scales]).toEqual([5, 0, 0, 7, 0, 0, 0, 50])
    expect([...minimums!]).toEqual([18, 0, 0, 22, 0, 0, 0, 52])
  })

  test('Q6_K: sub-scales are signed, groups have 16 weights', () => {
    const bytes = new Uint8Array(210)
    bytes.set([0x80, 0x7f], 192)
    bytes.set([0x00, 0x38], 208) // d = 0.5
    bytes[16] = 0x0f // weight 16, low bits
    bytes[128 + 16] = 0x03 // weight 16, upper bits
    const { group, codes, scales } = decodeCodes('Q6_K', bytes, 1, 256)
    expect([group, scales[0], scales[1], codes[0], codes[16]]).toEqual([16, -64, 63.5, -32, 31])
  })

  test('Q2_K: scales and minimums are nibbles of a byte, four weights of a byte are 32 apart', () => {
    const bytes = new Uint8Array(84)
    bytes[1] = 0x35 // weights 16–31: scale 5, minimum 3
    bytes[15] = 0xf1 // weights 240–255
    bytes[16 + 16] = 0b11_10_01_00 // weights 16, 48, 80, 112
    bytes[16 + 63] = 0b10_00_00_00 // weight 255
    bytes.set([0x00, 0x3c, 0x00, 0xc0], 80) // d = 1, dmin = −2
    const { group, codes, scales, minimums } = decodeCodes('Q2_K', bytes, 1, 256)
    expect([group, scales[0], scales[1], scales[15]]).toEqual([16, 0, 5, 1])
    expect([minimums![1], minimums![15]]).toEqual([-6, -30])
    expect([16, 48, 80, 112, 255].map((k) => codes[k])).toEqual([0, 1, 2, 3, 2])
    expect(codes.reduce((a, b) => a + b)).toBe(8)
  })

  test('Q3_K: a third bit that is not set takes 4 away; sub-scales are 6 bits less 32', () => {
    const bytes = new Uint8Array(110)
    bytes[5] = 0x81 // third bits of weights 5 and 229
    bytes[32 + 5] = 0b11 // weight 5, low bits
    bytes.set([0x52, 0, 0, 0, 0, 0, 0, 0xf0], 96) // low bits: 2 and 5 of groups 0 and 8, 15 of group 15
    bytes.set([0x21, 0, 0, 0xc0], 104) // upper bits: 1, 0, 2 of groups 0, 4, 8; 3 of group 15
    bytes.set([0x00, 0x38], 108) // d = 0.5
    const { group, codes, scales, minimums } = decodeCodes('Q3_K', bytes, 1, 256)
    expect([group, minimums]).toEqual([16, undefined])
    expect([0, 1, 4, 8, 15].map((g) => scales[g])).toEqual([-7, -16, -16, 2.5, 15.5])
    expect([0, 5, 229, 230].map((k) => codes[k])).toEqual([-4, 3, 0, -4])
  })

  test('IQ4_XS: nibbles are positions in a table; sub-scales are 6 bits less 32', () => {
    const bytes = new Uint8Array(136)
    bytes.set([0x00, 0x3c, 0b10, 0b11_00_00_00], 0) // d = 1, upper bits of groups 0 and 7
    bytes.set([0x07, 0, 0, 0xf0], 4) // low bits of groups 0 and 7
    bytes.set([0x8f], 8 + 7 * 16) // weights 224 and 240
    const { group, codes, scales } = decodeCodes('IQ4_XS', bytes, 1, 256)
    expect([group, scales[0], scales[1], scales[7]]).toEqual([32, 7, -32, 31])
    expect([0, 224, 225, 240].map((k) => codes[k])).toEqual([-127, 113, -127, 1])
  })

  test('MXFP4: codes are doubled, scales halved down to a subnormal float32', () => {
    const bytes = Uint8Array.from([128, 0xf7, ...new Array(15).fill(0), 0, 0x91, ...new Array(15).fill(0)])
    const { group, codes, scales } = decodeCodes('MXFP4', bytes, 1, 64)
    expect([group, ...scales]).toEqual([32, 1, 2 ** -128])
    expect([0, 1, 16, 32, 48].map((k) => codes[k])).toEqual([12, 0, -12, 1, -1])
    expect(dequantize('MXFP4', bytes, 1, 64)[48]).toBe(-(2 ** -128))
  })

  test('NVFP4: a scale for each 16 weights, its sign ignored; high nibbles are 8 weights further', () => {
    const bytes = new Uint8Array(36)
    bytes.set([0x38, 0xc0, 0x01, 0x7e]) // 1, 2 (with a sign), 2^-9, 448
    bytes[4] = 0xf7 // weights 0 and 8
    bytes[4 + 15] = 0x91 // weights 23 and 31
    bytes[4 + 16] = 0x0a // weight 32
    bytes[4 + 31] = 0x70 // weight 63
    const { group, codes, scales, minimums } = decodeCodes('NVFP4', bytes, 1, 64)
    expect([group, ...scales]).toEqual([16, 0.5, 1, 2 ** -10, 224])
    expect(minimums).toBeUndefined()
    expect([0, 1, 8, 23, 31, 32, 63].map((k) => codes[k])).toEqual([12, 0, -12, 1, -1, -2, 12])
    expect(codes.filter((code) => code !== 0)).toHaveLength(6)
    const weights = dequantize('NVFP4', bytes, 1, 64)
    expect([0, 8, 23, 31, 32, 63].map((k) => weights[k])).toEqual([6, -6, 1, -1, -(2 ** -9), 2688])
  })
})

describe.each(CODE_TYPES)('%s', (type) => {
  const bytes = randomBlocks(type, 3, 512, 7)

  test('is a valid code matrix, the same by rows as at once', () => {
    const whole = decodeCodes(type, bytes, 3, 512)
    checkCodeMatrix(whole)
    const rowBytes = bytes.length / 3
    for (let row = 0; row < 3; row++) {
      const one = decodeCodes(type, bytes.subarray(row * rowBytes, (row + 1) * rowBytes), 1, 512)
      expect(one.codes).toEqual(whole.codes.subarray(row * 512, (row + 1) * 512))
      const groups = 512 / whole.group
      expect(one.scales).toEqual(whole.scales.subarray(row * groups, (row + 1) * groups))
    }
  })

  test.each(badScales(type))('a scale of %s names tensor and row', (_, stored) => {
    const { blockBytes } = tensorType(type)
    for (const offset of HALVES[type] ?? [0]) {
      const bad = bytes.slice()
      bad.set(stored, bad.length - blockBytes + offset) // last block, row 2
      for (const attempt of [decodeCodes, dequantize, checkScales]) {
        expect(() => attempt(type, bad, 3, 512, { file: 'm.gguf', name: 'blk.0.w', firstRow: 40 })).toThrow(
          'm.gguf: tensor "blk.0.w" has an infinite or NaN scale in row 42',
        )
      }
      expect(() => checkScales(type, bad, 3, 512)).toThrow(FormatError)
    }
    expect(() => checkScales(type, bytes, 3, 512)).not.toThrow()
  })

  test('a wrong byte count is an error', () => {
    expect(() => decodeCodes(type, bytes.subarray(1), 3, 512)).toThrow('3 × 512')
    expect(() => decodeCodes(type, bytes, 512, 3)).toThrow(FormatError)
  })
})

describe('float types', () => {
  test.each([
    ['F32', [0, 0, 0x80, 0x3f, 0, 0, 0x80, 0x7f]],
    ['F16', [0x00, 0x3c, 0x00, 0x7c]],
    ['BF16', [0x80, 0x3f, 0x80, 0x7f]],
  ] as const)('%s: values are exact, infinite weights are found', (type, stored) => {
    const bytes = Uint8Array.from(stored)
    const half = bytes.length / 2
    expect([...dequantize(type, bytes.subarray(0, half), 1, 1)]).toEqual([1])
    expect(() => dequantize(type, bytes, 2, 1, { name: 'norm' })).toThrow(
      'norm: tensor "norm" has an infinite or NaN weight in row 1',
    )
  })

  test('any alignment will do', () => {
    const values = randomNormal(8, 3)
    const shifted = new Uint8Array(33)
    shifted.set(new Uint8Array(values.buffer), 1)
    expect([...dequantize('F32', shifted.subarray(1), 2, 4)]).toEqual([...values])
  })
})

// A step is max|x| / steps. Rounding costs half of it; but the symmetric codes end at −steps and steps − 1, so the
// end opposite to the largest value may be off by a whole one. fp16 rounds the step itself by at most 2^-11.
test.each([
  ['Q4_0', 8, 1],
  ['Q5_0', 16, 1],
  ['Q8_0', 127, 0.5],
] as const)('encoding %s and back stays within the step', (type, steps, stepsOff) => {
  const values = randomNormal(4 * 256, 5)
  const back = dequantize(type, encodeQuantized(type, values, 4, 256), 4, 256)
  for (let block = 0; block < values.length; block += 32) {
    const x = values.subarray(block, block + 32)
    const largest = Math.max(...x.map(Math.abs))
    const bound = (largest / steps) * stepsOff + largest * 2 ** -11
    for (let i = 0; i < 32; i++) expect(Math.abs(back[block + i]! - x[i]!)).toBeLessThanOrEqual(bound)
  }
})
