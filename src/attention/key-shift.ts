import type { QuantizedRows } from './quantized-rows.js'

/** How far the rotary embedding turns a key over some positions. */
export interface BlockTurn {
  /** [width]: cosines of width / 2 angles, then their sines; elements of a head beyond width stay. */
  readonly angles: Float32Array
  /** 'interleaved' turns pairs (2i, 2i + 1), 'half' pairs (i, i + width / 2). */
  readonly pairs: 'interleaved' | 'half'
}

/**
 * What is taken from the keys of a block before they are quantised: the mean of the keys before, turned on as the rotary
 * embedding has turned the block's own keys since. (PASA's shift, arXiv 2503.01873, which takes the block's own mean: a cache
 * that quantises each key as it comes does not know it yet.) Every step is rounded to binary32, bit for bit as in the kernels.
 * @param keys the block before, as codes
 * @param shift what was taken from that block, [keys.cols]
 * @returns [keys.cols]
 */
export function nextKeyShift(keys: QuantizedRows, shift: Float32Array, turn: BlockTurn): Float32Array {
  const { rows, cols, groups, groupSize, codes, scales } = keys
  const mean = new Float32Array(cols)
  const share = Math.fround(1 / rows)
  for (let d = 0; d < cols; d++) {
    let sum = 0
    for (let row = 0; row < rows; row++) {
      const scale = scales[row * groups + Math.floor(d / groupSize)]
      sum = Math.fround(sum + Math.fround(scale * codes[row * cols + d]))
    }
    mean[d] = Math.fround(sum * share) + shift[d]
  }
  return turnKey(mean, turn)
}

/** Turns a key [elements of a head] in place, every step rounded to binary32. */
export function turnKey(key: Float32Array, { angles, pairs }: BlockTurn): Float32Array {
  const half = angles.length / 2
  for (let i = 0; i < half; i++) {
    const [a, b] = pairs === 'half' ? [i, i + half] : [2 * i, 2 * i + 1]
    const [cos, sin, x, y] = [angles[i], angles[half + i], key[a], key[b]]
    key[a] = Math.fround(x * cos) - Math.fround(y * sin)
    key[b] = Math.fround(x * sin) + Math.fround(y * cos)
  }
  return key
}
