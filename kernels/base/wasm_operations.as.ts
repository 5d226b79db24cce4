// The table of operations: their numbers are those of src/backend/wasm-module.ts.
import { appendTask, attendTask } from '../attention/wasm_simd.as'
import { addTask, decomposeTask, normTask, ropeTask, swigluTask } from '../elementwise/wasm_simd.as'
import { floatTask } from '../gemm/wasm_float.as'
import { linearTask } from '../gemm/wasm_linear.as'
import { embedFloatsTask, embedTask, packFloatsTask, packTask } from '../gemm/wasm_weights.as'

/** One task of the job in memory. */
export function runTask(operation: i32, task: i32, thread: i32): void {
  switch (operation) {
    case 0:
      return linearTask(task, thread)
    case 1:
      return floatTask(task, thread)
    case 2:
      return decomposeTask(task, thread)
    case 3:
      return normTask(task)
    case 4:
      return ropeTask(task)
    case 5:
      return swigluTask(task)
    case 6:
      return addTask(task)
    case 7:
      return appendTask(task)
    case 8:
      return attendTask(task, thread)
    case 9:
      return embedTask(task, thread)
    case 10:
      return embedFloatsTask(task)
    case 11:
      return packTask(task)
    case 12:
      return packFloatsTask(task)
    default:
      unreachable()
  }
}
