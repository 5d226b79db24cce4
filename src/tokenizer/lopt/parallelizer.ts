import { IdBuffer } from '../id-buffer.js'
import type { VocabularyTokenizer } from '../tokenizer.js'
import type { ParallelEncoding, ParallelOptions } from '../types.js'
import type { Chunk, Job } from './chunk.js'
import { ChunkError, type Executor } from './executor.js'
import { chunkJobs, joinChunks } from './join.js'
import { type ParallelParts, parallelParts } from './kinds.js'
import { Plan } from './plan.js'
import { Pool, StartError } from './pool.js'
import { hasThreads, processors } from './thread.js'

const DEFAULT_OVERLAP = 512
const SHORTEST_CHUNK = 1 << 16
const LONGEST_CHUNK = 1 << 19
const CHUNKS_A_THREAD = 4
const MOST_THREADS = 8

/**
 * UTF-16 units from which on several threads are faster (bench/lopt.mjs): if they are there, and if they are yet to
 * be started.
 */
export const BREAK_EVEN = 1 << 18
export const COLD_BREAK_EVEN = 1 << 25

type Checked = ParallelOptions & { readonly threads: number; readonly overlap: number }

/** What `Tokenizer.encodeParallel` does, for one tokenizer. */
export class Parallelizer {
  private readonly tokenizer: VocabularyTokenizer
  private pool?: Pool
  private hasMetLongText = false
  private readonly known = new Map<boolean, ParallelParts | undefined>()

  constructor(tokenizer: VocabularyTokenizer) {
    this.tokenizer = tokenizer
  }

  async encode(text: string, options: ParallelOptions): Promise<ParallelEncoding> {
    const checked = check(options)
    const { threads, signal } = checked
    signal?.throwIfAborted()
    const isWanted = options.chunkLength !== undefined || (threads > 1 && text.length >= BREAK_EVEN)
    const parts = isWanted ? this.partsOf(options.parseSpecial) : undefined
    if (!parts || !hasThreads()) return this.inSequence(text, options)
    const isWorthThreads = options.chunkLength !== undefined || text.length >= COLD_BREAK_EVEN
    // One text alone is done before threads are, and a program of one text needs none.
    const isFirst = !this.hasMetLongText
    this.hasMetLongText = true
    if (isFirst && !isWorthThreads) return this.inSequence(text, options)
    this.pool ??= new Pool(this.tokenizer.parts.source, parts.seam.marks)
    const isReady = this.pool.start(threads)
    if (!isReady && !isWorthThreads) return this.inSequence(text, options)
    return this.encodeWith(this.pool.session(threads), parts, text, checked)
  }

  close(): void {
    this.pool?.close()
    this.pool = undefined
  }

  /** What the encoder's work is made of; undefined if it cannot be shared. */
  partsOf(parseSpecial = false): ParallelParts | undefined {
    if (!this.known.has(parseSpecial)) {
      const { encoder, specialEncoder = encoder } = this.tokenizer.parts
      this.known.set(parseSpecial, parallelParts(parseSpecial ? specialEncoder : encoder))
    }
    return this.known.get(parseSpecial)
  }

  /** Encodes in chunks, by an executor of one's own. */
  async encodeWith(
    executor: Executor,
    parts: ParallelParts,
    text: string,
    options: ParallelOptions,
  ): Promise<ParallelEncoding> {
    const {
      overlap,
      threads,
      chunkLength = defaultChunkLength(text.length, threads),
      signal,
      onProgress,
    } = check(options)
    const plan = new Plan(chunkLength, overlap)
    this.tokenizer.encodeTo(plan, text.toWellFormed(), options, (segment, isStart) => {
      parts.prepare(segment, isStart, plan)
    })
    const counts = { chunks: 0, joins: 0, retries: 0 }
    let encodedChunks = 0
    const begin = (job: Job) =>
      observed(
        executor.run(job, false).then((chunk) => {
          onProgress?.({ encodedChunks: ++encodedChunks, totalChunks: counts.chunks })
          return chunk
        }),
      )
    const abort = () => executor.cancel(signal?.reason)
    signal?.addEventListener('abort', abort)
    try {
      const encode = (job: Job) => executor.run(job, true)
      const encoded = plan.end().map((part) => {
        const jobs =
          part.kind === 'long'
            ? chunkJobs(part.text, part.cuts, overlap)
            : part.kind === 'short'
              ? [part.job]
              : []
        counts.chunks += jobs.length
        return { part, chunks: jobs.map(begin) }
      })
      const ids: Uint32Array[] = []
      for (const { part, chunks } of encoded) {
        if (part.kind === 'tokens') ids.push(part.ids)
        else if (part.kind === 'short') ids.push((await chunks[0]!).ids)
        else ids.push(...(await joinChunks(part.text, chunks, { seam: parts.seam, overlap, encode, counts })))
      }
      signal?.throwIfAborted()
      return { ids: concatenated(ids), ...counts, threads: executor.threads, sequential: false }
    } catch (error) {
      executor.cancel(error)
      if (error instanceof ChunkError || error instanceof StartError) return this.inSequence(text, options)
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  private inSequence(text: string, options: ParallelOptions): ParallelEncoding {
    const out = new IdBuffer()
    this.tokenizer.encodeTo(out, text.toWellFormed(), options)
    return { ids: out.toIds(), chunks: 1, joins: 0, retries: 0, threads: 1, sequential: true }
  }
}

/** One that fails while others are waited for is no unhandled one. */
function observed(chunk: Promise<Chunk>): Promise<Chunk> {
  chunk.catch(() => {})
  return chunk
}

function concatenated(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function defaultChunkLength(length: number, threads: number): number {
  const even = Math.ceil(length / (CHUNKS_A_THREAD * threads))
  return Math.min(LONGEST_CHUNK, Math.max(SHORTEST_CHUNK, even))
}

function check(options: ParallelOptions): Checked {
  const { threads = Math.min(MOST_THREADS, processors()), overlap = DEFAULT_OVERLAP } = options
  for (const [name, value] of Object.entries({ threads, overlap, chunkLength: options.chunkLength }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      throw new RangeError(`${name} must be a positive whole number, not ${value}`)
  return { ...options, threads, overlap }
}
