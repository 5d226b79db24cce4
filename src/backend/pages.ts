/** Positions of a page of a cache. */
export const PAGE = 64

/** A cache has no room for what was to be stored. Nothing was stored, and what other sequences hold is unharmed. */
export class CacheFullError extends Error {
  override readonly name = 'CacheFullError'
}

/** The pages that the sequences of one cache share, each with the number of sequences that hold it. */
export class PagePool {
  readonly #holders: Int32Array
  /** Pages that nobody holds. */
  readonly #free: number[]
  readonly #copy: (from: number, to: number) => void

  /** @param copy copies what a page holds, of all layers */
  constructor(pages: number, copy: (from: number, to: number) => void) {
    this.#holders = new Int32Array(pages)
    this.#free = Array.from({ length: pages }, (_, i) => pages - 1 - i)
    this.#copy = copy
  }

  get count(): number {
    return this.#holders.length
  }

  get free(): number {
    return this.#free.length
  }

  /** @throws CacheFullError unless so many pages are free */
  demand(pages: number): void {
    if (pages <= this.#free.length) return
    throw new CacheFullError(
      `the cache is full: ${pages * PAGE} more positions are needed, ${this.#free.length * PAGE} of ` +
        `${this.count * PAGE} are free; free or truncate a sequence, or make the cache larger`,
    )
  }

  take(): number {
    const page = this.#free.pop() as number
    this.#holders[page] = 1
    return page
  }

  share(page: number): void {
    this.#holders[page]++
  }

  release(page: number): void {
    if (--this.#holders[page] === 0) this.#free.push(page)
  }

  shared(page: number): boolean {
    return this.#holders[page] > 1
  }

  /** A page of one's own with what this one holds. */
  replace(page: number): number {
    const own = this.take()
    this.#copy(page, own)
    this.release(page)
    return own
  }
}

/**
 * The pages of one sequence: position p is in pages[⌊p / 64⌋]. Forks share pages until one of them writes; truncating, forking and
 * freeing cost a step a page.
 */
export class PageTable {
  readonly #pool: PagePool
  #pages: number[] = []
  #length = 0
  /** Changes when pages do. */
  version = 0

  constructor(pool: PagePool) {
    this.#pool = pool
  }

  /** Positions that were written. */
  get length(): number {
    return this.#length
  }

  get pages(): readonly number[] {
    return this.#pages
  }

  /** Pages that `reserve` would take. */
  needed(position: number, rows: number): number {
    const [first, last] = [Math.floor(position / PAGE), Math.floor((position + rows - 1) / PAGE)]
    let count = Math.max(0, last + 1 - this.#pages.length)
    for (let i = first; i <= Math.min(last, this.#pages.length - 1); i++)
      if (this.#pool.shared(this.#pages[i])) count++
    return count
  }

  /** Makes positions position … position + rows − 1 writable for this sequence alone; as many pages must be free as it needs. */
  reserve(position: number, rows: number): void {
    const last = Math.floor((position + rows - 1) / PAGE)
    for (let i = Math.floor(position / PAGE); i <= last; i++) {
      if (i >= this.#pages.length) this.#pages.push(this.#pool.take())
      else if (this.#pool.shared(this.#pages[i])) this.#pages[i] = this.#pool.replace(this.#pages[i])
      else continue
      this.version++
    }
    this.#length = Math.max(this.#length, position + rows)
  }

  /** Another sequence with the first `positions` of this one. */
  fork(positions: number): PageTable {
    const other = new PageTable(this.#pool)
    other.#pages = this.#pages.slice(0, Math.ceil(positions / PAGE))
    for (const page of other.#pages) this.#pool.share(page)
    other.#length = positions
    // A page that was this one's alone no longer is.
    this.version++
    return other
  }

  /** Forgets all but the first `positions`. */
  truncate(positions: number): void {
    const keep = Math.ceil(positions / PAGE)
    for (const page of this.#pages.splice(keep)) this.#pool.release(page)
    this.#length = Math.min(this.#length, positions)
    this.version++
  }
}
