import { describe, expect, test } from 'vitest'
import { modelConfig } from '../../src/engine/config.js'
import {
  availableMemory,
  cacheBytesPerToken,
  checkBackendMemory,
  checkMemory,
  estimateMemory,
  formatBytes,
} from '../../src/engine/memory.js'
import { openGguf } from '../../src/format/index.js'
import { randomBlocks } from '../helpers/quants.js'
import { type TinyModel, tinyGguf } from '../helpers/tiny-model.js'

const OPTIONS = { backend: 'native', context: 64, cacheType: 'f32', batch: 16 } as const

async function estimate(model: TinyModel, options: Partial<Parameters<typeof estimateMemory>[2]> = {}) {
  await using file = await openGguf(tinyGguf(model))
  return estimateMemory(file, modelConfig(file), { ...OPTIONS, ...options })
}

describe('estimateMemory', () => {
  test('weights: native keeps Q4_0 as large as the file stores it, the reference a byte a code and more', async () => {
    await using file = await openGguf(tinyGguf({ type: 'Q4_0' }))
    const stored = [...file.tensors.values()].reduce((sum, tensor) => sum + tensor.byteLength, 0)
    expect((await estimate({ type: 'Q4_0' })).weights).toBe(stored)
    // 4.5 bits a weight in the file, 10 unpacked.
    const unpacked = (await estimate({ type: 'Q4_0' }, { backend: 'reference' })).weights
    expect(unpacked).toBeGreaterThan(2 * stored)
    expect(unpacked).toBeLessThan(2.5 * stored)
  })

  test('weights: native keeps fifth bits apart, and the factors of K-quants in whole bytes', async () => {
    await using file = await openGguf(tinyGguf({ type: 'Q5_0' }))
    const stored = [...file.tensors.values()].reduce((sum, tensor) => sum + tensor.byteLength, 0)
    expect((await estimate({ type: 'Q5_0' })).weights).toBe(stored)
    // 4.5 bits a weight in the file, 4.625 packed; norms stay as they are.
    const inQ4K: TinyModel = {
      width: 256,
      feedForward: 512,
      tensors: (list) =>
        list.map((tensor) => {
          const [cols, rows] = tensor.dims
          return rows ? { ...tensor, type: 'Q4_K', bytes: randomBlocks('Q4_K', rows, cols, 1) } : tensor
        }),
    }
    await using packed = await openGguf(tinyGguf(inQ4K))
    const bytes = [...packed.tensors.values()].reduce(
      (sum, { type, byteLength }) => sum + (type === 'Q4_K' ? (byteLength * 4.625) / 4.5 : byteLength),
      0,
    )
    expect((await estimate(inQ4K)).weights).toBeCloseTo(bytes, 3)
  })

  test('weights: wasm packs Q4_0 as the file stores it, too', async () => {
    const native = await estimate({ type: 'Q4_0' })
    expect(await estimate({ type: 'Q4_0' }, { backend: 'wasm' })).toEqual(native)
  })

  test('cache: keys and values of every layer and position', async () => {
    const model = { layers: 3, heads: 8, kvHeads: 2, width: 64 }
    const numbers = 2 * 3 * 2 * 8
    await using file = await openGguf(tinyGguf(model))
    expect(cacheBytesPerToken(modelConfig(file), 'f32')).toBe(4 * numbers)
    expect(cacheBytesPerToken(modelConfig(file), 'f16')).toBe(2 * numbers)
    // Heads of 8 are padded, to 16 bytes and a scale, or to 32 half bytes and an exponent; and keys of a page have a shift.
    expect(cacheBytesPerToken(modelConfig(file), 'int8')).toBe(2 * 3 * 2 * (20 + 64 / 128))
    expect(cacheBytesPerToken(modelConfig(file), 'mxfp4')).toBe(2 * 3 * 2 * (17 + 128 / 128))
    expect((await estimate(model, { context: 64 })).cache).toBe(64 * 4 * numbers)
    expect((await estimate(model, { context: 64, cacheType: 'f16' })).cache).toBe(64 * 2 * numbers)
    expect((await estimate(model, { context: 65 })).cache, 'whole pages').toBe(128 * 4 * numbers)
    // The reference rounds to float16 but stores float32.
    const reference = await estimate(model, { backend: 'reference', cacheType: 'f16' })
    expect(reference.cache).toBe(64 * 4 * numbers)
  })

  test('the rest grows with the batch; the total is the sum', async () => {
    const [small, large] = [await estimate({}, { batch: 1 }), await estimate({}, { batch: 64 })]
    expect(large.other).toBeGreaterThan(small.other)
    expect(large.total).toBe(large.weights + large.cache + large.other)
  })
})

describe('checkMemory', () => {
  const need = { weights: 4.1e9, cache: 5.37e8, other: 2e8, total: 4.837e9 }

  test('enough', () => {
    expect(() => checkMemory('model.gguf', need, 4.837e9)).not.toThrow()
  })

  test('short: how much for what, how much there is, what to do', () => {
    expect(() => checkMemory('model.gguf', need, 2.5e9)).toThrow(
      new Error(
        'model.gguf needs about 4.84 GB of memory (weights 4.10 GB, cache 537 MB, other 200 MB), ' +
          'but only 2.50 GB are available; take a smaller or lower-bit model, a shorter context, or an int8 cache',
      ),
    )
  })

  test('by default what the system has', () => {
    expect(availableMemory()).toBeGreaterThan(0)
    expect(() => checkMemory('model.gguf', { ...need, total: 1e18 })).toThrow(/needs about 1000000000 GB/)
  })
})

describe('checkBackendMemory', () => {
  const need = { weights: 4.1e9, cache: 5.37e8, other: 2e8, total: 4.837e9 }

  test('no limit, or enough', () => {
    expect(() => checkBackendMemory('model.gguf', need, undefined)).not.toThrow()
    // The runtime and the read buffers, 98 MiB of `other`, are not in the backend's memory.
    expect(() => checkBackendMemory('model.gguf', need, need.total - (98 << 20))).not.toThrow()
  })

  test('short: how much for what, how much there is, what to do', () => {
    expect(() => checkBackendMemory('model.gguf', need, 4294901760)).toThrow(
      /^model\.gguf needs about 4\.73 GB of WebAssembly memory \(weights 4\.10 GB, cache 537 MB\), which holds at most 4\.29 GB; build the native addon/,
    )
  })
})

test.each([
  [0, '0.00 kB'],
  [999, '1.00 kB'],
  [12_345, '12.3 kB'],
  [512_000_000, '512 MB'],
  [1_463_000_000, '1.46 GB'],
])('formatBytes(%d)', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})
