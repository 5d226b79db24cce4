import { ATTENTION_BLOCK } from '../../../attention/index.js'
import type { Head } from './head.js'

/**
 * What is taken from the keys of a block of 64 before they are quantised, and added to the scores again: nothing; the block's
 * `own` mean key, which is known when the block is full; the mean key of the `previous` block, which a cache that
 * quantises each key as it comes has; or that one `turned` on by 64 positions, as the rotary embedding has turned the
 * block's own keys since.
 */
export type KeyShift = 'none' | 'own' | 'previous' | 'turned'

/**
 * The shifts [⌈keys / 64⌉ · headSize] and the keys less their shift.
 * @throws Error for 'turned' without a rotary embedding
 */
export function shiftKeys(
  { k, keys, headSize, turn }: Head,
  shift: Exclude<KeyShift, 'none'>,
): { shifts: Float32Array; rest: Float32Array } {
  if (shift === 'turned' && !turn) throw new Error('these keys have no rotary embedding')
  const blocks = Math.ceil(keys / ATTENTION_BLOCK)
  const shifts = new Float32Array(blocks * headSize)
  for (let block = shift === 'own' ? 0 : 1; block < blocks; block++) {
    const from = shift === 'own' ? block : block - 1
    const mean = meanKey(k, from * ATTENTION_BLOCK, keys, headSize)
    shifts.set(shift === 'turned' && turn ? turn(mean, ATTENTION_BLOCK) : mean, block * headSize)
  }
  const rest = k.map((x, i) => x - shifts[shiftIndex(i, headSize)])
  return { shifts, rest }
}

/** What the keys are once their shifts are added to `rest`. */
export function unshifted(
  rest: Float64Array,
  shifts: Float32Array | undefined,
  headSize: number,
): Float64Array {
  return shifts ? rest.map((x, i) => x + shifts[shiftIndex(i, headSize)]) : rest
}

/** Where the shift of element i of the keys [keys, headSize] is. */
function shiftIndex(i: number, headSize: number): number {
  return Math.floor(i / (ATTENTION_BLOCK * headSize)) * headSize + (i % headSize)
}

function meanKey(k: Float32Array, begin: number, keys: number, headSize: number): Float32Array {
  const end = Math.min(keys, begin + ATTENTION_BLOCK)
  return Float32Array.from({ length: headSize }, (_, d) => {
    let sum = 0
    for (let key = begin; key < end; key++) sum += k[key * headSize + d]
    return sum / (end - begin)
  })
}
