import { Random } from '../../../engine/random.js'

/** Random queries, keys and values; the same seed gives the same numbers. */

const normalOf = (random: Random) =>
  Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble())

/** Normal numbers (Box–Muller). */
export function normal(length: number, seed: number): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length }, () => normalOf(random))
}

/** Numbers mean ± amplitude, uniform. */
export function uniform(length: number, seed: number, mean = 0, amplitude = 1): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length }, () => mean + amplitude * (2 * random.nextDouble() - 1))
}

/** FlashAttention-3's mix: normal numbers, one in a thousand of them with an outlier of `amplitude` normal deviations added. */
export function hybrid(length: number, seed: number, mean = 0, amplitude = 1): Float32Array {
  const random = new Random(seed)
  return Float32Array.from(
    { length },
    () => mean + normalOf(random) + (random.nextDouble() < 0.001 ? amplitude * normalOf(random) : 0),
  )
}
