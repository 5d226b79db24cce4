import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createWasmBackend, wasmVariants } from '../../src/backend/index.js'
import { readWasmModule, relaxedDot } from '../../src/backend/wasm-module.js'
import { quantizedMatrixFromBytes } from '../../src/format/index.js'
import { runModule } from '../helpers/cli.js'
import { product, tensorOf, weightOf } from '../helpers/contract.js'
import { randomBlocks, randomNormal } from '../helpers/quants.js'

const GROUPS = { passes: 2, granularity: 'group' } as const

describe('memory of the WebAssembly backend', () => {
  test('weights, digits and caches come and go without its growing', async () => {
    const backend = createWasmBackend({ threads: 1, variant: 'simd128' })
    const bytes = randomBlocks('Q4_0', 512, 512, 1)
    const x = randomNormal(3 * 512, 2)
    const sizes: number[] = []
    for (let i = 0; i < 60; i++) {
      const weight = await weightOf(backend, 'Q4_0', 512, 512, bytes)
      await product(backend, x, weight, GROUPS)
      const cache = backend.cache({ type: 'f16', layers: 2, kvHeads: 2, headSize: 64, capacity: 1000 })
      backend.free(cache)
      backend.free(weight)
      sizes.push(usedBytes(backend))
    }
    // Only the tensors of `product` wait for the garbage collector.
    const tensors = 4 * 3 * (512 + 512)
    expect(sizes[59] - sizes[0]).toBeLessThanOrEqual(59 * tensors)
    backend.close()
  })

  test('tensors that nobody holds are given back', async () => {
    const { status, stdout, stderr } = await runModule(
      `
      import { createWasmBackend } from 'multiscale/backend'
      const backend = createWasmBackend({ threads: 1 })
      // 40 GB in all: ten times what fits.
      for (let i = 0; i < 400; i++) {
        backend.tensor(1000, 25000)
        if (i % 10 === 9) { gc(); await new Promise((resolve) => setTimeout(resolve)) }
      }
      backend.close()
      console.log('done')
    `,
      ['--expose-gc'],
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'done\n', stderr: '' })
  })

  test('a matrix that does not fit is an error with both numbers, and harms nothing', async () => {
    const backend = createWasmBackend({ threads: 1, variant: 'simd128' })
    const huge = {
      ...quantizedMatrixFromBytes('huge', 'Q8_0', 1, 32, new Uint8Array(34)),
      rows: 300_000,
      cols: 32_768,
    }
    await expect(
      backend.weight({ ...huge, rowBytes: 34_816, readRows: async () => new Uint8Array() }),
    ).rejects.toThrow(/out of WebAssembly memory: \d+ bytes more .* of 4294901760/)
    expect(backend.memoryLimit).toBe(4294901760)
    const weight = await weightOf(backend, 'Q4_0', 16, 32, randomBlocks('Q4_0', 16, 32, 1))
    expect((await product(backend, randomNormal(32, 1), weight, GROUPS)).every(Number.isFinite)).toBe(true)
    backend.close()
  })

  test('loading and closing many times leaks neither memory nor threads', async () => {
    const { status, stdout, stderr } = await runModule(`
      import { createWasmBackend } from 'multiscale/backend'
      const rss = []
      for (let i = 0; i < 60; i++) {
        const backend = createWasmBackend({ threads: 2 })
        const x = backend.tensor(1000, 5000)
        backend.add(x, x)
        backend.close()
        await new Promise((resolve) => setTimeout(resolve, 30))
        rss.push(process.memoryUsage.rss())
      }
      console.log(JSON.stringify({ early: rss[20], late: rss[59] }))
    `)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { early, late } = JSON.parse(stdout)
    // 40 backends of 20 MB each would be 800 MB.
    expect(late - early).toBeLessThan(200e6)
  })
})

/** What its kernels see as allocated: the address of the next small tensor says how far memory is used. */
function usedBytes(backend: ReturnType<typeof createWasmBackend>): number {
  return (backend.tensor(1, 1) as unknown as { address: number }).address
}

describe('addresses beyond 2 GB', () => {
  /** Every operation, behind a cache of so many positions. */
  async function everything(threads: number, capacity: number): Promise<Float32Array[]> {
    const backend = createWasmBackend({ threads })
    // Never touched: only its addresses are used up.
    backend.cache({ type: 'f32', layers: 64, kvHeads: 8, headSize: 128, capacity })
    const [rows, cols] = [5, 512]
    const x = tensorOf(backend, rows, cols, randomNormal(rows * cols, 1))
    const results: Float32Array[] = []
    for (const type of ['Q4_0', 'Q6_K', 'Q8_0'] as const) {
      const weight = await weightOf(backend, type, 48, cols, randomBlocks(type, 48, cols, 2))
      results.push(await product(backend, randomNormal(cols, 3), weight, GROUPS))
      results.push(await product(backend, randomNormal(rows * cols, 4), weight, GROUPS))
      const out = backend.tensor(2, cols)
      backend.embed(weight, [3, 47], out)
      results.push(await backend.read(out))
    }
    const floats = await weightOf(backend, 'F32', 48, cols, new Uint8Array(randomNormal(48 * cols, 5).buffer))
    results.push(await product(backend, randomNormal(rows * cols, 6), floats, null))
    const out = backend.tensor(rows, cols)
    for (const type of ['f32', 'f16'] as const) {
      const cache = backend.cache({ type, layers: 2, kvHeads: 4, headSize: 128, capacity: 40 })
      const pass = backend.pass([{ cache, position: 0, tokens: rows }])
      backend.append(pass, 1, x, x)
      backend.attention(x, pass, out, { layer: 1, heads: 4, scale: 0.1 })
      results.push(await backend.read(out))
    }
    backend.rmsNorm(x, tensorOf(backend, 1, cols, randomNormal(cols, 7)), 1e-5, out)
    const table = tensorOf(backend, rows, 64, randomNormal(rows * 64, 8))
    backend.rope(out, { heads: 4, table, positions: Int32Array.of(0, 1, 2, 3, 4), pairs: 'half' })
    backend.gatedActivation(out, x, out)
    backend.add(out, x)
    results.push(await backend.read(out))
    backend.close()
    return results
  }

  test.each([1, 2])('give the same results, threads: %i', async (threads) => {
    // 0.5 MB a position: 2.6 GB, and nearly nothing.
    const high = await everything(threads, 5000)
    expect(high).toEqual(await everything(threads, 1))
    expect(high.every((values) => values.every(Number.isFinite))).toBe(true)
  })
})

describe('threads of the WebAssembly backend', () => {
  test('a process with an open backend ends by itself', async () => {
    const { status, stdout } = await runModule(`
      import { createWasmBackend } from 'multiscale/backend'
      const backend = createWasmBackend({ threads: 4 })
      const x = backend.tensor(100, 1000)
      backend.add(x, x)
      console.log((await backend.read(x)).length)
    `)
    expect({ status, stdout }).toEqual({ status: 0, stdout: '100000\n' })
  })

  test('nobody waits for threads that have not started', async () => {
    const backend = createWasmBackend({ threads: 8, variant: 'simd128' })
    const x = tensorOf(backend, 1, 200_000, new Float32Array(200_000).fill(1))
    // Before the event loop has turned once.
    for (let i = 0; i < 10; i++) backend.add(x, x)
    expect((await backend.read(x)).every((value) => value === 1024)).toBe(true)
    backend.close()
  })
})

test('a browser could load it: nothing that it imports imports a Node module', () => {
  const seen = new Set<string>()
  const visit = (file: URL) => {
    if (seen.has(file.href)) return
    seen.add(file.href)
    const source = readFileSync(file, 'utf8')
    // Types are gone at run time.
    for (const [, target] of source.matchAll(/^(?:import|export) (?!type)[^;]*?from '([^']+)'/gm)) {
      expect(target, file.pathname).not.toMatch(/^node:/)
      visit(new URL(target.replace(/\.js$/, '.ts'), file))
    }
  }
  visit(new URL('../../src/backend/wasm.ts', import.meta.url))
  expect(seen.size).toBeGreaterThan(5)
})

test('a compiled module can be passed, as in a browser', async () => {
  const module = readWasmModule('simd128', false)
  const backend = createWasmBackend({ module, variant: 'simd128', threads: 1 })
  const weight = await weightOf(backend, 'Q4_0', 16, 32, randomBlocks('Q4_0', 16, 32, 1))
  expect((await product(backend, randomNormal(32, 1), weight, GROUPS)).length).toBe(16)
  backend.close()
})

// The CPU of this test decides which path of eight-bit codes the contract tests take; the other one, here.
test.skipIf(!wasmVariants()[1].supported)('codes of eight bits in three products of seven', async () => {
  const backend = createWasmBackend({ variant: 'relaxed-simd', threads: 1 })
  const kernels = (backend as unknown as { kernels: { setEightBits(usable: boolean): void } }).kernels
  for (const type of ['Q8_0', 'IQ4_NL'] as const) {
    const weight = await weightOf(backend, type, 40, 96, randomBlocks(type, 40, 96, 3))
    for (const passes of [1, 2, 3] as const)
      for (const tokens of [1, 5]) {
        const x = randomNormal(tokens * 96, 4)
        const options = { passes, granularity: 'group' } as const
        kernels.setEightBits(relaxedDot() === 'unsigned')
        const usual = await product(backend, x, weight, options)
        kernels.setEightBits(false)
        expect(await product(backend, x, weight, options)).toEqual(usual)
      }
  }
  backend.close()
})
