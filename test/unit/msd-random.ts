/** Reproducible data: mulberry32, a 32-bit generator whose seed is in every test that uses it. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** Uniform in [0, 1), 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** Integer in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  uniform(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => 2 * this.next() - 1)
  }

  /** Standard normal, Box–Muller. */
  normal(count: number): Float32Array {
    return Float32Array.from(
      { length: count },
      () => Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next()),
    )
  }

  /** Density e^−|x| / 2. */
  laplace(count: number): Float32Array {
    return Float32Array.from(
      { length: count },
      () => Math.log(1 - this.next()) * (this.next() < 0.5 ? -1 : 1),
    )
  }
}
