/** Addresses are multiples of a cache line. */
const ALIGNMENT = 64
const PAGE_BYTES = 65536
/** Memory grows by at least so much, so that views of it are seldom made anew. */
const GROWTH_BYTES = 16 << 20

/** Memory with 32-bit addresses, less one page so that none wraps around. */
export const WASM_MEMORY_BYTES = 65535 * PAGE_BYTES

/**
 * Blocks of a WebAssembly memory: first fit, and neighbours that are free become one. The memory itself never
 * shrinks, but what was freed is used again.
 */
export class Heap {
  readonly #memory: WebAssembly.Memory
  /** Free ranges by address; no two touch. */
  readonly #free: { begin: number; end: number }[] = []
  readonly #sizes = new Map<number, number>()
  #used = 0
  /** End of what is managed: beyond it memory is not allocated yet, or not ours. */
  #end: number
  readonly #limit: number

  /** @param limit bytes that the memory may grow to */
  constructor(memory: WebAssembly.Memory, begin: number, limit: number = WASM_MEMORY_BYTES) {
    this.#memory = memory
    this.#end = begin
    this.#limit = limit
  }

  /** Bytes in use. */
  get used(): number {
    return this.#used
  }

  /**
   * Not zeroed: a block may hold what was there before.
   * @throws RangeError saying how much was asked for and how much there is
   */
  allocate(bytes: number): number {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT)
    let index = this.#free.findIndex(({ begin, end }) => end - begin >= size)
    if (index < 0) {
      this.#grow(size)
      index = this.#free.length - 1
    }
    const range = this.#free[index]
    const address = range.begin
    range.begin += size
    if (range.begin === range.end) this.#free.splice(index, 1)
    this.#sizes.set(address, size)
    this.#used += size
    return address
  }

  /** @throws RangeError for an address that is not allocated */
  free(address: number): void {
    const size = this.#sizes.get(address)
    if (size === undefined) throw new RangeError(`address ${address} is not allocated`)
    this.#sizes.delete(address)
    this.#used -= size
    this.#release(address, address + size)
  }

  #release(begin: number, end: number): void {
    const next = this.#free.findIndex((range) => range.begin > begin)
    const index = next < 0 ? this.#free.length : next
    this.#free.splice(index, 0, { begin, end })
    const joined = this.#join(index - 1) ? index - 1 : index
    this.#join(joined)
  }

  /** Joins range `index` with the one behind it, if they touch. */
  #join(index: number): boolean {
    const range = this.#free[index]
    const next = this.#free[index + 1]
    if (!range || next?.begin !== range.end) return false
    range.end = next.end
    this.#free.splice(index + 1, 1)
    return true
  }

  /** Makes the last free range at least `size` long. */
  #grow(size: number): void {
    const last = this.#free.at(-1)
    const begin = last?.end === this.#end ? last.begin : this.#end
    const needed = begin + size
    const target = Math.min(this.#limit, Math.max(needed, this.#end + GROWTH_BYTES))
    const held = this.#memory.buffer.byteLength
    try {
      if (needed > this.#limit) throw new RangeError('beyond its limit')
      if (target > held) this.#memory.grow(Math.ceil((target - held) / PAGE_BYTES))
    } catch (cause) {
      const free = Math.max(0, this.#limit - this.#used)
      throw new RangeError(
        `out of WebAssembly memory: ${size} bytes more do not fit, ${this.#used} are used and at most ${free} free ` +
          `of ${this.#limit}; take a smaller or lower-bit model, a shorter context, or the native backend`,
        { cause },
      )
    }
    const end = Math.min(this.#limit, Math.max(target, this.#memory.buffer.byteLength))
    const from = this.#end
    this.#end = end
    this.#release(from, end)
  }
}
