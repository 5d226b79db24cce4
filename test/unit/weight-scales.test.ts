import { describe, expect, test } from 'vitest'
import { modelConfig } from '../../src/engine/config.js'
import { Engine } from '../../src/engine/engine.js'
import type { LoadOptions } from '../../src/engine/types.js'
import { checkTensors } from '../../src/engine/weights.js'
import { dequantize, openGguf } from '../../src/format/index.js'
import type { WriterTensor } from '../helpers/gguf-writer.js'
import { randomBlocks, seededRandom } from '../helpers/quants.js'
import { type TinyModel, tinyGguf, tinyModelWriter } from '../helpers/tiny-model.js'
import { digitTolerance, floatTolerance, largestDifference, largestMagnitude } from '../helpers/tolerance.js'

/** Models in NVFP4, whose files may keep a scale beside each matrix, against the same weights in float32. */

const SHAPE = { layers: 2, width: 64, heads: 4, headSize: 16, feedForward: 128 }
const IDS = Array.from({ length: 30 }, (_, i) => (i === 0 ? 1 : (37 * i * i + 11) % 288))
const BACKENDS = ['reference', 'native'] as const

const writeTiny = tinyModelWriter()
const write = (model: TinyModel) => writeTiny({ ...SHAPE, ...model })

/** On a float32 cache: an int8 one rounds keys that differ in their last bits to other codes. */
async function logits(path: string, options: LoadOptions): Promise<Float32Array> {
  const engine = await Engine.load(path, { passes: 3, cacheType: 'f32', ...options })
  try {
    const result = new Float32Array(IDS.length * engine.info.vocabulary)
    for await (const { position, values } of engine.logits(IDS, 0)) {
      result.set(values, position * engine.info.vocabulary)
    }
    return result
  } finally {
    engine.close()
  }
}

const one = (name: string, value: number, dims: number[] = [1]): WriterTensor => {
  const bytes = new Uint8Array(new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(value).buffer)
  return { name, type: 'F32', dims, bytes }
}

/** Each matrix in place of the list's own: its NVFP4 blocks and a scale of 16 bits between 1/2 and 3/2. */
function inNvfp4(make: (matrix: WriterTensor, scale: number) => WriterTensor[]) {
  return (list: WriterTensor[]) => {
    const random = seededRandom(5)
    return list.flatMap((tensor, i) => {
      const [cols, rows] = tensor.dims
      if (rows === undefined) return [tensor]
      const bytes = randomBlocks('NVFP4', rows, cols, 100 + i)
      return make({ ...tensor, type: 'NVFP4', bytes }, (2 ** 15 + Math.floor(2 ** 16 * random())) / 2 ** 16)
    })
  }
}

const beside = (matrix: WriterTensor, suffix: string) => matrix.name.replace(/weight$/, suffix)
const plain = inNvfp4((matrix) => [matrix])
const scaled = inNvfp4((matrix, scale) => [matrix, one(beside(matrix, 'scale'), scale)])
/** What activations were once divided by is none of ours. */
const withInputScales = inNvfp4((matrix, scale) => [
  one(beside(matrix, 'input_scale'), 0.01 * scale),
  one(beside(matrix, 'scale'), scale, [1, 1]),
  matrix,
])
/** Exact in float32: the codes times their scales have six bits at most, the matrix's scale 17. */
const inFloat32 = (useScale: boolean) =>
  inNvfp4((matrix, scale) => {
    const [cols, rows] = matrix.dims
    const weights = dequantize('NVFP4', matrix.bytes, rows, cols).map((w) => (useScale ? scale * w : w))
    return [{ ...matrix, type: 'F32', bytes: new Uint8Array(Float32Array.from(weights).buffer) }]
  })

describe.each(BACKENDS)('NVFP4 models, %s', (backend) => {
  test.each([
    ['with scales', { tensors: scaled }, { tensors: inFloat32(true) }],
    ['without', { tensors: plain }, { tensors: inFloat32(false) }],
    [
      'with scales, an output matrix and biases',
      { tensors: scaled, architecture: 'qwen2', untied: true, biases: true },
      { tensors: inFloat32(true), architecture: 'qwen2', untied: true, biases: true },
    ],
  ] satisfies [string, TinyModel, TinyModel][])('%s', async (_, model, inFloats) => {
    const expected = await logits(write(inFloats), { backend: 'reference' })
    const actual = await logits(write(model), { backend })
    const magnitude = largestMagnitude(expected)
    // Both round to float32, and one splits its activations.
    const float = floatTolerance(SHAPE, IDS.length - 1, magnitude)
    const tolerance = 2 * float + digitTolerance(3, 4 * SHAPE.layers + 1, 32, magnitude)
    expect(largestDifference(actual, expected)).toBeLessThanOrEqual(tolerance)
    // A scale that is forgotten moves logits by about their size.
    expect(tolerance).toBeLessThan(magnitude / 1000)
  })

  test('every scale matters', async () => {
    const all = await logits(write({ tensors: scaled }), { backend })
    const names = scaled(matrices()).flatMap(({ name }) => (name.endsWith('.scale') ? [name] : []))
    expect(names).toHaveLength(1 + 7 * SHAPE.layers)
    for (const missing of names) {
      const tensors = (list: WriterTensor[]) => scaled(list).filter(({ name }) => name !== missing)
      const difference = largestDifference(await logits(write({ tensors }), { backend }), all)
      expect(difference, missing).toBeGreaterThan(largestMagnitude(all) / 1000)
    }
  })

  test('the same bits whatever the batch, and with scales for activations', async () => {
    const path = write({ tensors: scaled })
    const whole = await logits(path, { backend })
    expect(largestDifference(await logits(path, { backend, batch: 7 }), whole)).toBe(0)
    const other = write({ tensors: withInputScales })
    expect(largestDifference(await logits(other, { backend }), whole)).toBe(0)
  })

  test('matrices of other types may have a scale too', async () => {
    const halved = (list: WriterTensor[]) =>
      list.flatMap((tensor) => {
        if (tensor.dims.length === 1) return [tensor]
        const values = new Float32Array(tensor.bytes.buffer, tensor.bytes.byteOffset).map((v) => v / 2)
        return [{ ...tensor, bytes: new Uint8Array(values.buffer) }, one(beside(tensor, 'scale'), 2)]
      })
    const expected = await logits(write({}), { backend })
    expect(largestDifference(await logits(write({ tensors: halved }), { backend }), expected)).toBe(0)
  })

  test.each([0, -0.5, Number.NaN, Number.POSITIVE_INFINITY])('a scale of %f is refused', async (value) => {
    const tensors = (list: WriterTensor[]) => [...plain(list), one('blk.1.ffn_up.scale', value)]
    const message = `tensor 'blk.1.ffn_up.scale' holds ${value}; the scale of a matrix must be positive and finite`
    await expect(Engine.load(write({ tensors }), { backend })).rejects.toThrow(message)
  })
})

describe('before anything is read', () => {
  const check = async (...extra: WriterTensor[]) => {
    await using file = await openGguf(tinyGguf({ ...SHAPE, tensors: (list) => [...list, ...extra] }))
    checkTensors(file, modelConfig(file))
  }

  test.each(['scale', 'input_scale'])('.%s has one number', async (suffix) => {
    await expect(check(one(`blk.0.attn_q.${suffix}`, 1))).resolves.toBeUndefined()
    await expect(check(one(`blk.0.attn_q.${suffix}`, 1, [1, 64]))).rejects.toThrow(
      `tensor 'blk.0.attn_q.${suffix}' is [1, 64], but must be one number: the scale of a whole matrix`,
    )
  })

  test.each(['blk.0.attn_norm.scale', 'output.scale', 'blk.2.attn_q.scale', 'blk.0.attn_q.weight.scale'])(
    '%s belongs to no matrix',
    async (name) => {
      await expect(check(one(name, 1))).rejects.toThrow(`tensor '${name}' has no place in a llama model`)
    },
  )
})

/** What tinyGguf would write. */
function matrices(): WriterTensor[] {
  let found: WriterTensor[] = []
  tinyGguf({
    ...SHAPE,
    tensors: (list) => {
      found = list
      return list
    },
  })
  return found
}
