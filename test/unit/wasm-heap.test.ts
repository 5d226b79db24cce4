import { describe, expect, test } from 'vitest'
import { Heap } from '../../src/backend/wasm-heap.js'
import { seededRandom } from '../helpers/quants.js'

const PAGE = 65536
const memoryOf = (maximum = 1024) => new WebAssembly.Memory({ initial: 1, maximum })

describe('Heap', () => {
  test('blocks are aligned, apart, and inside the memory', () => {
    const memory = memoryOf()
    const heap = new Heap(memory, PAGE)
    const sizes = [1, 64, 65, 100_000, 3 * PAGE, 7]
    const blocks = sizes.map((size) => ({ begin: heap.allocate(size), size }))
    for (const { begin, size } of blocks) {
      expect(begin % 64).toBe(0)
      expect(begin).toBeGreaterThanOrEqual(PAGE)
      expect(begin + size).toBeLessThanOrEqual(memory.buffer.byteLength)
    }
    blocks.sort((a, b) => a.begin - b.begin)
    for (let i = 1; i < blocks.length; i++)
      expect(blocks[i].begin).toBeGreaterThanOrEqual(blocks[i - 1].begin + blocks[i - 1].size)
  })

  test('what was freed is used again, whole, whatever the order: seed 1', () => {
    const memory = memoryOf()
    const heap = new Heap(memory, PAGE)
    const random = seededRandom(1)
    for (let round = 0; round < 50; round++) {
      const blocks: number[] = []
      for (let i = 0; i < 100; i++) {
        blocks.push(heap.allocate(1 + 20_000 * random()))
        // Some leave early.
        if (random() < 0.3) heap.free(blocks.splice(Math.floor(random() * blocks.length), 1)[0])
      }
      while (blocks.length > 0) heap.free(blocks.splice(Math.floor(random() * blocks.length), 1)[0])
      expect(heap.used).toBe(0)
    }
    const bytes = memory.buffer.byteLength
    // Everything is one free range again.
    heap.free(heap.allocate(bytes - PAGE))
    expect(memory.buffer.byteLength).toBe(bytes)
    expect(bytes).toBeLessThan(32 << 20)
  })

  test('no two blocks overlap: seed 2', () => {
    const memory = memoryOf()
    const heap = new Heap(memory, PAGE)
    const random = seededRandom(2)
    const held: { address: number; size: number; mark: number }[] = []
    for (let i = 1; i <= 2000; i++) {
      if (held.length > 40 || (held.length > 0 && random() < 0.45)) {
        const [{ address, size, mark }] = held.splice(Math.floor(random() * held.length), 1)
        const bytes = new Uint8Array(memory.buffer, address, size)
        expect(bytes.every((byte) => byte === mark)).toBe(true)
        heap.free(address)
      } else {
        const size = 1 + Math.floor(3000 * random())
        const mark = i % 256
        const address = heap.allocate(size)
        new Uint8Array(memory.buffer, address, size).fill(mark)
        held.push({ address, size, mark })
      }
    }
  })

  test('beyond the limit: how much was asked for, used, free', () => {
    const heap = new Heap(memoryOf(), PAGE, 4 * PAGE)
    heap.allocate(PAGE)
    expect(() => heap.allocate(4 * PAGE)).toThrow(
      /out of WebAssembly memory: 262144 bytes more.*65536 are used and at most 196608 free of 262144/,
    )
    // It is still of use.
    heap.allocate(2 * PAGE)
    expect(heap.used).toBe(3 * PAGE)
  })

  test('a memory that cannot grow is the same error', () => {
    const heap = new Heap(memoryOf(2), PAGE)
    expect(() => heap.allocate(3 * PAGE)).toThrow(/out of WebAssembly memory/)
  })

  test('freeing twice, or what was never allocated, is an error', () => {
    const heap = new Heap(memoryOf(), PAGE)
    const address = heap.allocate(10)
    heap.free(address)
    expect(() => heap.free(address)).toThrow(/not allocated/)
    expect(() => heap.free(PAGE + 1)).toThrow(/not allocated/)
  })
})
