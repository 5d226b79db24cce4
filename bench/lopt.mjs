// encodeParallel (docs/papers/lopt.md): speed beside encode on the same text, in alternating rounds; the length from
// which on threads are faster; what 16 threads would do, their chunks encoded one after the other in this thread; memory.
// The ceiling is what threads that share nothing reach: each encodes all of the text, beside the others and alone.
// "Before" is what is done to the whole text, "joining" all after the last chunk but the copying of the ids.
// The ids are compared in every round.
//
//   node bench/lopt.mjs [--model FILE.gguf] [--threads N] [--rounds N] [--megabytes N] [--english FILE] [--json] [--out FILE]
//   node --expose-gc bench/lopt.mjs --memory english|code|chinese
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { table } from '../dist/cli/table.js'
import { threeDigits } from '../dist/cli/terminal.js'
import { Random } from '../dist/engine/random.js'
import { openGguf } from '../dist/format/index.js'
import { tokenizerFromGguf } from '../dist/tokenizer/index.js'
import { InlineExecutor } from '../dist/tokenizer/lopt/executor.js'
import { Parallelizer } from '../dist/tokenizer/lopt/parallelizer.js'
import { machine } from './machine.mjs'

const shared = join(import.meta.dirname, '../../shared/data')
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: join(shared, 'vocabs/ggml-vocab-llama-bpe-rebuilt.gguf') },
    english: { type: 'string', default: join(shared, 'wikitext-2/valid.txt') },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '9' },
    megabytes: { type: 'string', default: '10' },
    memory: { type: 'string' },
    json: { type: 'boolean' },
    out: { type: 'string' },
  },
})
const LENGTH = 1e6 * Number(values.megabytes)
const threads = Number(values.threads)
const rounds = Number(values.rounds)
const SIMULATED = [2, 4, 16]

const file = await openGguf(values.model)
const tokenizer = tokenizerFromGguf(file.metadata)
await file.close()

/** The first `LENGTH` bytes of UTF-8, of a text repeated as often as that takes. */
function sized(text) {
  const once = Buffer.from(text)
  const all = Buffer.alloc(LENGTH)
  for (let at = 0; at < LENGTH; at += once.length) once.copy(all, at)
  return all.toString('utf8')
}

function code() {
  const parts = []
  let length = 0
  for (const folder of ['../src', '../test', '../node_modules'])
    for (const entry of readdirSync(join(import.meta.dirname, folder), {
      withFileTypes: true,
      recursive: true,
    })) {
      if (!entry.isFile() || !/\.(?:[cm]?[jt]s)$/.test(entry.name) || length > LENGTH) continue
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
      // Minified files are no code that people write.
      if (text.length > 200_000) continue
      parts.push(text)
      length += text.length
    }
  return parts.join('\n')
}

/** Clauses of the vocabulary's own Han tokens, those of low id more often. Not prose. */
function chinese() {
  const words = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.decode([id])).filter(
    (text) => /^\p{Script=Han}+$/u.test(text),
  )
  const random = new Random(1)
  const parts = []
  for (let made = 0; made < LENGTH / 3; ) {
    const length = 3 + Math.floor(6 * random.nextDouble())
    const clause = Array.from(
      { length },
      () => words[Math.floor(words.length ** random.nextDouble()) - 1],
    ).join('')
    parts.push(clause, random.nextDouble() < 0.7 ? '，' : '。\n')
    made += clause.length + 1
  }
  return parts.join('')
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const isSame = (a, b) => a.length === b.length && a.every((id, i) => id === b[i])
const since = (start) => performance.now() - start

/** Threads that encode the text each by itself: the time that one takes, and all of them side by side; ms. */
async function independent(text) {
  const workers = Array.from(
    { length: threads },
    () =>
      new Worker(new URL('encode-loop.mjs', import.meta.url), { workerData: { model: values.model, text } }),
  )
  const time = async (count) => {
    const start = performance.now()
    await Promise.all(
      workers.slice(0, count).map((worker) => {
        worker.postMessage('encode')
        return once(worker, 'message')
      }),
    )
    return since(start)
  }
  await time(threads)
  return { time, end: () => Promise.all(workers.map((worker) => worker.terminate())) }
}

/** Medians of rounds in which all take turns; ms. @param loops of `independent` */
async function compared(text, { chunkLength, count = rounds, loops } = {}) {
  const options = { threads, chunkLength }
  await tokenizer.encodeParallel(text, { ...options, chunkLength: chunkLength ?? 1 << 18 })
  const times = { sequential: [], parallel: [], alone: [], together: [] }
  let result
  for (let i = 0; i < count; i++) {
    let start = performance.now()
    const expected = tokenizer.encode(text)
    times.sequential.push(since(start))
    start = performance.now()
    result = await tokenizer.encodeParallel(text, options)
    times.parallel.push(since(start))
    if (!isSame(expected, result.ids)) throw new Error('the ids differ')
    if (!loops) continue
    times.alone.push(await loops.time(1))
    times.together.push(await loops.time(threads))
  }
  const { ids, chunks, joins, retries } = result
  const [sequential, parallel] = [median(times.sequential), median(times.parallel)]
  const ceiling = loops && (threads * median(times.alone)) / median(times.together)
  return { sequential, parallel, ceiling, tokens: ids.length, chunks, joins, retries }
}

/** One chunk a thread, encoded one after the other: the slowest, and what is done before and after by the caller; ms. */
async function simulated(text, count) {
  const parallelizer = new Parallelizer(tokenizer)
  const parts = parallelizer.partsOf()
  const runs = []
  for (let i = 0; i < Math.max(3, rounds >> 1); i++) {
    const executor = new InlineExecutor(parts.encoder, parts.seam.marks)
    const jobs = []
    const timed = {
      threads: count,
      cancel() {},
      run: async (job) => {
        const start = performance.now()
        const chunk = await executor.run(job)
        jobs.push({ start, end: performance.now() })
        return chunk
      },
    }
    // Jobs run when they are made, before anything is joined.
    const chunkLength = Math.ceil(text.length / count)
    const start = performance.now()
    const { ids, joins, retries } = await parallelizer.encodeWith(timed, parts, text, { chunkLength })
    const end = performance.now()
    ids.slice()
    const copying = performance.now() - end
    const spans = jobs.filter(({ start }) => start < end)
    const before = spans[0].start - start
    const slowest = Math.max(...spans.map((job, k) => (spans[k + 1]?.start ?? job.end) - job.start))
    const after = end - spans.at(-1).end
    runs.push({ before, slowest, joining: Math.max(0, after - copying), copying, joins, retries })
  }
  const { joins, retries } = runs.at(-1)
  const [before, slowest, joining, copying] = ['before', 'slowest', 'joining', 'copying'].map((key) =>
    median(runs.map((run) => run[key])),
  )
  const total = before + slowest + joining + copying
  return { threads: count, before, slowest, joining, copying, total, joins, retries }
}

async function memory(text) {
  // Threads and their caches of pieces are there before. What is left over from making the text would hide a peak.
  for (let i = 0; i < 5; i++)
    await tokenizer.encodeParallel(text.slice(0, LENGTH / 20), { threads, chunkLength: 1 << 16 })
  globalThis.gc()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const before = process.memoryUsage().rss
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 1)
  const { ids } = await tokenizer.encodeParallel(text, { threads })
  peak = Math.max(peak, process.memoryUsage().rss)
  clearInterval(timer)
  return {
    characters: text.length,
    tokens: ids.length,
    bytesPerCharacter: (peak - before - ids.byteLength) / text.length,
  }
}

const makers = {
  english: () => sized(readFileSync(values.english, 'utf8')),
  code: () => sized(code()),
  chinese: () => sized(chinese()),
}
const result = {
  machine: machine(),
  model: values.model.split('/').at(-1),
  threads,
  rounds,
  texts: [],
  breakEven: [],
  memory: [],
}
for (const [name, make] of Object.entries(makers)) {
  if (values.memory && values.memory !== name) continue
  const text = make()
  if (values.memory) {
    result.memory.push({ name, ...(await memory(text)) })
    continue
  }
  tokenizer.encode(text)
  const loops = await independent(text)
  const speeds = await compared(text, { loops })
  await loops.end()
  const simulations = []
  for (const count of SIMULATED) simulations.push(await simulated(text, count))
  result.texts.push({ name, megabytes: LENGTH / 1e6, characters: text.length, ...speeds, simulations })
  if (name !== 'english') continue
  for (let bits = 14; bits <= 20; bits++) {
    const length = 1 << bits
    result.breakEven.push({
      length,
      ...(await compared(text.slice(0, length), { chunkLength: Math.ceil(length / threads), count: 41 })),
    })
  }
}
tokenizer.close()
if (values.out) writeFileSync(values.out, `${JSON.stringify(result, undefined, 2)}\n`)
if (values.json) console.log(JSON.stringify(result))
else if (values.memory)
  console.log(
    table([
      ['text', 'characters', 'tokens', 'bytes a character beyond input and ids'],
      ...result.memory.map(({ name, characters, tokens, bytesPerCharacter }) => [
        name,
        String(characters),
        String(tokens),
        threeDigits(bytesPerCharacter),
      ]),
    ]),
  )
else {
  const rows = result.texts.map((t) => [
    t.name,
    threeDigits(t.sequential),
    threeDigits(t.parallel),
    (t.sequential / t.parallel).toFixed(2),
    t.ceiling.toFixed(2),
    `${t.chunks}/${t.joins}/${t.retries}`,
  ])
  console.log(
    table([
      ['text', 'in sequence ms', `${threads} threads ms`, 'ratio', 'ceiling', 'chunks/joins/retries'],
      ...rows,
    ]),
  )
  console.log()
  const simulations = result.texts.flatMap((t) =>
    t.simulations.map((s) => [
      t.name,
      String(s.threads),
      threeDigits(s.before),
      threeDigits(s.slowest),
      s.joining.toFixed(2),
      threeDigits(s.copying),
      `${((100 * s.joining) / s.total).toFixed(1)} %`,
      (t.sequential / s.total).toFixed(2),
      `${s.joins}/${s.retries}`,
    ]),
  )
  console.log(
    table([
      [
        'text',
        'simulated threads',
        'before ms',
        'slowest chunk ms',
        'joining ms',
        'copying ids ms',
        'share of joining',
        'ratio',
        'joins/retries',
      ],
      ...simulations,
    ]),
  )
  console.log()
  console.log(
    table([
      ['characters', 'in sequence ms', `${threads} threads ms`],
      ...result.breakEven.map((b) => [String(b.length), b.sequential.toFixed(2), b.parallel.toFixed(2)]),
    ]),
  )
}
