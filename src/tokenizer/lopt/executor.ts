import type { SegmentEncoder } from '../id-buffer.js'
import { type Chunk, encodeJob, type Job, type MarkKind } from './chunk.js'

/** Where jobs of one text are done. */
export interface Executor {
  /**
   * Jobs are begun in the order in which they come, urgent ones first.
   * @throws ChunkError if the encoder throws
   */
  run(job: Job, isUrgent: boolean): Promise<Chunk>
  /** Threads that have done jobs of this text. */
  readonly threads: number
  /** Nothing more is wanted: jobs that were not begun fail. */
  cancel(reason: unknown): void
}

/**
 * The encoder threw in a chunk. Chunks begin in the middle of words, so that it may have met what the text's own
 * encoding does not hold.
 */
export class ChunkError extends Error {
  override readonly name = 'ChunkError'
}

/** Does jobs in this thread, one after the other. */
export class InlineExecutor implements Executor {
  readonly threads = 1
  private readonly encoder: SegmentEncoder
  private readonly marks: MarkKind

  constructor(encoder: SegmentEncoder, marks: MarkKind) {
    this.encoder = encoder
    this.marks = marks
  }

  async run(job: Job): Promise<Chunk> {
    try {
      return encodeJob(this.encoder, this.marks, job)
    } catch (error) {
      throw new ChunkError((error as Error).message, { cause: error })
    }
  }

  cancel(): void {}
}
