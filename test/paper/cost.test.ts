import { describe, expect, test } from 'vitest'
import {
  type AttentionShape,
  attentionCost,
  DEVICES,
  type DeviceRates,
  gemmCost,
} from '../../src/cost/index.js'

/** The paper's statements about traffic and time, as exact equalities (docs/papers/cost.md). */

const RATES: DeviceRates = {
  memoryBytesPerSecond: 1.6e12,
  int8OperationsPerSecond: 2 * 376e12,
  bf16OperationsPerSecond: 376e12,
  convertedElementsPerSecond: 11e12,
}

const DECODE: AttentionShape = {
  ...{ heads: 32, kvHeads: 8, headSize: 128, context: 4096, rows: 1, batch: 3 },
  bytesPerElement: 1,
}
const CACHED = 2 * 3 * 8 * 4096 * 128

describe('traffic of attention over an 8-bit cache', () => {
  test('dequantising through memory moves 5 bytes for each cached number: reads 1, writes 2, reads 2', () => {
    expect(attentionCost(DECODE, RATES).throughMemory.bytes).toBe(5 * CACHED)
  })

  test('MSD in two passes, a read for each: 2 bytes, and the ratio is 2.5', () => {
    const { msd, throughMemory } = attentionCost(DECODE, RATES, { passes: 2, reads: 'each-pass' })
    expect(msd.bytes).toBe(2 * CACHED)
    expect(throughMemory.bytes / msd.bytes).toBe(2.5)
  })

  test('MSD in one fused read: 1 byte, and the ratio is 5, whatever the passes', () => {
    for (const passes of [1, 2, 3]) {
      const { msd, throughMemory } = attentionCost(DECODE, RATES, { passes, reads: 'fused' })
      expect(throughMemory.bytes / msd.bytes).toBe(5)
    }
  })
})

describe('equal GEMM time at two passes', () => {
  // So many tokens that the matrix units bind everywhere; powers of two and whole numbers, so products are exact.
  const shape = { m: 1 << 16, k: 4096, n: 11008, bytesPerWeight: 0.5 }

  test('with P8 = 2 · P16 the matrix units take the same time for two digits as for bfloat16', () => {
    const { msd, fused, throughMemory } = gemmCost(shape, RATES, { passes: 2 })
    expect(fused.binding).toBe('matrix')
    expect(msd.waits.matrix).toBe(fused.waits.matrix)
    expect(msd.waits.matrix).toBe(throughMemory.waits.matrix)
    expect(msd.waits.matrix).toBe((2 * shape.m * shape.k * shape.n) / RATES.bf16OperationsPerSecond)
    expect(msd.waits.conversion).toBe(0)
    expect(throughMemory.waits.conversion).toBe((shape.k * shape.n) / RATES.convertedElementsPerSecond)
  })

  test('one digit takes half of it, three half as much again', () => {
    const matrix = (passes: number) => gemmCost(shape, RATES, { passes }).msd.waits.matrix
    expect(matrix(1)).toBe(matrix(2) / 2)
    // 3 · 2·M·K·N has no more digits than a double: below 2^53.
    expect(6 * shape.m * shape.k * shape.n).toBeLessThan(2 ** 53)
    expect(matrix(3)).toBeCloseTo(1.5 * matrix(2), 15)
  })

  test.each(['ascend-910b', 'ascend-910c', 'h100', 'b200'])('%s has P8 = 2 · P16', (name) => {
    const { int8OperationsPerSecond, bf16OperationsPerSecond } = DEVICES[name].rates
    expect(int8OperationsPerSecond).toBe(2 * bf16OperationsPerSecond)
  })
})
