import { describe, expect, test } from 'vitest'
import { captureInputs, matrixOf } from '../../src/cli/analyze/msd/capture.js'
import { product } from '../../src/cli/analyze/msd/measure.js'
import { Trace } from '../../src/engine/trace.js'
import type { LayerAttention, ProductInput } from '../../src/engine/visit.js'
import { dequantize, openGguf } from '../../src/format/index.js'
import { tinyModelWriter } from '../helpers/tiny-model.js'

/** What goes into a layer's products is what the layer's products come out of. */

const write = tinyModelWriter()
const IDS = Array.from({ length: 20 }, (_, i) => (i === 0 ? 1 : (37 * i * i + 11) % 288))
const EPSILON = 2 ** -24

describe.each(['native', 'reference'] as const)('inputs of products: %s', (backend) => {
  test('their products are values, and what goes into down', async () => {
    const path = write({ seed: 41 })
    using trace = await Trace.load(path, { backend, threads: 1, cacheType: 'f32', batch: 8 })
    const captured = await captureInputs(trace, IDS, ['q', 'output', 'gate', 'down'])
    expect(captured.map(({ input, layer }) => `${input} ${layer}`)).toEqual([
      'q 0',
      'q 1',
      'output 0',
      'output 1',
      'gate 0',
      'gate 1',
      'down 0',
      'down 1',
    ])
    const inputs = (layer: number, input: ProductInput) => {
      const { activations } = captured.find((one) => one.layer === layer && one.input === input)!
      expect(activations.rows).toBe(IDS.length)
      return activations
    }
    const seen: LayerAttention[] = []
    trace.truncate(0)
    await trace.push(IDS, { visit: (attention) => void seen.push(attention) })
    await using file = await openGguf(path)
    for (const layer of [0, 1]) {
      const own = seen.filter((attention) => attention.layer === layer)
      const flat = (name: 'attended' | 'value') => Float32Array.from(own.flatMap((part) => [...part[name]]))
      expect(inputs(layer, 'output').x).toEqual(flat('attended'))

      const value = await through(file, `blk.${layer}.attn_v.weight`, inputs(layer, 'q'))
      for (const [i, got] of flat('value').entries())
        expect(Math.abs(got - value.y[i])).toBeLessThanOrEqual(value.errors[i])

      const gate = await through(file, `blk.${layer}.ffn_gate.weight`, inputs(layer, 'gate'))
      const up = await through(file, `blk.${layer}.ffn_up.weight`, inputs(layer, 'gate'))
      for (const [i, got] of inputs(layer, 'down').x.entries()) {
        const silu = gate.y[i] / (1 + Math.exp(-gate.y[i]))
        // |silu′| < 1.1; ten roundings of silu (its exponential among them) and one of the product.
        const slack =
          1.1 * gate.errors[i] * (Math.abs(up.y[i]) + up.errors[i]) + Math.abs(silu) * up.errors[i]
        expect(Math.abs(got - silu * up.y[i])).toBeLessThanOrEqual(
          slack + 11 * EPSILON * Math.abs(silu * up.y[i]),
        )
      }
    }
  })
})

test('layers, tensors and rows of the matrix can be chosen', async () => {
  const path = write({ seed: 42, type: 'Q4_0' })
  using trace = await Trace.load(path, { backend: 'reference', cacheType: 'f32' })
  const [one, ...others] = await captureInputs(trace, IDS, ['down'], { layers: [1] })
  expect(others).toEqual([])
  expect(one).toMatchObject({ input: 'down', layer: 1, activations: { rows: 20, cols: 96 } })
  await expect(captureInputs(trace, IDS, ['down'], { layers: [2] })).rejects.toThrow('layers 0 to 1')
  await using file = await openGguf(path)
  const whole = await matrixOf(file, one, 1000)
  expect(whole).toMatchObject({ type: 'Q4_0', rows: 64 })
  const part = await matrixOf(file, one, 3)
  expect(part.rows).toBe(3)
  for (const [i, row] of [0, 21, 42].entries())
    expect(part.weights.subarray(96 * i, 96 * (i + 1))).toEqual(
      whole.weights.subarray(96 * row, 96 * (row + 1)),
    )
})

/** x · wᵀ in float64, and what a float32 sum of it may be off by: one rounding a product and one an addition. */
async function through(
  file: Awaited<ReturnType<typeof openGguf>>,
  name: string,
  { x, cols }: { readonly x: Float32Array; readonly cols: number },
) {
  const matrix = file.matrix(name)
  const weights = dequantize(matrix.type, await matrix.readRows(0, matrix.rows), matrix.rows, cols)
  const sizes = product(Float64Array.from(x, Math.abs), weights.map(Math.abs), cols)
  return {
    y: product(Float64Array.from(x), weights, cols),
    errors: sizes.map((size) => (cols + 1) * EPSILON * size),
  }
}
