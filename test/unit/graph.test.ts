import { describe, expect, test } from 'vitest'
import { nativeVariants } from '../../src/backend/index.js'
import { Engine } from '../../src/engine/engine.js'
import type { LoadOptions } from '../../src/engine/types.js'
import { type TinyModel, tinyModelWriter, withNanScale } from '../helpers/tiny-model.js'
import { digitTolerance, floatTolerance, largestDifference, largestMagnitude } from '../helpers/tolerance.js'

/** The graph on the native backend against the reference, for models and options that no golden covers. */

const write = tinyModelWriter()

const IDS = Array.from({ length: 40 }, (_, i) => (i === 0 ? 1 : (37 * i * i + 11) % 288))

async function logits(path: string, options: LoadOptions, ids = IDS): Promise<Float32Array> {
  const engine = await Engine.load(path, { cacheType: 'f32', ...options })
  try {
    const result = new Float32Array(ids.length * engine.info.vocabulary)
    for await (const { position, values } of engine.logits(ids, 0)) {
      result.set(values, position * engine.info.vocabulary)
    }
    return result
  } finally {
    engine.close()
  }
}

const yarn = {
  'llama.rope.scaling.type': 'yarn',
  'llama.rope.scaling.factor': { f32: 4 },
  'llama.rope.scaling.original_context_length': { u32: 16 },
}
const MODELS: Record<string, TinyModel> = {
  'qwen2 in float32': { architecture: 'qwen2', biases: true, seed: 21 },
  'qwen2 in Q8_0': { architecture: 'qwen2', biases: true, untied: true, type: 'Q8_0', seed: 22 },
  'llama in Q4_0, one key head': { kvHeads: 1, type: 'Q4_0', seed: 23 },
  'llama in Q5_1, yarn': { type: 'Q5_1', untied: true, metadata: yarn, seed: 24 },
  'llama, heads as many as keys': { kvHeads: 4, layers: 3, seed: 25 },
}

describe('native against reference', () => {
  test.each(Object.entries(MODELS))('%s', async (_, model) => {
    const path = write(model)
    const expected = await logits(path, { backend: 'reference' })
    const magnitude = largestMagnitude(expected)
    const layers = model.layers ?? 2
    const shape = { layers, width: 64, heads: 4, headSize: 16, feedForward: 96 }
    const float = floatTolerance(shape, IDS.length - 1, magnitude)
    const digits = model.type ? digitTolerance(2, 4 * layers + 1, 32, magnitude) : 0
    const actual = await logits(path, { backend: 'native' })
    // Both round: each is off by the tolerance at most.
    expect(largestDifference(actual, expected)).toBeLessThanOrEqual(2 * (float + digits))
    expect(magnitude).toBeGreaterThan(1)
  })

  test('what the options and the metadata say has an effect', async () => {
    const plain = write({ seed: 24, type: 'Q5_1', untied: true })
    const stretched = write(MODELS['llama in Q5_1, yarn'])
    const [a, b] = [await logits(plain, {}), await logits(stretched, {})]
    // Position 0 is not rotated, but yarn's magnitude scales its query and key: only one value to attend to.
    expect(largestDifference(b.subarray(0, 288), a.subarray(0, 288))).toBe(0)
    expect(largestDifference(b, a)).toBeGreaterThan(largestMagnitude(a) / 100)
    expect(largestDifference(await logits(plain, { passes: 1 }), a)).toBeGreaterThan(0)
    expect(largestDifference(await logits(plain, { granularity: 'row' }), a)).toBeGreaterThan(0)
    expect(largestDifference(await logits(plain, { cacheType: 'f16' }), a)).toBeGreaterThan(0)
    const int8 = await logits(plain, { cacheType: 'int8' })
    expect(largestDifference(int8, a)).toBeGreaterThan(0)
    expect(largestDifference(await logits(plain, { cacheType: undefined }), int8), 'the default').toBe(0)
  })
})

test('loading progress ends at the total, with biases and divisors too', async () => {
  for (const model of [
    { architecture: 'qwen2', biases: true },
    { divisors: Array.from({ length: 8 }, (_, i) => 1 + i) },
  ] as const) {
    const seen: { loadedBytes: number; totalBytes: number }[] = []
    const engine = await Engine.load(write({ ...model, seed: 5 }), {
      onProgress: (event) => seen.push(event),
    })
    engine.close()
    expect(seen.at(-1)?.loadedBytes).toBe(seen[0].totalBytes)
    expect(seen.every(({ loadedBytes, totalBytes }) => loadedBytes <= totalBytes)).toBe(true)
  }
})

describe('the same bits', () => {
  const path = () => write({ architecture: 'qwen2', biases: true, type: 'Q4_1', seed: 31 })

  test.each(['reference', 'native'] as const)('whatever the batch, %s', async (backend) => {
    const file = path()
    const whole = await logits(file, { backend })
    for (const batch of [1, 7, 39]) {
      expect(largestDifference(await logits(file, { backend, batch }), whole), `batch ${batch}`).toBe(0)
    }
  })

  test('whatever the number of threads', async () => {
    const file = path()
    const one = await logits(file, { backend: 'native', threads: 1 })
    for (const threads of [2, 3, 5]) {
      expect(largestDifference(await logits(file, { backend: 'native', threads }), one)).toBe(0)
    }
  })

  test('whatever the SIMD instruction set', async () => {
    // The generic kernels have no fused multiply-add for attention: theirs are other bits (docs/decisions/0003).
    const names = nativeVariants().flatMap((v) =>
      v.compiled && v.supported && v.name !== 'generic' ? [v.name] : [],
    )
    const file = path()
    const [first, ...others] = await Promise.all(names.map((variant) => logits(file, { variant })))
    for (const [i, result] of others.entries()) {
      expect(largestDifference(result, first), `${names[i + 1]} and ${names[0]}`).toBe(0)
    }
  })
})

describe('damaged weights', () => {
  test.each(['reference', 'native'] as const)('a scale that is NaN is found at load, %s', async (backend) => {
    const path = write({
      type: 'Q4_0',
      tensors: (list) => list.map((t) => (t.name === 'blk.1.ffn_up.weight' ? withNanScale(t, 11) : t)),
    })
    await expect(Engine.load(path, { backend })).rejects.toThrow(/blk\.1\.ffn_up\.weight.* row 5\b.* damaged/)
  })

  test.each(['reference', 'native'] as const)(
    'a gain that is infinite is found at load, %s',
    async (backend) => {
      const gain = new Uint8Array(Float32Array.from({ length: 64 }, (_, i) => 1 / (i - 3)).buffer)
      const path = write({
        tensors: (list) => list.map((t) => (t.name === 'blk.0.ffn_norm.weight' ? { ...t, bytes: gain } : t)),
      })
      const message = "tensor 'blk.0.ffn_norm.weight' holds Infinity at 3; the file is damaged"
      await expect(Engine.load(path, { backend })).rejects.toThrow(message)
    },
  )
})
