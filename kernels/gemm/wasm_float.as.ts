// The float product, for models that are not quantised: blocks of 16 rows, [k][16], as the file's numbers.
import { Half } from '../base/wasm_half.as'
import { min, scratchOf } from '../base/wasm_job.as'
import { JOB } from '../base/wasm_memory.as'
import { BLOCK_ROWS } from './wasm_layout.as'
import { SLAB, writeResults } from './wasm_linear.as'

export const FLOAT_F32: i32 = 0
export const FLOAT_F16: i32 = 1
export const FLOAT_BF16: i32 = 2

/** Columns of a panel; even, so that even and odd columns keep their sums. */
const COLUMNS: i32 = 256
/** In a thread's scratch, behind the panel: sums of even columns [16], of odd ones [16] for each token of a slab. */
const RESULTS: usize = 16384

@unmanaged
export class FloatJob {
  type: i32
  weight: usize
  blockBytes: usize
  cols: i32
  rows: i32
  /** [tokens][cols] */
  x: usize
  tokens: i32
  /** [tokens][rows] */
  y: usize
  /** [rows], or 0. */
  bias: usize
  /** Blocks of a task. */
  step: i32
  /** A factor of the whole matrix. */
  scale: f32
}

export class Floats {
  /** Bytes of a number. */
  @inline static size(type: i32): i32 {
    return type == FLOAT_F32 ? 4 : 2
  }

  /** Four numbers in float32. */
  @inline static load4(type: i32, at: usize): v128 {
    if (type == FLOAT_F32) return v128.load(at)
    const words = v128.load16x4_u(at)
    return type == FLOAT_F16 ? Half.decode(words) : i32x4.shl(words, 16)
  }

  @inline static madd(a: v128, b: v128, sum: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum)
    return f32x4.add(f32x4.mul(a, b), sum)
  }
}

export function floatTask(task: i32, thread: i32): void {
  const job = changetype<FloatJob>(JOB)
  const blocks = (job.rows + BLOCK_ROWS - 1) / BLOCK_ROWS
  const tasks = (blocks + job.step - 1) / job.step
  const token = (task / tasks) * SLAB
  const tokens = min(SLAB, job.tokens - token)
  const first = (task % tasks) * job.step
  const last = min(blocks, first + job.step)
  const scratch = scratchOf(thread)
  const results = scratch + RESULTS
  const x = job.x + (token as usize) * (job.cols as usize) * 4
  for (let block = first; block < last; block++) {
    memory.fill(results, 0, (tokens as usize) << 7)
    multiply(job, job.weight + (block as usize) * job.blockBytes, x, tokens, scratch)
    for (let t: usize = 0; t < (tokens as usize); t++) {
      const sums = results + (t << 7)
      for (let lane: usize = 0; lane < 64; lane += 16)
        v128.store(sums + lane, f32x4.add(v128.load(sums + lane), v128.load(sums + lane, 64)))
    }
    writeResults(job.y, job.rows, job.bias, job.scale, block * BLOCK_ROWS, token, tokens, results, 128)
  }
}

function multiply(job: FloatJob, block: usize, x: usize, tokens: i32, scratch: usize): void {
  const size = Floats.size(job.type)
  for (let k = 0; k < job.cols; k += COLUMNS) {
    const count = min(COLUMNS, job.cols - k)
    let panel = block + ((k * BLOCK_ROWS * size) as usize)
    if (job.type != FLOAT_F32) {
      for (let i = 0; i < count * BLOCK_ROWS; i += 4)
        v128.store(scratch + ((i << 2) as usize), Floats.load4(job.type, panel + ((i * size) as usize)))
      panel = scratch
    }
    for (let t = 0; t < tokens; t++) {
      const row = x + ((t as usize) * (job.cols as usize) + (k as usize)) * 4
      multiplyRow(panel, count, row, scratch + RESULTS + ((t << 7) as usize))
    }
  }
}

/** Adds a panel times a token's activations to its sums. */
function multiplyRow(w: usize, count: i32, x: usize, sums: usize): void {
  let e0 = v128.load(sums)
  let e1 = v128.load(sums, 16)
  let e2 = v128.load(sums, 32)
  let e3 = v128.load(sums, 48)
  let o0 = v128.load(sums, 64)
  let o1 = v128.load(sums, 80)
  let o2 = v128.load(sums, 96)
  let o3 = v128.load(sums, 112)
  const end = x + (((count & ~1) << 2) as usize)
  while (x < end) {
    const a = v128.load32_splat(x)
    const b = v128.load32_splat(x, 4)
    e0 = Floats.madd(v128.load(w), a, e0)
    e1 = Floats.madd(v128.load(w, 16), a, e1)
    e2 = Floats.madd(v128.load(w, 32), a, e2)
    e3 = Floats.madd(v128.load(w, 48), a, e3)
    o0 = Floats.madd(v128.load(w, 64), b, o0)
    o1 = Floats.madd(v128.load(w, 80), b, o1)
    o2 = Floats.madd(v128.load(w, 96), b, o2)
    o3 = Floats.madd(v128.load(w, 112), b, o3)
    w += 128
    x += 8
  }
  if (count & 1) {
    const a = v128.load32_splat(x)
    e0 = Floats.madd(v128.load(w), a, e0)
    e1 = Floats.madd(v128.load(w, 16), a, e1)
    e2 = Floats.madd(v128.load(w, 32), a, e2)
    e3 = Floats.madd(v128.load(w, 48), a, e3)
  }
  v128.store(sums, e0)
  v128.store(sums, e1, 16)
  v128.store(sums, e2, 32)
  v128.store(sums, e3, 48)
  v128.store(sums, o0, 64)
  v128.store(sums, o1, 80)
  v128.store(sums, o2, 96)
  v128.store(sums, o3, 112)
}
