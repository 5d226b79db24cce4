import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backend/index.js'
import { type CodeTypeName, decodeCodes } from '../../src/format/index.js'
import { decomposeInt8 } from '../../src/msd/index.js'
import {
  columnsOf,
  expectBits,
  expectVaried,
  expectWithin,
  product,
  roundings,
  UNIT,
  weightOf,
} from '../helpers/contract.js'
import { CODE_TYPES, type Granularity, type Passes } from '../helpers/integer-product.js'
import { randomBlocks, randomNormal } from '../helpers/quants.js'
import { NATIVE, REFERENCE, type Subject, WASM } from './backends.js'

/** Real data: scales are no integers, some channels are thirty times the rest. */

const ROWS = 40
// 15 groups: the last record of two groups is half empty.
const colsOf = (type: CodeTypeName) => columnsOf(type, 480, 3)

const VARIATIONS = CODE_TYPES.flatMap((type, index) =>
  ([1, 2, 3] as const).flatMap((passes) =>
    (['row', 'group'] as const).map((granularity) => ({ type, passes, granularity, seed: 200 + index })),
  ),
)

// Native variants fuse multiplication and addition, WebAssembly cannot: each family has bits of its own.
const FAMILIES: readonly { family: string; subjects: readonly Subject[] }[] = [
  { family: 'native', subjects: NATIVE },
  { family: 'wasm', subjects: WASM },
]

describe.each(FAMILIES)('$family variants', ({ family, subjects }) => {
  let reference: Backend
  let variants: Backend[]
  beforeAll(() => {
    reference = REFERENCE.create()
    variants = subjects.map((subject) => subject.create())
  })
  afterAll(() => {
    for (const backend of variants) backend.close()
  })

  test.each(VARIATIONS)(
    'agree to the bit, and with the reference: $type, $passes passes, scale per $granularity, seed $seed',
    async ({ type, passes, granularity, seed }) => {
      const cols = colsOf(type)
      const bytes = randomBlocks(type, ROWS, cols, seed)
      expect(variants.length, `${family} variants`).toBeGreaterThan(0)
      for (const tokens of [1, 6, 13, 26]) {
        const x = randomNormal(tokens * cols, seed + tokens).map((v, i) => (i % 37 === 11 ? 30 * v : v))
        const options = { passes, granularity }
        const results: Float32Array[] = []
        for (const backend of variants) {
          const weight = await weightOf(backend, type, ROWS, cols, bytes)
          results.push(await product(backend, x, weight, options))
          backend.free(weight)
        }
        const [first, ...others] = results
        others.forEach((other, i) => {
          expectBits(
            other,
            first,
            ROWS,
            `${subjects[i + 1].label} and ${subjects[0].label}, ${tokens} tokens`,
          )
        })
        const weight = await weightOf(reference, type, ROWS, cols, bytes)
        const exact = await product(reference, x, weight, options)
        expectVaried(exact, `seed ${seed}`)
        const bounds = errorBounds(x, type, bytes, cols, passes, granularity)
        expectWithin(first, exact, (i) => bounds[i] + UNIT * Math.abs(exact[i]), `${tokens} tokens`)
      }
    },
  )
})

/**
 * How far a kernel may be from the exact sum. A group's product is converted (with three digits: two parts,
 * the upper times 256), its scale is a rounded product, and adding it is one more rounding of everything so far.
 * Digits are q = 256 · upper + third with |256 · upper| + |third| ≤ |q| + 256.
 */
function errorBounds(
  x: Float32Array,
  type: CodeTypeName,
  bytes: Uint8Array,
  cols: number,
  passes: Passes,
  granularity: Granularity,
): Float64Array {
  const tokens = x.length / cols
  const { codes, scales, minimums, group } = decodeCodes(type, bytes, ROWS, cols)
  const parts = decomposeInt8(x, {
    rows: tokens,
    cols,
    passes,
    granularity: granularity === 'row' ? 'row' : 32,
    arithmetic: 'float32',
  })
  const additions = (cols / group) * (minimums ? 2 : 1)
  const slack = passes === 3 ? 256 : 0
  const bounds = new Float64Array(tokens * ROWS)
  for (let t = 0; t < tokens; t++)
    for (let n = 0; n < ROWS; n++) {
      let magnitude = 0
      for (let k = 0; k < cols; k++) {
        const q = parts.digits.reduce((upper, digit) => 256 * upper + digit[t * cols + k], 0)
        const unit = parts.scales[t * parts.groups + Math.floor(k / parts.groupSize)]
        const g = Math.floor((n * cols + k) / group)
        magnitude += unit * (Math.abs(q) + slack) * Math.abs(scales[g] * codes[n * cols + k])
        magnitude += unit * Math.abs(q * (minimums?.[g] ?? 0))
      }
      // Of one group: at most 3 conversions, 2 for the scale (or the sum of digits), 1 for a product that is not fused.
      bounds[t * ROWS + n] = roundings(additions + 6) * magnitude
    }
  return bounds
}
