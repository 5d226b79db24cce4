import { describe, expect, test } from 'vitest'
import {
  type Backend,
  createNativeBackend,
  createWasmBackend,
  selectBackend,
} from '../../src/backend/index.js'
import { expectBits, product, tensorOf, weightOf } from '../helpers/contract.js'
import { CODE_TYPES } from '../helpers/integer-product.js'
import { randomBlocks, randomNormal } from '../helpers/quants.js'
import { KERNELS, SUBJECTS } from './backends.js'

/** Objects that are gone or are another instance's, and backends that cannot be made. */

const ROWS = 48
const COLS = 64
const GROUPS = { passes: 3, granularity: 'group' } as const
const CACHE = { type: 'f32', layers: 1, kvHeads: 1, headSize: 64, capacity: 4 } as const
const AT_START = { layer: 0, heads: 1, scale: 1 }
const POSITIONS = Int32Array.of(0, 1)

async function made(backend: Backend) {
  const x = tensorOf(backend, 2, COLS, randomNormal(2 * COLS, 1))
  const digits = backend.digits(2, COLS, GROUPS)
  backend.decompose(x, digits)
  const weight = await weightOf(backend, 'Q4_0', ROWS, COLS, randomBlocks('Q4_0', ROWS, COLS, 2))
  const cache = backend.cache(CACHE)
  const pass = backend.pass([{ cache, position: 0, tokens: 2 }])
  backend.append(pass, 0, x, x)
  return { x, digits, weight, cache, pass, out: backend.tensor(2, ROWS), attended: backend.tensor(2, COLS) }
}

describe.each(KERNELS)('$label frees at once', ({ create }) => {
  const gone = /freed|closed|belongs to another backend/

  test('a freed weight, digits or cache is an error, not a crash', async () => {
    const backend = create()
    const { x, digits, weight, cache, pass, out, attended } = await made(backend)
    const spare = await made(backend)
    for (const object of [weight, digits, cache]) backend.free(object)
    expect(() => backend.linear(spare.digits, weight, out)).toThrow(gone)
    expect(() => backend.embed(weight, [0, 1], x)).toThrow(gone)
    expect(() => backend.linear(digits, spare.weight, out)).toThrow(gone)
    expect(() => backend.decompose(x, digits)).toThrow(gone)
    expect(() => backend.append(pass, 0, x, x)).toThrow(gone)
    expect(() => backend.attention(x, pass, attended, AT_START)).toThrow(gone)
    // The others are untouched.
    backend.linear(spare.digits, spare.weight, out)
    expect((await backend.read(out)).every(Number.isFinite)).toBe(true)
    backend.close()
  })

  test('tuning chooses among the threads and changes no result', async () => {
    const backend = create(3)
    const { digits, weight, out } = await made(backend)
    backend.linear(digits, weight, out)
    const before = await backend.read(out)
    await backend.tune([weight, weight])
    expect(backend.decodeThreads).toBeGreaterThanOrEqual(1)
    expect(backend.decodeThreads).toBeLessThanOrEqual(backend.threads)
    backend.linear(digits, weight, out)
    expect(await backend.read(out)).toEqual(before)
    backend.close()
  })

  test('after close every operation is an error; closing twice is none', async () => {
    const backend = create()
    const { x, digits, weight, pass, out, attended } = await made(backend)
    backend.close()
    for (const call of [
      () => backend.linear(digits, weight, out),
      () => backend.decompose(x, digits),
      () => backend.embed(weight, [0, 1], x),
      () => backend.rmsNorm(x, backend.tensor(1, COLS), 1e-5, x),
      () =>
        backend.rope(x, { heads: 1, table: backend.tensor(2, COLS), positions: POSITIONS, pairs: 'half' }),
      () => backend.gatedActivation(x, x, x),
      () => backend.add(x, x),
      () => backend.append(pass, 0, x, x),
      () => backend.attention(x, pass, attended, AT_START),
      () => backend.digits(2, COLS, GROUPS),
      () => backend.cache(CACHE),
    ])
      expect(call, String(call)).toThrow(gone)
    await expect(weightOf(backend, 'Q4_0', 16, 32, randomBlocks('Q4_0', 16, 32, 1))).rejects.toThrow(gone)
    backend.close()
  })

  test('many backends come and go', async () => {
    for (let i = 0; i < 40; i++) {
      const backend = create(3)
      const { digits, weight, out } = await made(backend)
      backend.linear(digits, weight, out)
      backend.close()
    }
  })
})

// Variants keep digits in layouts of their own: one reading another's would read beyond their end.
describe.each(KERNELS)('$label refuses what belongs to another backend', ({ create, label }) => {
  test.each(KERNELS)('$label', async ({ label: other, create: createOther }) => {
    const mine = create()
    const theirs = createOther(1)
    const own = await made(mine)
    const foreign = await made(theirs)
    const name = `${label} with objects of ${other}`
    expect(() => mine.linear(foreign.digits, own.weight, own.out), name).toThrow(RangeError)
    expect(() => mine.linear(own.digits, foreign.weight, own.out), name).toThrow(RangeError)
    expect(() => mine.decompose(own.x, foreign.digits), name).toThrow(RangeError)
    expect(() => mine.embed(foreign.weight, [0, 1], own.x), name).toThrow(RangeError)
    expect(() => mine.append(foreign.pass, 0, own.x, own.x), name).toThrow(RangeError)
    expect(() => mine.attention(own.x, foreign.pass, own.attended, AT_START), name).toThrow(RangeError)
    expect(() => mine.free(foreign.weight), name).toThrow(RangeError)
    // And it did no harm: theirs still works after mine is closed.
    mine.close()
    theirs.linear(foreign.digits, foreign.weight, foreign.out)
    theirs.close()
  })
})

describe('making a WebAssembly backend', () => {
  test('an unknown variant is named', () => {
    expect(() => createWasmBackend({ variant: 'avx2' })).toThrow(/"avx2".*simd128.*relaxed-simd/)
    expect(() => selectBackend({ backend: 'wasm', variant: 'avx2' })).toThrow(/avx2/)
  })

  test.each([0, -1, 1.5, Number.NaN, 1025])('%d threads are refused', (threads) => {
    expect(() => createWasmBackend({ threads })).toThrow(RangeError)
    expect(() => createWasmBackend({ threads })).toThrow(String(threads))
  })

  test('selected by name, without a notice', () => {
    const { backend, notice } = selectBackend({ backend: 'wasm', threads: 1 })
    expect([backend.name, notice]).toEqual(['wasm', undefined])
    backend.close()
  })
})

describe('making a native backend', () => {
  test('an unknown variant is named', () => {
    expect(() => createNativeBackend({ variant: 'sse9' })).toThrow(/sse9/)
    expect(() => selectBackend({ variant: 'sse9' })).toThrow(/sse9/)
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1025])('%d threads are refused', (threads) => {
    expect(() => createNativeBackend({ threads })).toThrow(RangeError)
    expect(() => createNativeBackend({ threads })).toThrow(String(threads))
  })

  test('an unknown backend is named', () => {
    expect(() => selectBackend({ backend: 'cuda' as 'native' })).toThrow(/cuda/)
  })
})

test.each(SUBJECTS)('$label packs several matrices at the same time', async ({ create, kind }) => {
  const backend = create()
  const cols = 256
  const inputs = CODE_TYPES.map((type, i) => ({ type, bytes: randomBlocks(type, 64, cols, 60 + i) }))
  const x = randomNormal(cols, 61)
  const load = ({ type, bytes }: (typeof inputs)[number]) => weightOf(backend, type, 64, cols, bytes)
  const apart: Float32Array[] = []
  for (const input of inputs) apart.push(await product(backend, x, await load(input), GROUPS))
  const together = await Promise.all(inputs.map(load))
  for (const [i, weight] of together.entries())
    expectBits(await product(backend, x, weight, GROUPS), apart[i], 64, `${kind}, ${weight.type}`)
  backend.close()
})
