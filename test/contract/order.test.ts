import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend, Digits, Tensor, Weight } from '../../src/backend/index.js'
import { expectBits, tensorOf, weightOf } from '../helpers/contract.js'
import { randomBlocks, randomNormal } from '../helpers/quants.js'
import { SUBJECTS } from './backends.js'

/** Operations may be queued or joined; what comes out is what one after the other would give. */

const [ROWS, COLS] = [40, 96]

describe.each(SUBJECTS)('$label keeps the order', ({ create }) => {
  let backend: Backend
  let weights: Weight[]
  let digits: Digits
  let alone: Float32Array[]
  const bias = Float32Array.from({ length: ROWS }, (_, i) => i / 8)
  const empty = () => backend.tensor(1, ROWS)
  const decompose = (seed: number) =>
    backend.decompose(tensorOf(backend, 1, COLS, randomNormal(COLS, seed)), digits)

  beforeAll(async () => {
    backend = create()
    weights = []
    for (let i = 0; i < 12; i++)
      weights.push(
        await weightOf(
          backend,
          i % 2 ? 'Q4_0' : 'Q8_0',
          ROWS,
          COLS,
          randomBlocks(i % 2 ? 'Q4_0' : 'Q8_0', ROWS, COLS, i),
        ),
      )
    digits = backend.digits(2, COLS, { passes: 2, granularity: 'group' })
    decompose(50)
    alone = []
    for (const weight of weights) {
      const out = empty()
      backend.linear(digits, weight, out)
      alone.push(await backend.read(out))
    }
  })
  afterAll(() => backend.close())

  test('many products of one activation', async () => {
    decompose(50)
    const outs = weights.map((weight) => {
      const out = empty()
      backend.linear(digits, weight, out)
      return out
    })
    for (const [i, out] of outs.entries()) expectBits(await backend.read(out), alone[i], ROWS, `weight ${i}`)
  })

  test('the last of two products into one tensor stays, also through a view', async () => {
    decompose(50)
    const out = empty()
    for (const weight of weights.slice(0, 4)) backend.linear(digits, weight, out)
    expectBits(await backend.read(out), alone[3], ROWS, 'one tensor')
    backend.linear(digits, weights[0], out)
    backend.linear(digits, weights[1], backend.rows(out, 0, 1))
    expectBits(await backend.read(out), alone[1], ROWS, 'a view')
  })

  test('what changes after a product does not change it', async () => {
    decompose(50)
    const added = tensorOf(backend, 1, ROWS, bias)
    const [first, second, third] = [empty(), empty(), empty()]
    backend.linear(digits, weights[0], first, added)
    const expected = await backend.read(first)
    expect(expected).not.toEqual(alone[0])
    backend.linear(digits, weights[0], first, added)
    backend.upload(added, new Float32Array(ROWS).fill(1000))
    backend.linear(digits, weights[1], second)
    decompose(51)
    backend.linear(digits, weights[1], third)
    expectBits(await backend.read(first), expected, ROWS, 'bias uploaded later')
    expectBits(await backend.read(second), alone[1], ROWS, 'digits made anew later')
    expect(await backend.read(third)).not.toEqual(alone[1])
  })

  test('a product is read by what follows', async () => {
    decompose(50)
    const [sum, y] = [empty(), empty()]
    const add = (tensor: Tensor) => backend.add(sum, tensor)
    backend.linear(digits, weights[0], sum)
    backend.linear(digits, weights[1], y)
    add(y)
    backend.linear(digits, weights[2], y)
    add(y)
    const expected = alone[0].map((v, i) => Math.fround(Math.fround(v + alone[1][i]) + alone[2][i]))
    expectBits(await backend.read(sum), expected, ROWS, 'sums')
  })

  test('freeing a weight after its product', async () => {
    decompose(50)
    const weight = await weightOf(backend, 'Q4_0', ROWS, COLS, randomBlocks('Q4_0', ROWS, COLS, 1))
    const out = empty()
    backend.linear(digits, weight, out)
    backend.free(weight)
    expectBits(await backend.read(out), alone[1], ROWS, 'freed')
  })
})
