/**
 * xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021), seeded by
 * splitmix32: small, fast in 32-bit arithmetic, the same numbers on every platform. Not for secrets.
 */
export class Random {
  private readonly words = new Uint32Array(4)

  /**
   * @param seed a non-negative safe integer; left out, one is drawn from the platform's entropy
   * @throws RangeError for any other seed
   */
  constructor(seed: number = randomSeed()) {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new RangeError(`The seed must be an integer from 0 to 2^53 − 1, it is ${seed}`)
    const low = splitmix32(seed % 2 ** 32)
    const high = splitmix32(Math.floor(seed / 2 ** 32) ^ 0x5bf03635)
    // Each word depends on both halves of the seed.
    for (let i = 0; i < 4; i++) this.words[i] = low() ^ high()
    if (this.words.every((word) => word === 0)) this.words[0] = 1
  }

  /**
   * The whole state, 4 words; assign a saved one to go on from there. @throws RangeError if it is no such
   * state
   */
  get state(): Uint32Array {
    return this.words.slice()
  }

  set state(state: ArrayLike<number>) {
    const words = Uint32Array.from(state)
    if (words.length !== 4 || words.every((word) => word === 0))
      throw new RangeError('The state of the random number generator is 4 words, not all of them 0')
    this.words.set(words)
  }

  /** An integer from 0 to 2³² − 1. */
  nextUint32(): number {
    const { words } = this
    const result = Math.imul(rotateLeft(Math.imul(words[1]!, 5), 7), 9) >>> 0
    const shifted = words[1]! << 9
    words[2]! ^= words[0]!
    words[3]! ^= words[1]!
    words[1]! ^= words[2]!
    words[0]! ^= words[3]!
    words[2]! ^= shifted
    words[3] = rotateLeft(words[3]!, 11)
    return result
  }

  /** A multiple of 2⁻⁵³, uniform in [0, 1). */
  nextDouble(): number {
    const high = this.nextUint32() >>> 5
    const low = this.nextUint32() >>> 6
    return (high * 2 ** 26 + low) / 2 ** 53
  }
}

const rotateLeft = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits))

/** Steele, Lea and Flood's SplitMix with a 32-bit state and the finaliser of MurmurHash3. */
function splitmix32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let word = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
    return word ^ (word >>> 16)
  }
}

function randomSeed(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2))
  return (high! >>> 11) * 2 ** 32 + low!
}
