// Products of whole matrices, in tasks of some blocks of 16 rows times some tokens.
import { min, scratchOf } from '../base/wasm_job.as'
import { JOB } from '../base/wasm_memory.as'
import { BLOCK_ROWS, Layout } from './wasm_layout.as'
import { direct, packed, panel } from './wasm_products.as'
import { digitBytes } from './wasm_simd.as'
import { PANEL_GROUPS, panelLayout, unpackGroups } from './wasm_unpack.as'

/** Tokens of a task: so few that their digits stay in the second-level cache while all blocks pass by. */
export const SLAB: i32 = 64
/**
 * A thread reads so many blocks by turns of so many groups (whole records): while it is at one, the CPU fetches ahead of
 * the others. WebAssembly has no prefetch.
 */
const STREAMS: i32 = 4
const TURN: i32 = 8

// A thread's scratch: a panel, sums of a group, y of a slab.
export const SUMS: usize = 20480
export const RESULTS: usize = 20736

/** The fields of a job, in the order in which src/backend/wasm.ts writes them. */
@unmanaged
export class LinearJob {
  layout: i32
  offset: i32
  weight: usize
  blockBytes: usize
  /** Groups of 32 columns. */
  groups: i32
  rows: i32
  digits: usize
  passes: i32
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

export function linearTask(task: i32, thread: i32): void {
  const job = changetype<LinearJob>(JOB)
  const blocks = (job.rows + BLOCK_ROWS - 1) / BLOCK_ROWS
  const tasks = (blocks + job.step - 1) / job.step
  const token = (task / tasks) * SLAB
  const tokens = min(SLAB, job.tokens - token)
  const first = (task % tasks) * job.step
  const last = min(blocks, first + job.step)
  const scratch = scratchOf(thread)
  if (job.tokens == 1 && direct(job.layout, job.passes)) {
    for (let block = first; block < last; block += STREAMS)
      multiplyPacked(job, block, min(STREAMS, last - block), scratch)
    return
  }
  for (let block = first; block < last; block++) {
    memory.fill(scratch + RESULTS, 0, (tokens as usize) << 6)
    multiply(job, job.weight + (block as usize) * job.blockBytes, token, tokens, scratch)
    writeResults(
      job.y,
      job.rows,
      job.bias,
      job.scale,
      block * BLOCK_ROWS,
      token,
      tokens,
      scratch + RESULTS,
      64,
    )
  }
}

/** A single token takes blocks as they are packed, several at a time by turns. */
function multiplyPacked(job: LinearJob, first: i32, count: i32, scratch: usize): void {
  const groups = job.groups
  const layout = job.layout
  const size = digitBytes(job.passes)
  const results = scratch + RESULTS
  memory.fill(results, 0, (count as usize) << 6)
  for (let group = 0; group < groups; group += TURN) {
    const turn = min(TURN, groups - group)
    const digits = job.digits + ((group * size) as usize)
    let block = Layout.record(layout, job.weight + (first as usize) * job.blockBytes, group)
    let y = results
    for (let i = 0; i < count; i++, block += job.blockBytes, y += 64)
      packed(layout, block, turn, digits, y, job.offset, scratch + SUMS)
  }
  for (let i = 0; i < count; i++) {
    const y = results + ((i << 6) as usize)
    writeResults(job.y, job.rows, job.bias, job.scale, (first + i) * BLOCK_ROWS, 0, 1, y, 64)
  }
}

/** Adds a block times tokens to the results in scratch memory, panel by panel. */
function multiply(job: LinearJob, block: usize, token: i32, tokens: i32, scratch: usize): void {
  const passes = job.passes
  const groups = job.groups
  const layout = job.layout
  const size = digitBytes(passes)
  const results = scratch + RESULTS
  const target = panelLayout(layout)
  const rowBytes = (size * PANEL_GROUPS) as usize
  for (let group = 0, chunk = 0; group < groups; group += PANEL_GROUPS, chunk++) {
    const count = min(PANEL_GROUPS, groups - group)
    unpackGroups(layout, block, group, count, scratch, scratch + SUMS + 128)
    let digits = job.digits + ((chunk * job.tokens + token) as usize) * rowBytes
    let y = results
    for (let t = 0; t < tokens; t++, digits += rowBytes, y += 64)
      panel(target, passes, scratch, count, digits, y, job.offset, scratch + SUMS)
  }
}

/**
 * Copies results of a block, `stride` bytes apart in scratch memory, to y [tokens][rows] from row `row` on, times the
 * matrix's scale, with the bias added last.
 */
export function writeResults(
  y: usize,
  rows: i32,
  bias: usize,
  scale: f32,
  row: i32,
  token: i32,
  tokens: i32,
  results: usize,
  stride: usize,
): void {
  const width = min(BLOCK_ROWS, rows - row) as usize
  for (let t = 0; t < tokens; t++, results += stride) {
    const out = y + (((token + t) as usize) * (rows as usize) + (row as usize)) * 4
    if (width == 16 && !bias && scale == 1) {
      memory.copy(out, results, 64)
      continue
    }
    for (let n: usize = 0; n < width; n++) {
      let value = load<f32>(results + (n << 2)) * scale
      if (bias) value += load<f32>(bias + (((row as usize) + n) << 2))
      store<f32>(out + (n << 2), value)
    }
  }
}
