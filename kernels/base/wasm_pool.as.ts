// A persistent pool over shared memory. The caller publishes a job as a number of tasks; whoever comes takes one
// by an atomic step of REMAINING. Nobody waits for a thread, only for tasks that were taken: threads that are
// still starting, or have lost their core, cost nothing. The build without threads runs all tasks itself.
import { FINISHED, GENERATION, MAY_WAIT, OPERATION, REMAINING, STOP, TASKS, THREADS } from './wasm_memory.as'
import { runTask } from './wasm_operations.as'

// About 20 µs: longer than the gap between two operations of a token, too short to be noticed as idle load.
const SPINS: i32 = 30000
/** Nanoseconds that the caller sleeps before it looks again. */
const NAP: i64 = 100000

class Pool {
  /** Takes tasks of the current job until none is left. */
  static drain(thread: i32): void {
    let remaining = atomic.load<i32>(REMAINING)
    while (remaining > 0) {
      const seen = atomic.cmpxchg<i32>(REMAINING, remaining, remaining - 1)
      if (seen != remaining) {
        remaining = seen
        continue
      }
      // The task is ours, so its job cannot end, and its description cannot change, before we say so. This holds
      // even if `remaining` was read in an earlier job.
      const tasks = load<i32>(TASKS)
      runTask(load<i32>(OPERATION), tasks - remaining, thread)
      if (atomic.add<i32>(FINISHED, 1) + 1 == tasks) atomic.notify(FINISHED, 1)
      remaining = atomic.load<i32>(REMAINING)
    }
  }

  static join(tasks: i32): void {
    let spins = 0
    for (;;) {
      const finished = atomic.load<i32>(FINISHED)
      if (finished == tasks) return
      // A thread lost its core in the middle of a task.
      if (++spins > SPINS && load<i32>(MAY_WAIT)) atomic.wait<i32>(FINISHED, finished, NAP)
    }
  }
}

/** Runs the job whose fields are in memory and returns when all its tasks are done. */
export function run(operation: i32, tasks: i32): void {
  if (!ASC_FEATURE_THREADS || tasks < 2 || load<i32>(THREADS) < 2) {
    for (let task = 0; task < tasks; task++) runTask(operation, task, 0)
    return
  }
  if (ASC_FEATURE_THREADS) {
    store<i32>(OPERATION, operation)
    store<i32>(TASKS, tasks)
    atomic.store<i32>(FINISHED, 0)
    atomic.store<i32>(REMAINING, tasks)
    atomic.add<i32>(GENERATION, 1)
    atomic.notify(GENERATION, -1)
    Pool.drain(0)
    Pool.join(tasks)
  }
}

/** The life of a thread other than the caller's: ends when STOP is set and GENERATION moves on. */
export function work(thread: i32): void {
  if (!ASC_FEATURE_THREADS) return
  if (ASC_FEATURE_THREADS) {
    let seen = 0
    for (;;) {
      let generation = atomic.load<i32>(GENERATION)
      for (let spin = 0; generation == seen && spin < SPINS; spin++) generation = atomic.load<i32>(GENERATION)
      while (generation == seen) {
        atomic.wait<i32>(GENERATION, seen, -1)
        generation = atomic.load<i32>(GENERATION)
      }
      if (atomic.load<i32>(STOP)) return
      seen = generation
      Pool.drain(thread)
    }
  }
}
