import { describe, expect, test } from 'vitest'
import { dequantizeRows, exactAttention, msdAttention, quantizeRows } from '../../src/attention/index.js'
import { createReferenceBackend } from '../../src/backend/index.js'
import { ErrorSums } from '../../src/cli/analyze/attention/errors.js'
import { type Head, headOf, turnOf } from '../../src/cli/analyze/attention/head.js'
import { shiftKeys, unshifted } from '../../src/cli/analyze/attention/key-shift.js'
import { attempts } from '../../src/cli/analyze/attention/methods.js'
import { ropeFrequencies, ropeTable } from '../../src/engine/rope.js'
import { distance, uniform, worst } from '../helpers/attention-data.js'
import { randomNormal } from '../helpers/quants.js'

/** What `multiscale analyze attention` measures with. */

describe('ErrorSums', () => {
  test('over everything, of rows, and what overflowed', () => {
    const sums = new ErrorSums()
    sums.add([3, 4, 0, 1], [3, 4, 0, 2], 2)
    sums.add([0, 5], [3, 5], 2)
    const report = sums.report()
    expect(report).toEqual({
      relative: Math.sqrt((1 + 9) / (25 + 4 + 34)),
      rmse: Math.sqrt(10 / 6),
      medianRow: 0.5,
      worstRow: Math.sqrt(9 / 34),
    })
    sums.add([Number.POSITIVE_INFINITY, 0], [1, 1], 2)
    expect(sums.report()).toBeNull()
  })

  test('a row of zeros that is right has no error', () => {
    const sums = new ErrorSums()
    sums.add([0, 0, 1, 1], [0, 0, 1, 2], 2)
    expect(sums.report()).toMatchObject({ medianRow: Math.sqrt(1 / 5), worstRow: Math.sqrt(1 / 5) })
  })
})

test('headOf: each query head with the head of keys and values that it shares', () => {
  const count = (length: number) => Float32Array.from({ length }, (_, i) => i)
  const shape = { heads: 4, kvHeads: 2, headSize: 2 }
  const head = headOf({ query: count(16), key: count(12), value: count(12) }, shape, 2)
  expect(head).toMatchObject({ rows: 2, keys: 3, headSize: 2 })
  expect([...head.q]).toEqual([4, 5, 12, 13])
  expect([...head.k]).toEqual([2, 3, 6, 7, 10, 11])
})

test.each(['interleaved', 'half'] as const)('turnOf: what Backend.rope does, %s', async (pairs) => {
  const [headSize, rows] = [12, 5]
  const frequencies = ropeFrequencies(8, 50, { type: 'none' })
  const b = createReferenceBackend()
  const table = b.tensor(100, 8)
  b.upload(table, ropeTable(frequencies, 100))
  const keys = randomNormal(rows * headSize, 6)
  const at = async (positions: number[]) => {
    const x = b.tensor(rows, headSize)
    b.upload(x, keys)
    b.rope(x, { heads: 1, table, positions: Int32Array.from(positions), pairs })
    return b.read(x)
  }
  const [early, late] = [await at([0, 3, 10, 20, 35]), await at([64, 67, 74, 84, 99])]
  const turn = turnOf(pairs, frequencies)
  for (let row = 0; row < rows; row++) {
    const part = [row * headSize, (row + 1) * headSize] as const
    // A few roundings of numbers up to 4.
    expect(worst(turn(early.subarray(...part), 64), late.subarray(...part))).toBeLessThan(16 * 2 ** -24)
  }
})

describe('keys less a shift', () => {
  const [keys, headSize] = [150, 8]
  const base = uniform(keys * headSize, 1, 3, 1)
  const turn = turnOf('half', ropeFrequencies(6, 100, { type: 'none' }))
  const k = turnedKeys(base, headSize, turn)
  const head: Head = {
    q: randomNormal(5 * headSize, 2),
    k,
    v: randomNormal(keys * headSize, 3),
    ...{ rows: 5, keys, headSize, turn },
  }

  test.each(['own', 'previous', 'turned'] as const)('%s: shift and rest are the keys', (shift) => {
    const { shifts, rest } = shiftKeys(head, shift)
    expect(shifts).toHaveLength(3 * headSize)
    const again = unshifted(Float64Array.from(rest), shifts, headSize)
    expect(worst(again, k)).toBeLessThan(8 * 2 ** -24)
    if (shift !== 'own') expect([...shifts.subarray(0, headSize)]).toEqual(new Array(headSize).fill(0))
  })

  test('own: the rest of each block has a mean of zero', () => {
    const { rest } = shiftKeys(head, 'own')
    for (const [begin, end] of [
      [0, 64],
      [64, 128],
      [128, 150],
    ])
      for (let d = 0; d < headSize; d++) {
        let sum = 0
        for (let key = begin; key < end; key++) sum += rest[key * headSize + d]
        expect(Math.abs(sum / (end - begin))).toBeLessThan(8 * 2 ** -24)
      }
  })

  test('previous: the shift of a block is the own one of the block before', () => {
    const [own, previous] = [shiftKeys(head, 'own').shifts, shiftKeys(head, 'previous').shifts]
    expect(previous.subarray(headSize)).toEqual(own.subarray(0, 2 * headSize))
  })

  test('turned: on by 64 positions, the mean of equal keys is that of the next block', () => {
    const same = turnedKeys(new Float32Array(keys * headSize).fill(1.5), headSize, turn)
    const shape = { ...head, k: same, keys: 128 + 22 }
    const [own, turned] = [shiftKeys(shape, 'own').shifts, shiftKeys(shape, 'turned').shifts]
    const second = [headSize, 2 * headSize] as const
    expect(worst(turned.subarray(...second), own.subarray(...second))).toBeLessThan(100 * 2 ** -24)
    const previous = shiftKeys(shape, 'previous').shifts
    expect(worst(previous.subarray(...second), own.subarray(...second))).toBeGreaterThan(0.1)
    expect(() => shiftKeys({ ...head, turn: undefined }, 'turned')).toThrow('no rotary embedding')
  })

  test('attempts: exact over the codes is what the methods over them come near to', () => {
    const made = attempts(head, {})
    const exact = exactAttention(head)
    expect(made).toHaveLength(16)
    expect(new Set(made.map(({ method }) => method)).size).toBe(16)
    for (const { method, out, codes } of made) {
      expect(distance(out, codes?.exact ?? exact), method).toBeLessThan(
        method.includes('2 digits') ? 1e-3 : 0.1,
      )
    }
    // By hand, for one of them.
    const shape = { rows: keys, cols: headSize, format: 'int8' } as const
    const { shifts, rest } = shiftKeys(head, 'turned')
    const [codes, values] = [quantizeRows(rest, shape), quantizeRows(head.v, shape)]
    const name = "INT8 cache, less the previous block's mean key, turned on: MSD, 2 digits"
    const found = made.find(({ method }) => method === name)
    expect(found?.out).toEqual(msdAttention({ q: head.q, rows: 5, keys: codes, values, shifts }))
    expect(found?.codes?.k).toEqual(unshifted(dequantizeRows(codes), shifts, headSize))
  })
})

/** Keys as if they had been made at position 0, each turned to its own. */
function turnedKeys(base: Float32Array, headSize: number, turn: NonNullable<Head['turn']>): Float32Array {
  const keys = new Float32Array(base.length)
  for (let j = 0; j * headSize < base.length; j++)
    keys.set(turn(base.subarray(j * headSize, (j + 1) * headSize), j), j * headSize)
  return keys
}
