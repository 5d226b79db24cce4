import type { Chunk, Job, MarkKind } from './chunk.js'
import { ChunkError, type Executor } from './executor.js'
import { pack, type TokenizerSource } from './source.js'
import { type FromThread, startThread, type Thread } from './thread.js'

/** Jobs that a thread is given at a time: one more than it is at, so that it never waits for the next. */
const AHEAD = 2
const IDLE_MILLISECONDS = 30_000

/** Threads could not be started: what they were to do can still be done without. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

interface Task {
  readonly id: number
  readonly job: Job
  readonly session: Session
  readonly resolve: (chunk: Chunk) => void
  readonly reject: (reason: unknown) => void
}

interface Member {
  readonly thread: Thread
  readonly tasks: Map<number, Task>
  isReady: boolean
}

/** Threads that have a tokenizer each, for all texts of one tokenizer. */
export class Pool {
  private readonly source: TokenizerSource
  private readonly marks: MarkKind
  readonly members: Member[] = []
  private queue: Task[] = []
  private nextId = 0
  private idle?: ReturnType<typeof setTimeout>
  /** Threads cannot be started here. */
  isBroken = false

  constructor(source: TokenizerSource, marks: MarkKind) {
    this.source = source
    this.marks = marks
  }

  /** Starts threads until there are so many. @returns whether these are ready */
  start(count: number): boolean {
    this.rest()
    const missing = count - this.members.length
    if (missing > 0 && !this.isBroken) {
      const message = { source: pack(this.source), marks: this.marks }
      try {
        for (let i = 0; i < missing; i++) this.add().thread.post(message)
      } catch {
        // A page's policy may forbid it; what ends later tells `lose`.
        this.isBroken = true
      }
    }
    return this.members.filter(({ isReady }) => isReady).length >= count
  }

  /** For one text, on so many of the threads. */
  session(threads: number): Executor {
    return new Session(this, threads)
  }

  /** Ends the threads; what they were at fails. */
  close(): void {
    clearTimeout(this.idle)
    const tasks = [...this.queue, ...this.members.flatMap((member) => [...member.tasks.values()])]
    this.queue = []
    for (const { thread, tasks } of this.members.splice(0)) {
      tasks.clear()
      thread.end()
    }
    for (const { reject } of tasks) reject(new Error('The tokenizer was closed while it encoded a text'))
  }

  run(session: Session, job: Job, isUrgent: boolean): Promise<Chunk> {
    return new Promise((resolve, reject) => {
      if (this.isBroken) return reject(new StartError('threads cannot be started'))
      const task = { id: this.nextId++, job, session, resolve, reject }
      if (isUrgent) this.queue.unshift(task)
      else this.queue.push(task)
      this.dispatch()
    })
  }

  /** Forgets a session's tasks. Threads finish what they are at; nobody waits for it. */
  cancel(session: Session, reason: unknown): void {
    const isIts = (task: Task) => task.session === session
    const forgotten = this.queue.filter(isIts)
    this.queue = this.queue.filter((task) => !isIts(task))
    for (const { tasks } of this.members) forgotten.push(...[...tasks.values()].filter(isIts))
    for (const { reject } of forgotten) reject(reason)
  }

  private add(): Member {
    const member: Member = {
      tasks: new Map(),
      isReady: false,
      thread: startThread({
        onMessage: (message) => this.receive(member, message),
        onEnd: (reason) => this.lose(member, reason),
      }),
    }
    this.members.push(member)
    return member
  }

  private receive(member: Member, message: FromThread): void {
    if (message.kind === 'ready') member.isReady = true
    else {
      const task = member.tasks.get(message.id)
      member.tasks.delete(message.id)
      if (message.kind === 'error') task?.reject(new ChunkError(message.message))
      else if (task) {
        task.session.used.add(member)
        task.resolve(message.chunk)
      }
    }
    this.dispatch()
  }

  /** A thread has ended by itself. */
  private lose(member: Member, reason: string): void {
    const at = this.members.indexOf(member)
    if (at < 0) return
    this.members.splice(at, 1)
    member.thread.end()
    if (!member.isReady) {
      this.isBroken = true
      const error = new StartError(`A thread of encodeParallel could not start: ${reason}`)
      for (const { reject } of this.queue.splice(0)) reject(error)
      return
    }
    const error = new Error(
      `A thread of encodeParallel ended: ${reason}. Another takes its place for the next text; if memory is short, ask for fewer threads`,
    )
    for (const { reject } of member.tasks.values()) reject(error)
    // Its session asks for no more; those of others go on with the threads that are left.
    if (this.members.length === 0) for (const { reject } of this.queue.splice(0)) reject(error)
    else this.dispatch()
  }

  private dispatch(): void {
    for (let ahead = 0; ahead < AHEAD && this.queue.length > 0; ahead++)
      this.members.forEach((member, i) => {
        if (!member.isReady || member.tasks.size > ahead) return
        const at = this.queue.findIndex(({ session }) => session.wanted > i)
        if (at < 0) return
        const [task] = this.queue.splice(at, 1)
        member.tasks.set(task!.id, task!)
        member.thread.post({ id: task!.id, job: task!.job })
      })
    this.rest()
  }

  /** Keeps the process alive while there is something to do, and the threads for a while after. */
  private rest(): void {
    const isBusy = this.queue.length > 0 || this.members.some(({ tasks }) => tasks.size > 0)
    for (const { thread } of this.members) thread.keepAlive(isBusy)
    clearTimeout(this.idle)
    if (isBusy || this.members.length === 0) return
    this.idle = setTimeout(() => this.close(), IDLE_MILLISECONDS)
    // A number in browsers.
    if (typeof this.idle === 'object') this.idle.unref()
  }
}

class Session implements Executor {
  readonly wanted: number
  readonly used = new Set<unknown>()
  private readonly pool: Pool

  constructor(pool: Pool, wanted: number) {
    this.pool = pool
    this.wanted = wanted
  }

  get threads(): number {
    return this.used.size
  }

  run(job: Job, isUrgent: boolean): Promise<Chunk> {
    return this.pool.run(this, job, isUrgent)
  }

  cancel(reason: unknown): void {
    this.pool.cancel(this, reason)
  }
}
