// Attention over a cache of float keys and values; see contract.h. Keys of a kv head lie as [t/16][d][16], values as
// [t][d], so that no sum crosses lanes. Sums run over d and t in ascending order, whatever the number of query rows.
import { Half } from '../base/wasm_half.as'
import { min } from '../base/wasm_job.as'
import { JOB } from '../base/wasm_memory.as'
import { Math4 } from '../elementwise/wasm_simd.as'
import { Floats } from '../gemm/wasm_float.as'

/** Positions of a block. */
const BLOCK: i32 = 16
/** Positions of a page, and its blocks. */
const PAGE: i32 = 64
const PAGE_BLOCKS: i32 = 4
/** Query rows that share a pass over keys and values. */
const ROWS: i32 = 16

/** The rows of a pass: see attention/cache.h. */
@unmanaged
class PassJob {
  /** Of the layer, in page 0: of every kv head its keys, then its values. */
  base: usize
  /** Of the keys, or the values, of a kv head. */
  blockBytes: usize
  pageBytes: usize
  half: i32
  kvHeads: i32
  headSize: i32
  sequences: i32
  /** [sequences + 1] */
  starts: usize
  /** [rows] */
  positions: usize
  /** [sequences][stride] */
  tables: usize
  stride: i32
}

@unmanaged
class CacheJob extends PassJob {
  /** [rows][kvHeads · headSize]: to append */
  k: usize
  v: usize
}

@unmanaged
class AttendJob extends PassJob {
  /** [rows][heads · headSize] */
  q: usize
  out: usize
  heads: i32
  scale: f32
  /** Positions that a row sees at most. */
  window: i32
  /** 0: none */
  softcap: f32
  /** Tokens of a task. */
  tokens: i32
  /** Of a thread: a block of keys or values in float32, then scores [ROWS][stride · PAGE]. */
  scratch: usize
  scratchBytes: usize
  scoreBytes: usize
}

class Pages {
  /** First row of a sequence; of the one after the last, the number of rows. */
  @inline static start(job: PassJob, sequence: i32): i32 {
    return load<i32>(job.starts + ((sequence << 2) as usize))
  }

  @inline static position(job: PassJob, row: i32): i32 {
    return load<i32>(job.positions + ((row << 2) as usize))
  }

  /** The keys of a kv head in a page of a sequence; its values follow. */
  @inline static keys(job: PassJob, sequence: i32, head: i32, page: i32): usize {
    const entry = ((sequence * job.stride + page) << 2) as usize
    const number = load<i32>(job.tables + entry) as usize
    return job.base + number * job.pageBytes + ((head << 1) as usize) * job.blockBytes
  }
}

class Cache {
  static storeKey(half: i32, k: usize, headSize: i32, position: i32, keys: usize): void {
    const at = (position / BLOCK) * BLOCK * headSize + (position % BLOCK)
    for (let d = 0; d < headSize; d++) {
      const index = (at + d * BLOCK) as usize
      const x = v128.load32_zero(k + ((d << 2) as usize))
      if (half) v128.store16_lane(keys + (index << 1), Half.encode(x), 0)
      else v128.store32_lane(keys + (index << 2), x, 0)
    }
  }

  static storeValue(half: i32, v: usize, headSize: i32, position: i32, values: usize): void {
    const at = (position as usize) * (headSize as usize)
    if (!half) {
      memory.copy(values + (at << 2), v, (headSize << 2) as usize)
      return
    }
    let to = values + (at << 1)
    const end = v + ((headSize << 2) as usize)
    for (; v + 16 <= end; v += 16, to += 8) Half.store(to, Half.encode(v128.load(v)))
    for (; v < end; v += 4, to += 2) v128.store16_lane(to, Half.encode(v128.load32_zero(v)), 0)
  }

  /** A block of keys or values in float32: where it lies, or converted to `scratch`. */
  @inline static block(half: i32, base: usize, index: i32, headSize: i32, scratch: usize): usize {
    const numbers = (headSize * BLOCK) as usize
    const first = (index as usize) * numbers
    if (!half) return base + (first << 2)
    let from = base + (first << 1)
    for (let to = scratch; to < scratch + (numbers << 2); to += 16, from += 8)
      v128.store(to, Half.decode(v128.load16x4_u(from)))
    return scratch
  }
}

/** A task is a row. */
export function appendTask(row: i32): void {
  const job = changetype<CacheJob>(JOB)
  let sequence = 0
  while (Pages.start(job, sequence + 1) <= row) sequence++
  const position = Pages.position(job, row)
  const at = position % PAGE
  const width = (job.headSize << 2) as usize
  for (let head = 0; head < job.kvHeads; head++) {
    const source = ((row * job.kvHeads + head) as usize) * width
    const keys = Pages.keys(job, sequence, head, position / PAGE)
    Cache.storeKey(job.half, job.k + source, job.headSize, at, keys)
    Cache.storeValue(job.half, job.v + source, job.headSize, at, keys + job.blockBytes)
  }
}

class Attention {
  /** Scores of one query row against a block [d][16]. */
  static score(keys: usize, q: usize, headSize: i32, scale: f32, scores: usize): void {
    let s0 = f32x4.splat(0)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    const end = q + ((headSize << 2) as usize)
    do {
      const x = v128.load32_splat(q)
      s0 = Floats.madd(v128.load(keys), x, s0)
      s1 = Floats.madd(v128.load(keys, 16), x, s1)
      s2 = Floats.madd(v128.load(keys, 32), x, s2)
      s3 = Floats.madd(v128.load(keys, 48), x, s3)
      keys += 64
      q += 4
    } while (q < end)
    const factor = f32x4.splat(scale)
    v128.store(scores, f32x4.mul(s0, factor))
    v128.store(scores, f32x4.mul(s1, factor), 16)
    v128.store(scores, f32x4.mul(s2, factor), 32)
    v128.store(scores, f32x4.mul(s3, factor), 48)
  }

  /** cap · tanh(s / cap) of scores [BLOCK] */
  static cap(scores: usize, cap: f32): void {
    const one = f32x4.splat(1)
    for (let at = scores; at < scores + 4 * BLOCK; at += 16) {
      const e = Math4.exp(f32x4.mul(v128.load(at), f32x4.splat((2 as f32) / cap)))
      const t = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(e, one)))
      v128.store(at, f32x4.mul(f32x4.splat(cap), t))
    }
  }

  /** In place; entries of the first and last block that lie outside first … visible − 1 become 0. */
  static softmax(row: usize, first: i32, visible: i32): void {
    const scores = row + (((first / BLOCK) * BLOCK * 4) as usize)
    const end = row + ((((visible + BLOCK - 1) / BLOCK) * BLOCK * 4) as usize)
    for (let at = scores; at < row + ((first << 2) as usize); at += 4) store<f32>(at, -Infinity)
    for (let at = row + ((visible << 2) as usize); at < end; at += 4) store<f32>(at, -Infinity)
    let m0 = f32x4.splat(-Infinity)
    let m1 = m0
    let m2 = m0
    let m3 = m0
    for (let at = scores; at < end; at += 64) {
      m0 = f32x4.max(m0, v128.load(at))
      m1 = f32x4.max(m1, v128.load(at, 16))
      m2 = f32x4.max(m2, v128.load(at, 32))
      m3 = f32x4.max(m3, v128.load(at, 48))
    }
    const m = f32x4.max(f32x4.max(m0, m1), f32x4.max(m2, m3))
    const pair = f32x4.max(m, i8x16.shuffle(m, m, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
    const shift = f32x4.splat(max<f32>(f32x4.extract_lane(pair, 0), f32x4.extract_lane(pair, 1)))
    m0 = f32x4.splat(0)
    m1 = m0
    m2 = m0
    m3 = m0
    for (let at = scores; at < end; at += 64) {
      const a = Math4.exp(f32x4.sub(v128.load(at), shift))
      const b = Math4.exp(f32x4.sub(v128.load(at, 16), shift))
      const c = Math4.exp(f32x4.sub(v128.load(at, 32), shift))
      const d = Math4.exp(f32x4.sub(v128.load(at, 48), shift))
      v128.store(at, a)
      v128.store(at, b, 16)
      v128.store(at, c, 32)
      v128.store(at, d, 48)
      m0 = f32x4.add(m0, a)
      m1 = f32x4.add(m1, b)
      m2 = f32x4.add(m2, c)
      m3 = f32x4.add(m3, d)
    }
    const sum = Math4.sum(f32x4.add(f32x4.add(m0, m1), f32x4.add(m2, m3)))
    const inverse = f32x4.splat((1 as f32) / sum)
    for (let at = scores; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), inverse))
  }

  /** out [headSize] += Σ p_t · v_t over `count` positions of a block [t][d]. */
  static values(values: usize, p: usize, count: i32, headSize: i32, out: usize): void {
    const stride = (headSize << 2) as usize
    const last = p + ((count << 2) as usize)
    let d = 0
    for (; d + 16 <= headSize; d += 16, values += 64, out += 64) {
      let s0 = v128.load(out)
      let s1 = v128.load(out, 16)
      let s2 = v128.load(out, 32)
      let s3 = v128.load(out, 48)
      let v = values
      for (let at = p; at < last; at += 4, v += stride) {
        const x = v128.load32_splat(at)
        s0 = Floats.madd(v128.load(v), x, s0)
        s1 = Floats.madd(v128.load(v, 16), x, s1)
        s2 = Floats.madd(v128.load(v, 32), x, s2)
        s3 = Floats.madd(v128.load(v, 48), x, s3)
      }
      v128.store(out, s0)
      v128.store(out, s1, 16)
      v128.store(out, s2, 32)
      v128.store(out, s3, 48)
    }
    for (; d < headSize; d++, values += 4, out += 4) {
      let sum = v128.load32_zero(out)
      let v = values
      for (let at = p; at < last; at += 4, v += stride)
        sum = Floats.madd(v128.load32_zero(v), v128.load32_zero(at), sum)
      v128.store32_lane(out, sum, 0)
    }
  }
}

/** A task is a kv head and some tokens of a sequence: all query heads that share the kv head. */
export function attendTask(task: i32, thread: i32): void {
  const job = changetype<AttendJob>(JOB)
  let sequence = 0
  let parts = 0
  for (; ; sequence++) {
    const tokens = Pages.start(job, sequence + 1) - Pages.start(job, sequence)
    parts = (tokens + job.tokens - 1) / job.tokens
    if (task < parts * job.kvHeads) break
    task -= parts * job.kvHeads
  }
  const kvHead = task % job.kvHeads
  // The last tokens see the most keys: they come first, so that no thread ends on a long task.
  const token = Pages.start(job, sequence) + (parts - 1 - task / job.kvHeads) * job.tokens
  const group = job.heads / job.kvHeads
  const rows = min(job.tokens, Pages.start(job, sequence + 1) - token) * group
  for (let row = 0; row < rows; row += ROWS)
    attendRows(job, sequence, kvHead, token, row, min(ROWS, rows - row), thread)
}

/** x, or 0 if that is more. */
function positive(x: i32): i32 {
  return x > 0 ? x : 0
}

/** First position that a row of a token sees. */
function firstSeen(job: AttendJob, token: i32): i32 {
  return positive(Pages.position(job, token) + 1 - job.window)
}

/** Rows first … first + count − 1 of a task: row i is head i % group of token `token` + i / group. */
function attendRows(
  job: AttendJob,
  sequence: i32,
  kvHead: i32,
  token: i32,
  first: i32,
  count: i32,
  thread: i32,
): void {
  const headSize = job.headSize
  const group = job.heads / job.kvHeads
  const width = ((job.heads * headSize) << 2) as usize
  const scratch = job.scratch + (thread as usize) * job.scratchBytes
  const scores = (scratch + ((headSize * BLOCK) << 2)) as usize
  const begin = firstSeen(job, token + first / group) / BLOCK
  const seen = Pages.position(job, token + (first + count - 1) / group) + 1
  for (let block = begin; block * BLOCK < seen; block++) {
    const keys = Pages.keys(job, sequence, kvHead, block / PAGE_BLOCKS)
    const k = Cache.block(job.half, keys, block % PAGE_BLOCKS, headSize, scratch)
    for (let i = 0; i < count; i++) {
      const t = token + (first + i) / group
      if (block * BLOCK > Pages.position(job, t) || (block + 1) * BLOCK <= firstSeen(job, t)) continue
      const head = kvHead * group + ((first + i) % group)
      const at = ((t as usize) * width + ((head * headSize) << 2)) as usize
      const row = (scores + (i as usize) * job.scoreBytes + ((block * BLOCK) << 2)) as usize
      Attention.score(k, job.q + at, headSize, job.scale, row)
      if (job.softcap > 0) Attention.cap(row, job.softcap)
    }
  }
  for (let i = 0; i < count; i++) {
    const t = token + (first + i) / group
    const head = kvHead * group + ((first + i) % group)
    const row = scores + (i as usize) * job.scoreBytes
    Attention.softmax(row, firstSeen(job, t), Pages.position(job, t) + 1)
    const at = ((t as usize) * width + ((head * headSize) << 2)) as usize
    memory.fill(job.out + at, 0, (headSize << 2) as usize)
  }
  for (let block = begin; block * BLOCK < seen; block++) {
    const values = Pages.keys(job, sequence, kvHead, block / PAGE_BLOCKS) + job.blockBytes
    const v = Cache.block(job.half, values, block % PAGE_BLOCKS, headSize, scratch)
    for (let i = 0; i < count; i++) {
      const t = token + (first + i) / group
      const from = positive(firstSeen(job, t) - block * BLOCK)
      const to = min(BLOCK, Pages.position(job, t) + 1 - block * BLOCK)
      if (from >= to) continue
      const head = kvHead * group + ((first + i) % group)
      const at = ((t as usize) * width + ((head * headSize) << 2)) as usize
      const row = (scores + (i as usize) * job.scoreBytes + ((block * BLOCK) << 2)) as usize
      const skipped = (from as usize) << 2
      Attention.values(v + skipped * (headSize as usize), row + skipped, to - from, headSize, job.out + at)
    }
  }
}
