// The module: memory comes from outside, jobs are written into it by src/backend/wasm.ts.

import { layoutOf, offsetOf } from '../gemm/wasm_formats.as'
import { Layout } from '../gemm/wasm_layout.as'
import { digitBytes } from '../gemm/wasm_simd.as'
import { EIGHT_BITS, initialize, SCRATCH_BYTES } from './wasm_memory.as'
import { run, work } from './wasm_pool.as'

export { digitBytes, initialize, layoutOf, offsetOf, run, work }

/** Bytes of a block of 16 rows of so many groups of 32 columns. */
export function blockBytes(type: i32, groups: i32): usize {
  const layout = layoutOf(type)
  return ((groups / Layout.recordGroups(layout)) as usize) * (Layout.recordBytes(layout) as usize)
}

/** Scratch memory that a thread needs. */
export function scratchBytes(): usize {
  return SCRATCH_BYTES
}

/** Whether the relaxed dot product takes codes of eight bits. Otherwise they take three products. */
export function setEightBits(usable: bool): void {
  store<i32>(EIGHT_BITS, usable ? 1 : 0)
}
