/**
 * The corpus's own random numbers: sfc32 (Chris Doty-Humphrey's small fast counting generator), seeded from two
 * numbers by an avalanche hash. Every document has its own stream, so that it does not depend on those before it.
 */
export class Random {
  private a: number
  private b: number
  private c: number
  private counter = 1

  /** @param seed and stream: whole numbers from 0 to 2^53 − 1 */
  constructor(seed: number, stream = 0) {
    this.a = mix(seed >>> 0, Math.floor(seed / 2 ** 32))
    this.b = mix(stream >>> 0, Math.floor(stream / 2 ** 32) ^ 0x5bf03635)
    this.c = mix(this.a, this.b)
    for (let i = 0; i < 12; i++) this.next()
  }

  /** An integer from 0 to 2³² − 1. */
  next(): number {
    const result = (this.a + this.b + this.counter++) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** A multiple of 2⁻³² in [0, 1). */
  nextFraction(): number {
    return this.next() / 2 ** 32
  }

  /** An integer from 0 to bound − 1. */
  below(bound: number): number {
    return Math.floor(this.nextFraction() * bound)
  }

  /** An integer from low to high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.nextFraction() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }

  /** So many different ones of the list, in the order they were drawn. */
  sample<T>(list: readonly T[], count: number): T[] {
    const rest = [...list]
    const drawn: T[] = []
    while (drawn.length < count && rest.length > 0) drawn.push(...rest.splice(this.below(rest.length), 1))
    return drawn
  }
}

function mix(low: number, high: number): number {
  return avalanche(avalanche(low ^ 0x9e3779b9) ^ Math.imul(high, 0x85ebca6b))
}

/** The finaliser of MurmurHash3: every bit of the input changes half of the output's. */
function avalanche(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** A hash of a text, uniform in [0, 1): FNV-1a over its UTF-16 code units, then the finaliser. */
export function hashFraction(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return (avalanche(h) >>> 0) / 2 ** 32
}
