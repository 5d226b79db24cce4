import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type CodeTypeName, decodeCodes, dequantize } from '../../src/format/index.js'
import { type EncodableTypeName, encodeQuantized } from '../helpers/quants.js'

interface Golden {
  readonly rows: number
  readonly cols: number
  readonly values: string
  readonly types: Readonly<Record<CodeTypeName, { readonly bytes: string; readonly weights: string }>>
}
const golden: Golden = JSON.parse(readFileSync(new URL('quants/goldens.json', import.meta.url), 'utf8'))
const { rows, cols } = golden
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
const floatsOf = (base64: string) => new Float32Array(bytesOf(base64).buffer)

const CODE_RANGE: Readonly<Record<CodeTypeName, readonly [least: number, largest: number]>> = {
  Q4_0: [-8, 7],
  Q4_1: [0, 15],
  Q5_0: [-16, 15],
  Q5_1: [0, 31],
  Q8_0: [-128, 127],
  Q2_K: [0, 3],
  Q3_K: [-4, 3],
  Q4_K: [0, 15],
  Q5_K: [0, 31],
  Q6_K: [-32, 31],
  IQ4_NL: [-127, 113],
  IQ4_XS: [-127, 113],
  MXFP4: [-12, 12],
  NVFP4: [-12, 12],
}
const TYPES = Object.keys(CODE_RANGE) as CodeTypeName[]

describe.each(TYPES)('%s against the numpy package gguf', (type) => {
  const bytes = bytesOf(golden.types[type].bytes)

  // The reference rounds once, when it subtracts a minimum or multiplies by a code of IQ4_XS (d·sc·q has at
  // most 24 bits in all others); dequantize does not round at all. So both are equal as float32.
  test('weights are equal after rounding to float32', () => {
    const expected = floatsOf(golden.types[type].weights)
    const weights = dequantize(type, bytes, rows, cols)
    // 48 groups of the four codes of Q2_K, some alike; the powers of two of MXFP4 share most products.
    expect(new Set(expected).size).toBeGreaterThan(type === 'Q2_K' || type === 'MXFP4' ? 100 : 200)
    expect(weights.length).toBe(rows * cols)
    expect(mismatches(Float32Array.from(weights), expected)).toEqual([])
  })

  test('codes use their whole range and nothing else', () => {
    const { codes, group, scales, minimums } = decodeCodes(type, bytes, rows, cols)
    const [least, largest] = CODE_RANGE[type]
    const used = [Math.min(...codes), Math.max(...codes)]
    // The 8-bit quantizer stays at ±127.
    expect(used).toEqual(type === 'Q8_0' ? [-127, 127] : [least, largest])
    expect(scales.length).toBe((rows * cols) / group)
    expect(minimums?.length).toBe(type.endsWith('_1') || /^Q[245]_K/.test(type) ? scales.length : undefined)
  })
})

test.each(['Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0'] satisfies EncodableTypeName[])(
  'the test encoder writes the same %s bytes as gguf',
  (type) => {
    const bytes = encodeQuantized(type, floatsOf(golden.values), rows, cols)
    expect(mismatches(bytes, bytesOf(golden.types[type].bytes))).toEqual([])
  },
)

/** Positions that differ; zeros of either sign are equal. */
function mismatches(actual: ArrayLike<number>, expected: ArrayLike<number>): string[] {
  const found = Array.from(actual, (value, i) =>
    value === expected[i] ? '' : `${i}: ${value}, ${expected[i]}`,
  )
  return actual.length === expected.length ? found.filter(Boolean).slice(0, 5) : ['lengths differ']
}
