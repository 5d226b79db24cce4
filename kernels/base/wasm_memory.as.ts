// The first page of memory: what the threads share beside the heap, which begins behind it and is managed in
// TypeScript (src/backend/wasm-heap.ts). There is no data section: a thread that starts must not write over
// what the others use.

/** Tasks of the current job that nobody has taken; 0 between jobs. Lines of their own: every thread writes them. */
export const REMAINING: usize = 64
/** Tasks of the current job that are done. */
export const FINISHED: usize = 128
/** Number of the current job; sleeping threads wait for it to change. */
export const GENERATION: usize = 192
/** Not 0: threads end. */
export const STOP: usize = 256
/** 1 if the calling thread may sleep (not so on a browser's main thread). */
export const MAY_WAIT: usize = 260
/** Threads, the caller's included. */
export const THREADS: usize = 264
/** Bytes of scratch memory of each thread, and where the first one's begins. */
export const SCRATCH: usize = 268
/** 1 if the relaxed dot product takes unsigned bytes of eight bits (src/backend/wasm-module.ts finds out). */
export const EIGHT_BITS: usize = 272
/** Result of a job that looks for something: the lowest index found. */
export const FOUND: usize = 276
/** The current job: its operation, its tasks, then the operation's own fields. */
export const OPERATION: usize = 320
export const TASKS: usize = 324
export const JOB: usize = 328
/**
 * Vector constants. V8 builds a literal v128 anew at every use (three instructions, one of them on the port that
 * shuffles); a constant that is loaded stays in a register.
 */
export const LOW_NIBBLES: usize = 512 // bytes 0x0f
export const HIGH_PAIRS: usize = 528 // bytes 0x30
export const EVEN_BYTES: usize = 544 // words 0x00ff
export const WORD_NIBBLES: usize = 560 // words 0x000f
export const HALF_BITS: usize = 576 // 0x8fffe000: sign, exponent and mantissa of a half, moved by 13 bits
export const HALF_FACTOR: usize = 592 // 2^112
export const LOW_SEVEN: usize = 608 // bytes 0x7f
export const BIT_SIX: usize = 624 // bytes 0x40

export const SCRATCH_BYTES: usize = 32768

class Constants {
  static store(): void {
    v128.store(LOW_NIBBLES, i8x16.splat(0x0f))
    v128.store(HIGH_PAIRS, i8x16.splat(0x30))
    v128.store(EVEN_BYTES, i16x8.splat(0x00ff))
    v128.store(WORD_NIBBLES, i16x8.splat(0x000f))
    v128.store(HALF_BITS, i32x4.splat(0x8fffe000))
    v128.store(HALF_FACTOR, i32x4.splat(0x77800000))
    v128.store(LOW_SEVEN, i8x16.splat(0x7f))
    v128.store(BIT_SIX, i8x16.splat(0x40))
  }
}

/** To be called once, before any job. */
export function initialize(threads: i32, scratch: usize, mayWait: bool): void {
  Constants.store()
  store<i32>(THREADS, threads)
  store<usize>(SCRATCH, scratch)
  store<i32>(MAY_WAIT, mayWait ? 1 : 0)
}
