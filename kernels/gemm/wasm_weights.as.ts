// Packing a matrix from a piece of its file, and taking rows out again. A task is a block of 16 rows, or an id.
import { min, report, scratchOf } from '../base/wasm_job.as'
import { JOB } from '../base/wasm_memory.as'
import { FLOAT_F16, Floats } from './wasm_float.as'
import { BLOCK_ROWS } from './wasm_layout.as'
import { packGroup } from './wasm_pack.as'
import { unpackRow } from './wasm_unpack.as'

@unmanaged
export class PackJob {
  type: i32
  layout: i32
  /** Where the first row's block begins. */
  blocks: usize
  blockBytes: usize
  /** Groups of 32 columns; for floats columns. */
  groups: i32
  source: usize
  rowBytes: usize
  rows: i32
}

/** Reports the first row, counted within the piece, that holds a scale which is not finite. */
export function packTask(task: i32): void {
  const job = changetype<PackJob>(JOB)
  const first = task * BLOCK_ROWS
  const rows = min(BLOCK_ROWS, job.rows - first)
  const block = job.blocks + (task as usize) * job.blockBytes
  if (rows < BLOCK_ROWS) memory.fill(block, 0, job.blockBytes)
  const layout = job.layout
  for (let lane = 0; lane < rows; lane++) {
    const row = job.source + ((first + lane) as usize) * job.rowBytes
    let finite = true
    for (let group = 0; group < job.groups; group++)
      if (!packGroup(job.type, layout, row, group, block, lane)) finite = false
    if (!finite) report(first + lane)
  }
}

export function packFloatsTask(task: i32): void {
  const job = changetype<PackJob>(JOB)
  const first = task * BLOCK_ROWS
  const rows = min(BLOCK_ROWS, job.rows - first)
  const block = job.blocks + (task as usize) * job.blockBytes
  if (rows < BLOCK_ROWS) memory.fill(block, 0, job.blockBytes)
  const wide = Floats.size(job.type) == 4
  const exponent: u32 = wide ? 0x7f800000 : job.type == FLOAT_F16 ? 0x7c00 : 0x7f80
  for (let lane = 0; lane < rows; lane++) {
    const row = job.source + ((first + lane) as usize) * job.rowBytes
    let finite = true
    for (let k: usize = 0; k < (job.groups as usize); k++) {
      const at = k * 16 + (lane as usize)
      let bits: u32
      if (wide) {
        bits = load<u32>(row + (k << 2))
        store<u32>(block + (at << 2), bits)
      } else {
        bits = load<u16>(row + (k << 1))
        store<u16>(block + (at << 1), bits as u16)
      }
      if ((bits & exponent) == exponent) finite = false
    }
    if (!finite) report(first + lane)
  }
}

@unmanaged
export class EmbedJob {
  /** Of packed codes; for floats their type. */
  layout: i32
  offset: i32
  weight: usize
  blockBytes: usize
  cols: i32
  /** int32 [tasks] */
  ids: usize
  /** [tasks][cols] */
  out: usize
  /** A factor of the whole matrix. */
  scale: f32
}

export function embedTask(task: i32, thread: i32): void {
  const job = changetype<EmbedJob>(JOB)
  const id = load<i32>(job.ids + ((task << 2) as usize))
  const block = job.weight + ((id / BLOCK_ROWS) as usize) * job.blockBytes
  const out = job.out + (task as usize) * ((job.cols << 2) as usize)
  unpackRow(job.layout, job.offset, block, job.cols / 32, id % BLOCK_ROWS, scratchOf(thread), out)
  if (job.scale != 1)
    for (let k: usize = 0; k < (job.cols as usize); k++)
      store<f32>(out + (k << 2), load<f32>(out + (k << 2)) * job.scale)
}

export function embedFloatsTask(task: i32): void {
  const job = changetype<EmbedJob>(JOB)
  const id = load<i32>(job.ids + ((task << 2) as usize))
  const block = job.weight + ((id / BLOCK_ROWS) as usize) * job.blockBytes
  const out = job.out + (task as usize) * ((job.cols << 2) as usize)
  const vector = (id & 12) as usize
  for (let k: usize = 0; k < (job.cols as usize); k++) {
    const at = k * 16 + vector
    const row = Floats.load4(job.layout, block + at * (Floats.size(job.layout) as usize))
    const lane = id & 3
    const value =
      lane == 0
        ? f32x4.extract_lane(row, 0)
        : lane == 1
          ? f32x4.extract_lane(row, 1)
          : lane == 2
            ? f32x4.extract_lane(row, 2)
            : f32x4.extract_lane(row, 3)
    store<f32>(out + (k << 2), value * job.scale)
  }
}
