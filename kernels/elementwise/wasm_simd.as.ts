// Operations that touch each activation once; see contract.h for what they mean. The same bits in every build.
import { min, report, scratchOf } from '../base/wasm_job.as'
import { JOB } from '../base/wasm_memory.as'
import { Digits } from './wasm_digits.as'

/** Elements of a task of add and gatedActivation: worth a hand-over. */
export const SLICE: i32 = 16384

@unmanaged
class ElementsJob {
  a: usize
  b: usize
  out: usize
  count: i32
}

@unmanaged
class NormJob {
  x: usize
  gain: usize
  epsilon: f32
  out: usize
  cols: i32
}

@unmanaged
class RopeJob {
  x: usize
  heads: i32
  headSize: i32
  /** Of each position: cos [width / 2], sin [width / 2]. */
  table: usize
  width: i32
  half: i32
  /** [rows] */
  positions: usize
}

@unmanaged
class DecomposeJob {
  x: usize
  cols: i32
  passes: i32
  perRow: i32
  digits: usize
  rows: i32
}

export class Math4 {
  /**
   * e^x for x ≤ 88; 0 below −87.3, infinity above 88, NaN for NaN. Reduction by ln 2 in two parts, then the Taylor
   * polynomial of degree 7 on |r| ≤ 0.35: truncation below 6e-9.
   */
  @inline static exp(x: v128): v128 {
    const clamped = f32x4.pmax(f32x4.splat(-87.33654), f32x4.pmin(x, f32x4.splat(88)))
    const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)))
    const upper = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)))
    const r = f32x4.sub(upper, f32x4.mul(n, f32x4.splat(-2.1219444e-4)))
    let p = f32x4.splat(1.0 / 5040.0)
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 720.0))
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 120.0))
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 24.0))
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 6.0))
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5))
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1))
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1))
    const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23)
    const value = f32x4.mul(p, power)
    const notSmall = v128.andnot(value, f32x4.lt(x, f32x4.splat(-87.33654)))
    const result = v128.bitselect(f32x4.splat(Infinity), notSmall, f32x4.gt(x, f32x4.splat(88)))
    return v128.bitselect(result, x, f32x4.eq(x, x))
  }

  @inline static sum(x: v128): f32 {
    const pairs = f32x4.add(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
    return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1)
  }

  @inline static swiglu(gate: v128, up: v128): v128 {
    const one = f32x4.splat(1)
    return f32x4.mul(f32x4.div(gate, f32x4.add(one, Math4.exp(f32x4.neg(gate)))), up)
  }
}

export function addTask(task: i32): void {
  const job = changetype<ElementsJob>(JOB)
  const first = (task * SLICE) as usize
  let a = job.a + (first << 2)
  let b = job.b + (first << 2)
  const count = min(SLICE, job.count - task * SLICE) as usize
  const end = a + (count << 2)
  for (; a + 16 <= end; a += 16, b += 16) v128.store(a, f32x4.add(v128.load(a), v128.load(b)))
  for (; a < end; a += 4, b += 4) store<f32>(a, load<f32>(a) + load<f32>(b))
}

/** out = a / (1 + e^-a) · b */
export function swigluTask(task: i32): void {
  const job = changetype<ElementsJob>(JOB)
  const first = (task * SLICE) as usize
  let a = job.a + (first << 2)
  let b = job.b + (first << 2)
  let out = job.out + (first << 2)
  const count = min(SLICE, job.count - task * SLICE) as usize
  const end = a + (count << 2)
  for (; a + 16 <= end; a += 16, b += 16, out += 16) v128.store(out, Math4.swiglu(v128.load(a), v128.load(b)))
  for (; a < end; a += 4, b += 4, out += 4) {
    const y = Math4.swiglu(v128.load32_zero(a), v128.load32_zero(b))
    v128.store32_lane(out, y, 0)
  }
}

class Norm {
  /** Σ (factor · x)², over 16 lanes and then a tree. */
  static squares(x: usize, cols: i32, factor: f32): f32 {
    const f = f32x4.splat(factor)
    let s0 = f32x4.splat(0)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    const end = x + ((cols << 2) as usize)
    for (; x + 64 <= end; x += 64) {
      let v = f32x4.mul(v128.load(x), f)
      s0 = f32x4.add(s0, f32x4.mul(v, v))
      v = f32x4.mul(v128.load(x, 16), f)
      s1 = f32x4.add(s1, f32x4.mul(v, v))
      v = f32x4.mul(v128.load(x, 32), f)
      s2 = f32x4.add(s2, f32x4.mul(v, v))
      v = f32x4.mul(v128.load(x, 48), f)
      s3 = f32x4.add(s3, f32x4.mul(v, v))
    }
    // Fewer than four vectors are left: one for each sum.
    if (x + 16 <= end) {
      const v = f32x4.mul(v128.load(x), f)
      s0 = f32x4.add(s0, f32x4.mul(v, v))
      x += 16
    }
    if (x + 16 <= end) {
      const v = f32x4.mul(v128.load(x), f)
      s1 = f32x4.add(s1, f32x4.mul(v, v))
      x += 16
    }
    if (x + 16 <= end) {
      const v = f32x4.mul(v128.load(x), f)
      s2 = f32x4.add(s2, f32x4.mul(v, v))
      x += 16
    }
    const v = f32x4.mul(Norm.rest(x, end), f)
    s3 = f32x4.add(s3, f32x4.mul(v, v))
    return Math4.sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)))
  }

  /** The last one to three numbers; zeros behind them. */
  @inline static rest(x: usize, end: usize): v128 {
    let v = f32x4.splat(0)
    if (x < end) v = v128.load32_lane(x, v, 0)
    if (x + 4 < end) v = v128.load32_lane(x, v, 1, 4)
    if (x + 8 < end) v = v128.load32_lane(x, v, 2, 8)
    return v
  }
}

/** A task is a row. */
export function normTask(row: i32): void {
  const job = changetype<NormJob>(JOB)
  const cols = job.cols
  const bytes = (cols << 2) as usize
  let x = job.x + (row as usize) * bytes
  let out = job.out + (row as usize) * bytes
  let gain = job.gain
  let shrink: f32 = 1
  let squares = Norm.squares(x, cols, shrink)
  if (squares - squares != 0) {
    // Overflow: quiet zeros would come out. The factor is 2^-64.
    shrink = reinterpret<f32>(63 << 23)
    squares = Norm.squares(x, cols, shrink)
  }
  const factor = shrink / sqrt<f32>(squares / (cols as f32) + job.epsilon * shrink * shrink)
  const f = f32x4.splat(factor)
  const end = x + bytes
  for (; x + 16 <= end; x += 16, gain += 16, out += 16)
    v128.store(out, f32x4.mul(f32x4.mul(v128.load(x), f), v128.load(gain)))
  for (; x < end; x += 4, gain += 4, out += 4) store<f32>(out, load<f32>(x) * factor * load<f32>(gain))
}

/** A task is a row. */
export function ropeTask(row: i32): void {
  const job = changetype<RopeJob>(JOB)
  const half = (job.width >> 1) as usize
  const position = load<i32>(job.positions + ((row << 2) as usize))
  const cosine = job.table + (position as usize) * ((job.width << 2) as usize)
  const sine = cosine + (half << 2)
  const near: usize = job.half ? 4 : 8
  const far: usize = job.half ? half << 2 : 4
  let head = job.x + (row as usize) * ((job.heads * job.headSize) as usize) * 4
  for (let h = 0; h < job.heads; h++, head += (job.headSize << 2) as usize) {
    let i: usize = 0
    if (job.half) {
      for (; i + 4 <= half; i += 4) {
        const at = head + (i << 2)
        const u = v128.load(at)
        const v = v128.load(at + far)
        const c = v128.load(cosine + (i << 2))
        const s = v128.load(sine + (i << 2))
        v128.store(at, f32x4.sub(f32x4.mul(u, c), f32x4.mul(v, s)))
        v128.store(at + far, f32x4.add(f32x4.mul(u, s), f32x4.mul(v, c)))
      }
    }
    for (; i < half; i++) {
      const at = head + i * near
      const u = load<f32>(at)
      const v = load<f32>(at + far)
      const c = load<f32>(cosine + (i << 2))
      const s = load<f32>(sine + (i << 2))
      store<f32>(at, u * c - v * s)
      store<f32>(at + far, u * s + v * c)
    }
  }
}

/** A task is a row; reports the index of the first value that is not finite. */
export function decomposeTask(row: i32, thread: i32): void {
  const job = changetype<DecomposeJob>(JOB)
  const cols = job.cols
  const x = job.x + (row as usize) * ((cols << 2) as usize)
  const bad = Digits.row(x, cols, job.passes, job.perRow != 0, job.digits, row, job.rows, scratchOf(thread))
  if (bad >= 0) report(row * cols + bad)
}
