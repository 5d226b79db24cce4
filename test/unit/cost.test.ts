import { describe, expect, test } from 'vitest'
import {
  type AttentionShape,
  attentionBreakEven,
  attentionCost,
  breakEven,
  type CostOptions,
  checkRates,
  DEVICES,
  type DeviceRates,
  floatGemmCost,
  type GemmShape,
  gemmCost,
  type KernelRates,
  type KernelWork,
  kernelCost,
  modelCost,
  type PipelineName,
  pipelineCost,
  RATE_NAMES,
  RESOURCES,
  totalComparison,
  visiblePairs,
} from '../../src/cost/index.js'

const EPSILON = 2 ** -53
/** Times are sums and products of at most 16 factors, each rounded once. */
const ROUNDINGS = 16 * EPSILON
const PIPELINES: readonly PipelineName[] = ['msd', 'fused', 'throughMemory']
const RATES: DeviceRates = {
  memoryBytesPerSecond: 2e12,
  int8OperationsPerSecond: 8e14,
  bf16OperationsPerSecond: 4e14,
  convertedElementsPerSecond: 1e13,
}
const SHAPE: GemmShape = { m: 32, k: 4096, n: 8192, bytesPerWeight: 0.5625 }
const HEADS: AttentionShape = {
  ...{ heads: 32, kvHeads: 8, headSize: 128, context: 2048, rows: 1, batch: 2 },
  bytesPerElement: 1.03125,
}

const expectNear = (value: number, wanted: number, roundings = ROUNDINGS) =>
  expect(Math.abs(value - wanted), `${value} instead of ${wanted}`).toBeLessThanOrEqual(
    roundings * Math.abs(wanted),
  )

describe('phases', () => {
  test('take as long as the slowest resource, one after the other', () => {
    const cost = pipelineCost([{ memory: 2, matrix: 3 }, { vector: 1 }, { memory: 4 }], 7)
    expect(cost).toEqual({
      seconds: 8,
      bytes: 7,
      waits: { memory: 4, conversion: 0, matrix: 3, vector: 1 },
      binding: 'memory',
    })
  })
})

describe('gemmCost', () => {
  test('is the equations of msd.md §5', () => {
    const [b, k, n] = [SHAPE.bytesPerWeight, SHAPE.k, SHAPE.n]
    const { memoryBytesPerSecond: B, convertedElementsPerSecond: V } = RATES
    const { int8OperationsPerSecond: P8, bf16OperationsPerSecond: P16 } = RATES
    for (const m of [1, 7, 100, 5000])
      for (const passes of [1, 2, 3])
        for (const reads of ['fused', 'each-pass'] as const) {
          const options = { passes, reads, stallElements: 1e6 }
          const { msd, fused, throughMemory, speedup } = gemmCost({ ...SHAPE, m }, RATES, options)
          const r = reads === 'fused' ? 1 : passes
          const digits = (passes * (m * k + m * n)) / V
          expectNear(msd.seconds, Math.max((r * b * k * n) / B, (2 * passes * m * k * n) / P8) + digits)
          const rooflines = Math.max((b * k * n) / B, (k * n) / V, (2 * m * k * n) / P16)
          expectNear(fused.seconds, rooflines + 1e6 / V)
          const second = Math.max((2 * k * n) / B, (2 * m * k * n) / P16)
          expectNear(throughMemory.seconds, ((b + 2) * k * n) / B + (k * n) / V + second)
          expect(msd.bytes).toBe(r * b * k * n)
          expect(fused.bytes).toBe(b * k * n)
          expect(throughMemory.bytes).toBe((b + 4) * k * n)
          expectNear(speedup.fused, fused.seconds / msd.seconds)
          expectNear(speedup.throughMemory, throughMemory.seconds / msd.seconds)
        }
  })

  test('waits add up to the time, and the binding one is the longest', () => {
    for (const m of [1, 64, 4096])
      for (const name of PIPELINES) {
        const { seconds, waits, binding } = gemmCost({ ...SHAPE, m }, RATES)[name]
        expectNear(
          RESOURCES.reduce((sum, resource) => sum + waits[resource], 0),
          seconds,
        )
        expect(waits[binding]).toBe(Math.max(...Object.values(waits)))
      }
  })

  test('grows with every dimension, with bytes and passes; falls with every rate', () => {
    const times = (shape: GemmShape, rates = RATES, options: CostOptions = {}) =>
      PIPELINES.map((name) => gemmCost(shape, rates, options)[name].seconds)
    const none = [0, 0, 0]
    const falls = (a: number[], b: number[]) => a.map((x, i) => Math.max(0, x - b[i]))
    for (const m of [1, 16, 300, 10_000]) {
      const shape = { ...SHAPE, m }
      for (const key of ['m', 'k', 'n', 'bytesPerWeight'] as const)
        expect(falls(times(shape), times({ ...shape, [key]: 1.5 * shape[key] }))).toEqual(none)
      for (const key of RATE_NAMES)
        expect(falls(times(shape, { ...RATES, [key]: 1.5 * RATES[key] }), times(shape))).toEqual(none)
      const [two, three] = [2, 3].map((passes) => gemmCost(shape, RATES, { passes }).msd.seconds)
      expect(three).toBeGreaterThan(two)
    }
  })

  test('without tokens what is left is the reading; with many, the multiplying', () => {
    const few = gemmCost({ ...SHAPE, m: 1e-9 }, RATES)
    const codes = SHAPE.k * SHAPE.n
    // The digits of 1e-9 tokens take less than 1e-9 of the time to read a matrix of thousands of columns.
    expectNear(few.msd.seconds, (SHAPE.bytesPerWeight * codes) / RATES.memoryBytesPerSecond, 1e-9)
    expect(few.msd.binding).toBe('memory')
    expect(few.fused.binding).toBe('memory')
    const m = 1e9
    const many = gemmCost({ ...SHAPE, m }, RATES)
    const bf16 = (2 * m * codes) / RATES.bf16OperationsPerSecond
    expectNear(many.fused.seconds, bf16)
    const { memoryBytesPerSecond, convertedElementsPerSecond } = RATES
    const once =
      ((SHAPE.bytesPerWeight + 2) * codes) / memoryBytesPerSecond + codes / convertedElementsPerSecond
    expectNear(many.throughMemory.seconds, bf16 + once)
    const digits = (2 * (SHAPE.k + SHAPE.n) * m) / RATES.convertedElementsPerSecond
    expectNear(many.msd.seconds, bf16 + digits)
    for (const name of PIPELINES) expect(many[name].binding).toBe('matrix')
  })

  test('says what binds', () => {
    const slow = { ...RATES, convertedElementsPerSecond: 1e11 }
    expect(gemmCost(SHAPE, slow).fused.binding).toBe('conversion')
    expect(gemmCost(SHAPE, slow).throughMemory.binding).toBe('conversion')
    expect(gemmCost({ ...SHAPE, m: 1 }, RATES).throughMemory.binding).toBe('memory')
    expect(gemmCost({ ...SHAPE, m: 1000 }, slow).msd.binding).toBe('vector')
  })

  test('refuses what is not a positive number', () => {
    for (const key of ['m', 'k', 'n', 'bytesPerWeight'] as const)
      for (const bad of [0, -1, Number.NaN, Infinity])
        expect(() => gemmCost({ ...SHAPE, [key]: bad }, RATES)).toThrow(`gemmCost: ${key} must be a positive`)
    for (const key of RATE_NAMES)
      for (const bad of [0, -1, Number.NaN, Infinity, undefined])
        expect(() => gemmCost(SHAPE, { ...RATES, [key]: bad as number })).toThrow(`gemmCost: ${key} must be`)
    for (const passes of [0, 1.5, Number.NaN])
      expect(() => gemmCost(SHAPE, RATES, { passes })).toThrow('gemmCost: passes must be')
    expect(() => gemmCost(SHAPE, RATES, { stallElements: -1 })).toThrow('stallElements must be 0 or more')
    expect(() => gemmCost(SHAPE, RATES, { reads: 'twice' as 'fused' })).toThrow('not "twice"')
  })

  test('numbers that are not quantised cost the same in every pipeline', () => {
    const { msd, fused, throughMemory, speedup } = floatGemmCost({ ...SHAPE, bytesPerWeight: 2 }, RATES)
    expect(fused).toEqual(msd)
    expect(throughMemory).toEqual(msd)
    expect(speedup).toEqual({ fused: 1, throughMemory: 1 })
    expect(msd.bytes).toBe(2 * SHAPE.k * SHAPE.n)
  })
})

describe('breakEven', () => {
  const { m: _, ...matrix } = SHAPE
  /** Times differ by rounding only; beside each other, at slopes that may nearly cancel, that moves a root further. */
  const atRoot = 1e-9

  /** Rates over four decades around RATES, by a linear congruential generator. */
  function* randomRates(count: number): Generator<DeviceRates> {
    let state = 1
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return 10 ** (4 * (state / 2 ** 32) - 2)
    }
    for (let i = 0; i < count; i++)
      yield Object.fromEntries(
        RATE_NAMES.map((name) => [name, RATES[name] * next()]),
      ) as unknown as DeviceRates
  }

  test('is where both take the same time, and tells who is faster beside it', () => {
    let crossings = 0
    const wrong: unknown[] = []
    for (const rates of randomRates(150))
      for (const options of [
        {},
        { passes: 1 },
        { passes: 3, reads: 'each-pass', stallElements: 1e7 },
      ] as const) {
        const found = breakEven(matrix, rates, options)
        for (const name of ['fused', 'throughMemory'] as const) {
          const times = (m: number) => {
            const cost = gemmCost({ ...matrix, m }, rates, options)
            return [cost.msd.seconds, cost[name].seconds]
          }
          for (const m of found[name].tokens) {
            const [ours, other] = times(m)
            expectNear(ours, other, atRoot)
            crossings++
          }
          // Between, below and above the crossings, on a grid of thirteen decades.
          for (let m = 1e-4; m < 1e9; m *= 2.3) {
            const [ours, other] = times(m)
            if (Math.abs(ours - other) <= atRoot * other) continue
            const inside = found[name].faster.some(({ from, to }) => m > from && m < (to ?? Infinity))
            if (inside !== ours < other) wrong.push({ name, m, ours, other, found: found[name] })
          }
        }
      }
    expect(wrong).toEqual([])
    expect(crossings).toBeGreaterThan(300)
  })

  test('by hand: equal matrix units leave the digits, which the conversion pays for', () => {
    // Conversion binds the fused pipeline until 2·M·K·N/P16 = K·N/V; the digits' vector work catches up before.
    const rates = { ...RATES, convertedElementsPerSecond: 1e11 }
    const m0 = RATES.bf16OperationsPerSecond / 2 / 1e11 // 2000: where the fused pipeline's matrix units begin to bind
    const [k, n] = [matrix.k, matrix.n]
    // 2·2·M·K·N/P8 + 2·M·(K + N)/V = K·N/V  ⇒  M = (K·N/V) / (K·N/(2·1e14) + 2·(K + N)/V)
    const root = (k * n) / 1e11 / ((k * n) / 2e14 + (2 * (k + n)) / 1e11)
    expect(root).toBeLessThan(m0)
    const { tokens, faster } = breakEven(matrix, rates).fused
    expect(tokens).toHaveLength(1)
    expectNear(tokens[0], root)
    expect(faster).toEqual([{ from: 0, to: tokens[0] }])
  })

  test('one digit is faster from the ridge on, for ever', () => {
    const { tokens, faster } = breakEven(
      matrix,
      { ...RATES, convertedElementsPerSecond: 1e15 },
      { passes: 1 },
    ).fused
    expect(tokens).toHaveLength(1)
    expect(faster).toEqual([{ from: tokens[0], to: null }])
  })

  test('nothing breaks even where MSD is always or never faster', () => {
    const free = { ...RATES, convertedElementsPerSecond: 1e15, int8OperationsPerSecond: 1e12 }
    expect(breakEven(matrix, free).fused).toEqual({ tokens: [], faster: [] })
    expect(breakEven(matrix, RATES, { passes: 1 }).throughMemory).toEqual({
      tokens: [],
      faster: [{ from: 0, to: null }],
    })
  })

  test('refuses what gemmCost refuses', () => {
    expect(() => breakEven({ ...matrix, k: 0 }, RATES)).toThrow('breakEven: k must be')
    expect(() => breakEven(matrix, { ...RATES, memoryBytesPerSecond: Number.NaN })).toThrow(
      'memoryBytesPerSecond',
    )
  })
})

describe('attentionCost', () => {
  test('counts pairs, digits and traffic', () => {
    const shape = { ...HEADS, rows: 3, context: 5 }
    expect(visiblePairs(shape)).toBe(3 + 4 + 5)
    const { msd, fused } = attentionCost(shape, { ...RATES, memoryBytesPerSecond: 1e30 })
    const pairs = 2 * 32 * 12
    expectNear(msd.waits.matrix, (2 * 2 * 2 * pairs * 128) / RATES.int8OperationsPerSecond)
    expectNear(msd.waits.vector, (2 * 2 * (pairs + 2 * 32 * 3 * 128)) / RATES.convertedElementsPerSecond)
    expect(msd.bytes).toBe(2 * 2 * 8 * 5 * 128 * 1.03125)
    expect(fused.bytes).toBe(msd.bytes)
  })

  test('decoding is bound by the memory, a long prompt by the matrix units', () => {
    expect(attentionCost(HEADS, RATES).fused.binding).toBe('memory')
    const prompt = { ...HEADS, rows: 2048, batch: 1 }
    expect(attentionCost(prompt, RATES).fused.binding).toBe('matrix')
    expect(attentionCost(HEADS, RATES).speedup.throughMemory).toBeGreaterThan(
      attentionCost(prompt, RATES).speedup.throughMemory,
    )
  })

  test('breaks even where both take the same time, and is faster where it says', () => {
    const { rows: _, ...shape } = HEADS
    // At one step a number conversion binds the fused pipeline first, and then the matrix units, which are equal.
    const rates = { ...RATES, convertedElementsPerSecond: 4e11 }
    const found = attentionBreakEven(shape, rates)
    expect(found.fused.tokens.length + found.throughMemory.tokens.length).toBeGreaterThan(0)
    for (const name of ['fused', 'throughMemory'] as const) {
      const ratio = (rows: number) => attentionCost({ ...shape, rows }, rates).speedup[name]
      // To the last bit of the root, where the ratio of the times has a slope below 1 for each factor of rows.
      for (const rows of found[name].tokens) expectNear(ratio(rows), 1, 4 * ROUNDINGS)
      for (let rows = 1; rows <= shape.context; rows++) {
        const inside = found[name].faster.some(({ from, to }) => rows >= from && rows < (to as number))
        if (rows < shape.context && Math.abs(ratio(rows) - 1) > ROUNDINGS)
          expect(inside, `${name} ${rows}`).toBe(ratio(rows) > 1)
      }
    }
    expect(() => attentionBreakEven({ ...shape, context: Number.NaN }, rates)).toThrow('context')
  })

  test('refuses what cannot be', () => {
    expect(() => attentionCost({ ...HEADS, rows: 0 }, RATES)).toThrow('attentionCost: rows must be')
    expect(() => attentionCost({ ...HEADS, kvHeads: 5 }, RATES)).toThrow('cannot share 5 key heads evenly')
    expect(() => attentionCost({ ...HEADS, rows: 3000 }, RATES)).toThrow('do not fit a context of 2048')
  })
})

describe('kernelCost', () => {
  const rates: KernelRates = {
    memoryBytesPerSecond: 3e10,
    multiplyOperationsPerSecond: 5e11,
    vectorLanesPerSecond: 6e10,
    separatePorts: false,
    unpackedCodesPerSecond: 2e10,
    decomposedElementsPerSecond: 2e9,
  }
  const panel: KernelWork = { passes: 2, group: 32, combineLanes: 4, unpack: { to: 'panel' } }
  const registers = { to: 'registers', tokens: 8, lanesPerCode: 0.5, readsAhead: true } as const
  const tiles: KernelWork = { ...panel, unpack: registers }

  test('is its equations', () => {
    const [b, k, n] = [SHAPE.bytesPerWeight, SHAPE.k, SHAPE.n]
    for (const m of [1, 9, 512]) {
      const seconds = (work: KernelWork, more: Partial<KernelRates> = {}) =>
        kernelCost({ ...SHAPE, m }, work, { ...rates, ...more }).seconds
      const product = (4 * m * k * n) / 5e11 + (4 * m * n * (k / 32)) / 6e10
      const digits = (m * k) / 2e9
      const unpacking = (Math.ceil(m / 8) * 0.5 * k * n) / 6e10
      const read = (b * k * n) / 3e10
      const separatePorts = true
      expectNear(seconds(tiles), Math.max(read, product + unpacking) + digits)
      expectNear(seconds(tiles, { separatePorts }), Math.max(read, product, unpacking) + digits)
      const waiting: KernelWork = { ...tiles, unpack: { ...registers, readsAhead: false } }
      expectNear(seconds(waiting), read + product + unpacking + digits)
      expectNear(seconds(waiting, { separatePorts }), read + Math.max(product, unpacking) + digits)
      expectNear(seconds(panel), Math.max(read, (k * n) / 2e10) + product + digits)
    }
  })

  test('two digits by 16 of 20 instructions: 0.80 of the peak, one by 8 of 11 (docs/decisions/0006)', () => {
    // A multiply instruction takes 64 products, another 16 lanes, and as many of both start in a second.
    const shared = { ...rates, vectorLanesPerSecond: 16e9, multiplyOperationsPerSecond: 128e9 }
    const many = { ...SHAPE, m: 1e12 }
    for (const [passes, combineLanes, share] of [
      [2, 4, 16 / 20],
      [1, 3, 8 / 11],
    ]) {
      const { decomposedElementsPerSecond: _, ...undecomposed } = shared
      const { seconds } = kernelCost(many, { ...panel, passes, combineLanes }, undecomposed)
      // What is paid once is less than the time of one token.
      expectNear((2 * passes * many.m * many.k * many.n) / 128e9 / seconds, share, 1e-11)
    }
  })

  test('refuses what is not a positive number', () => {
    expect(() => kernelCost(SHAPE, panel, { ...rates, unpackedCodesPerSecond: 0 })).toThrow(
      'kernelCost: unpackedCodesPerSecond must be a positive number, not 0',
    )
    expect(() => kernelCost(SHAPE, { ...panel, group: Number.NaN }, rates)).toThrow('kernelCost: group')
    expect(() => kernelCost(SHAPE, { ...panel, combineLanes: -1 }, rates)).toThrow('combineLanes must be 0')
    expect(() => kernelCost({ ...SHAPE, m: 0 }, panel, rates)).toThrow('kernelCost: m must be')
    const zero = { ...rates, decomposedElementsPerSecond: 0 }
    expect(() => kernelCost(SHAPE, panel, zero)).toThrow('decomposedElementsPerSecond must be above 0')
    const none: KernelWork = { ...tiles, unpack: { ...registers, tokens: 0 } }
    expect(() => kernelCost(SHAPE, none, rates)).toThrow('kernelCost: tokens must be')
  })
})

describe('modelCost', () => {
  const matrix = { k: 512, n: 512, bytesPerWeight: 0.5625, codes: true }
  const model = {
    layers: 2,
    matrices: [
      { name: 'q', ...matrix },
      { name: 'q', ...matrix },
      { name: 'norms', ...matrix, codes: false, bytesPerWeight: 4 },
      { name: 'output', ...matrix, n: 32000, lastTokenOnly: true },
    ],
    attention: { heads: 8, kvHeads: 4, headSize: 64, bytesPerElement: 1 },
  }

  test('is the sum of its parts', () => {
    const pass = { rows: 16, context: 64, batch: 3 }
    const { parts, total, tokensPerSecond } = modelCost(model, pass, RATES)
    expect(parts.map(({ name, count, shape }) => [name, count, shape?.m])).toEqual([
      ['q', 2, 48],
      ['norms', 1, 48],
      ['output', 1, 3],
      ['attention', 2, undefined],
    ])
    for (const name of PIPELINES) {
      const sum = parts.reduce((all, { count, cost }) => all + count * cost[name].seconds, 0)
      expectNear(total[name].seconds, sum)
      expectNear(tokensPerSecond[name], 48 / sum)
    }
    expect(totalComparison(parts)).toEqual(total)
  })

  test('refuses a model without matrices', () => {
    expect(() => modelCost({ ...model, matrices: [] }, { rows: 1, context: 1, batch: 1 }, RATES)).toThrow(
      'the model has no matrices',
    )
  })
})

describe('devices', () => {
  test.each(Object.entries(DEVICES))('%s: rates of its magnitude, each with a public source', (_, device) => {
    checkRates('test', device.rates)
    for (const name of RATE_NAMES) {
      expect(device.sources[name].url).toMatch(/^https:\/\//)
      expect(device.sources[name].text).not.toBe('')
    }
    // Terabytes and hundreds of tera-operations a second: a slip of a factor of 1000 shows.
    expect(device.rates.memoryBytesPerSecond / 1e12).toBeGreaterThan(1)
    expect(device.rates.memoryBytesPerSecond / 1e12).toBeLessThan(10)
    expect(device.rates.bf16OperationsPerSecond / 1e12).toBeGreaterThan(100)
    expect(device.rates.int8OperationsPerSecond / 1e12).toBeLessThan(10_000)
    expect(device.rates.convertedElementsPerSecond).toBeLessThan(device.rates.bf16OperationsPerSecond)
  })

  test('an unknown rate is named', () => {
    expect(() => checkRates('profile.json', { ...RATES, int8OperationsPerSecond: 0 })).toThrow(
      'profile.json: int8OperationsPerSecond must be a positive number, not 0',
    )
  })
})
