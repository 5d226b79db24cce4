import { afterAll, describe, expect, test } from 'vitest'
import {
  absorbMla,
  bf16Attention,
  dequantizeRows,
  expandMla,
  type MlaInput,
  mlaAttention,
  quantizeRows,
} from '../../src/attention/index.js'
import type { CacheType } from '../../src/backend/index.js'
import { NATIVE, REFERENCE } from '../contract/backends.js'
import { distance } from '../helpers/attention-data.js'
import { tensorOf } from '../helpers/contract.js'
import { randomNormal } from '../helpers/quants.js'

/**
 * The kernels over latent rows against multi-head latent attention as it is defined, which makes keys and values of every
 * head from them: random weights of DeepSeek-V2-Lite's sizes (16 heads of 128 + 64, a latent row of 512 + 64).
 */

const SHAPE = { heads: 16, nopeSize: 128, ropeSize: 64, valueSize: 128, latentSize: 512 }
const [HEADS, LATENT, ROW, KEYS] = [SHAPE.heads, 512, 576, 150]
const random = (length: number, seed: number, deviation = 1) =>
  Float64Array.from(randomNormal(length, seed, deviation))
const input: MlaInput = {
  shape: SHAPE,
  rows: 1,
  keys: KEYS,
  q: random(HEADS * 192, 1, 2),
  cache: random(KEYS * ROW, 2),
  keyUp: random(HEADS * 128 * LATENT, 3, LATENT ** -0.5),
  valueUp: random(HEADS * 128 * LATENT, 4, LATENT ** -0.5),
}
const absorbed = absorbMla(input)
const rows = Float32Array.from(input.cache)
const codes = quantizeRows(rows, { rows: KEYS, cols: ROW, format: 'int8', groupSize: LATENT })
const ofCodes = { ...input, cache: dequantizeRows(codes) }
const [plain, plainOfCodes] = [mlaAttention(input), mlaAttention(ofCodes)]

describe.each([REFERENCE, ...NATIVE])('$label decodes latent rows as the plain form does', ({ create }) => {
  const backend = create()
  afterAll(() => backend.close())

  async function decode(type: CacheType, passes: 1 | 2 = 2): Promise<Float64Array> {
    const shape = { type, layers: 1, kvHeads: 1, headSize: ROW, latent: LATENT, capacity: KEYS }
    const cache = backend.cache(shape)
    const pass = backend.pass([{ cache, position: 0, tokens: KEYS }])
    backend.append(pass, 0, tensorOf(backend, KEYS, ROW, rows))
    const out = backend.tensor(1, HEADS * LATENT)
    const last = backend.pass([{ cache, position: KEYS - 1, tokens: 1 }])
    backend.append(last, 0, tensorOf(backend, 1, ROW, rows.subarray(-ROW)))
    const q = tensorOf(backend, 1, HEADS * ROW, Float32Array.from(absorbed.q))
    backend.attention(q, last, out, { layer: 0, heads: HEADS, scale: absorbed.scale, passes })
    const mixed = Float64Array.from(await backend.read(out))
    backend.free(cache)
    return expandMla({ ...input, mixed })
  }

  test('f32: to rounding', async () => {
    // Scores are sums of 576 products; what they are off by counts in the probabilities.
    expect(distance(await decode('f32'), plain)).toBeLessThan(2 ** -24 * ROW)
  })

  test('f16: to that of its numbers', async () => {
    expect(distance(await decode('f16'), plain)).toBeLessThan(2 ** -9)
  })

  test('int8, on the same codes: two digits fifty times nearer than bfloat16, one digit as near as 7 bits are', async () => {
    const pipeline = bf16Attention(
      {
        q: absorbed.q,
        k: ofCodes.cache,
        v: ofCodes.cache.filter((_, i) => i % ROW < LATENT),
        rows: HEADS,
        keys: KEYS,
        headSize: ROW,
        valueSize: LATENT,
      },
      { scale: absorbed.scale },
    )
    const bf16 = distance(expandMla({ ...input, mixed: pipeline }), plainOfCodes)
    const int8 = await decode('int8')
    const two = distance(int8, plainOfCodes)
    expect(bf16 / two).toBeGreaterThan(50)
    const one = distance(await decode('int8', 1), plainOfCodes)
    expect(one / two).toBeGreaterThan(50)
    // And the cache's own error is the larger part.
    expect(distance(int8, plain)).toBeGreaterThan(20 * two)
  })
})
