// What every task needs: its thread's scratch memory, and a place for "the lowest index found".
import { FOUND, SCRATCH, SCRATCH_BYTES } from './wasm_memory.as'

export function scratchOf(thread: i32): usize {
  return load<usize>(SCRATCH) + (thread as usize) * SCRATCH_BYTES
}

/** FOUND = min(FOUND, index), whatever the threads' timing. */
export function report(index: i32): void {
  if (ASC_FEATURE_THREADS) {
    let lowest = atomic.load<i32>(FOUND)
    while (index < lowest) {
      const seen = atomic.cmpxchg<i32>(FOUND, lowest, index)
      if (seen == lowest) return
      lowest = seen
    }
  } else if (index < load<i32>(FOUND)) store<i32>(FOUND, index)
}

export function min(a: i32, b: i32): i32 {
  return a < b ? a : b
}
