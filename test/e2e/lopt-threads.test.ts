import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadModel } from 'multiscale'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGguf } from '../../src/format/index.js'
import { type Tokenizer, tokenizerFromGguf } from '../../src/tokenizer/index.js'
import { BREAK_EVEN, Parallelizer } from '../../src/tokenizer/lopt/parallelizer.js'
import { Pool } from '../../src/tokenizer/lopt/pool.js'
import { VocabularyTokenizer } from '../../src/tokenizer/tokenizer.js'
import { runModule } from '../helpers/cli.js'
import {
  byteLevelVocabularies,
  jsonVocabularies,
  sentencePieceVocabularies,
} from '../helpers/small-vocabularies.js'

/** `encodeParallel` on real threads: those of dist/, which `npm run build:ts` makes. */
const sources = fileURLToPath(new URL('../../src/tokenizer/', import.meta.url))
const prose = `${readFileSync(`${sources}tokenizer.ts`, 'utf8')}\n中文字，の カナ 🙂🙂 \ud800 12345678 THE END${' '.repeat(300)}`
const text = prose.repeat(12)

test('the threads are built', () => {
  expect(existsSync(`${sources}../../dist/tokenizer/lopt/worker.js`)).toBe(true)
})

const all = [
  ...(await byteLevelVocabularies()).slice(1, 3),
  ...sentencePieceVocabularies(),
  ...jsonVocabularies(),
]
describe.each(all.filter(([name]) => !/tokenizer.json [45]: /.test(name)))('%s', (_name, tokenizer) => {
  afterAll(() => tokenizer.close())

  test.each([
    { chunkLength: 1000, overlap: 50 },
    { chunkLength: 20_000 },
    { chunkLength: 15_000, parseSpecial: true, addSpecial: false },
  ])('%j', async (options) => {
    const { ids, ...result } = await tokenizer.encodeParallel(text, { threads: 2, ...options })
    expect(Array.from(ids)).toEqual(Array.from(tokenizer.encode(text, options)))
    expect(result).toMatchObject({ sequential: false })
    expect(result.chunks).toBeGreaterThan(4)
    // With special tokens parsed, the text falls into parts too short to be cut.
    if (!options.parseSpecial) expect(result.joins).toBeGreaterThan(4)
    expect([1, 2]).toContain(result.threads)
  })
})

describe('one tokenizer', () => {
  let tokenizer: Tokenizer
  beforeAll(async () => {
    tokenizer = (await byteLevelVocabularies())[2]![1]
  })
  afterAll(() => tokenizer.close())
  const options = { threads: 2, chunkLength: 5000 }

  test('many texts at once', async () => {
    const texts = Array.from({ length: 12 }, (_, i) => prose.slice(i * 100).repeat(1 + (i % 4)))
    const results = await Promise.all(texts.map((each) => tokenizer.encodeParallel(each, options)))
    results.forEach(({ ids }, i) => {
      expect(Array.from(ids)).toEqual(Array.from(tokenizer.encode(texts[i]!)))
    })
  })

  test('an abort ends it with its reason, and the next text is encoded', async () => {
    const controller = new AbortController()
    const encoding = tokenizer.encodeParallel(text, { ...options, signal: controller.signal })
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason), 1)
    await expect(encoding).rejects.toBe(reason)
    await expect(tokenizer.encodeParallel(text, { ...options, signal: controller.signal })).rejects.toBe(
      reason,
    )
    const { ids } = await tokenizer.encodeParallel(text, options)
    expect(Array.from(ids)).toEqual(Array.from(tokenizer.encode(text)))
  })

  test('closing ends what is under way; then threads start anew', async () => {
    const encoding = tokenizer.encodeParallel(text, options)
    setTimeout(() => tokenizer.close(), 0)
    await expect(encoding).rejects.toThrow('The tokenizer was closed')
    const { sequential } = await tokenizer.encodeParallel(text, options)
    expect(sequential).toBe(false)
  })

  test('a second long text starts threads, and they encode the next', async () => {
    const long = prose.repeat(1 + Math.ceil(BREAK_EVEN / prose.length))
    const parallelizer = new Parallelizer(tokenizer as VocabularyTokenizer)
    const encode = () => parallelizer.encode(long, { threads: 2 })
    expect(await encode()).toMatchObject({ sequential: true })
    let encoding = await encode()
    expect(encoding).toMatchObject({ sequential: true })
    while (encoding.sequential) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      encoding = await encode()
    }
    expect(Array.from(encoding.ids)).toEqual(Array.from(tokenizer.encode(long)))
    parallelizer.close()
  })

  test('progress goes up to all chunks; what it throws is thrown', async () => {
    const seen: number[] = []
    const { chunks } = await tokenizer.encodeParallel(text, {
      ...options,
      onProgress: ({ encodedChunks, totalChunks }) => seen.push(encodedChunks, totalChunks),
    })
    expect(seen).toEqual(Array.from({ length: chunks }, (_, i) => [i + 1, chunks]).flat())
    const fault = new Error('no more')
    const onProgress = () => {
      throw fault
    }
    await expect(tokenizer.encodeParallel(text, { ...options, onProgress })).rejects.toBe(fault)
  })

  test('short texts are encoded in sequence, and options are checked', async () => {
    expect(await tokenizer.encodeParallel('a b')).toMatchObject({ chunks: 1, threads: 1, sequential: true })
    expect(await tokenizer.encodeParallel('', options)).toMatchObject({ sequential: false })
    for (const name of ['threads', 'chunkLength', 'overlap'])
      await expect(tokenizer.encodeParallel('a', { [name]: 0 })).rejects.toThrow(`${name} must be a positive`)
  })

  test('a text that the vocabulary cannot express is the error that encode has', async () => {
    const entries = { model: 'gpt2', pre: 'gpt-2', tokens: ['a', 'b', 'Ġ'], merges: [] as string[] }
    const poor = tokenizerFromGguf(
      new Map(Object.entries(entries).map(([name, value]) => [`tokenizer.ggml.${name}`, value])),
    )
    const { ids } = await poor.encodeParallel('a b '.repeat(1000), { threads: 2, chunkLength: 100 })
    expect(ids.length).toBe(4000)
    await expect(
      poor.encodeParallel(`${'a b '.repeat(1000)}c`, { threads: 2, chunkLength: 100 }),
    ).rejects.toThrow('no token for the byte 0x63')
    poor.close()
  })

  test('a thread that ends is an error that says so, and another takes its place', async () => {
    if (!(tokenizer instanceof VocabularyTokenizer)) throw new Error('unreachable: all are')
    const pool = new Pool(tokenizer.parts.source, 'pieces')
    pool.start(1)
    const job = { text: 'one two', parts: [14], start: 0, head: 9, tail: 0 }
    await pool.session(1).run(job, false)
    const [member] = pool.members
    const waiting = pool.session(1).run({ ...job, text: 'word '.repeat(2e6), parts: [2e7] }, false)
    member!.thread.end()
    await expect(waiting).rejects.toThrow('A thread of encodeParallel ended: exit code 1')
    pool.start(1)
    expect(Array.from((await pool.session(1).run(job, false)).ids)).toEqual(
      Array.from(tokenizer.encode('one two', { addSpecial: false })),
    )
    pool.close()
  })
})

test('where threads cannot be started, texts are encoded in sequence', async () => {
  const { status, stdout, stderr } = await runModule(`
    import { Worker } from 'node:worker_threads'
    import { trainBpe, tokenizerFromGguf } from 'multiscale/tokenizer'
    const { metadata } = await trainBpe(['the cat sat on the mat'], { vocabularySize: 270 })
    const tokenizer = tokenizerFromGguf(metadata)
    const loaded = process.getBuiltinModule
    class Unknown extends Worker { constructor(url, options) { super(new URL('none.js', url), options) } }
    class Refused { constructor() { throw new Error('refused') } }
    for (const Worker of [Unknown, Refused]) {
      process.getBuiltinModule = (name) => name === 'node:worker_threads' ? { Worker } : loaded(name)
      const { ids, sequential } = await tokenizer.encodeParallel('the cat', { chunkLength: 1, overlap: 1 })
      console.log(ids.length === tokenizer.count('the cat'), sequential)
      tokenizer.close()
    }
  `)
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true true\ntrue true\n', stderr: '' })
})

describe('browsers', () => {
  test('nothing that the tokenizers and their threads import is a module of Node', () => {
    const seen = new Set<string>()
    const visit = (file: URL) => {
      if (seen.has(file.href)) return
      seen.add(file.href)
      for (const [, target] of readFileSync(file, 'utf8').matchAll(/\bfrom '([^']+)'|\bimport\('([^']+)'/g)) {
        expect(target, file.pathname).toMatch(/^\.{1,2}\//)
        visit(new URL(target!, file))
      }
    }
    for (const entry of ['index', 'lopt/worker'])
      visit(new URL(`../../dist/tokenizer/${entry}.js`, import.meta.url))
    expect(seen.size).toBeGreaterThan(40)
  })

  test('threads are Web Workers', async () => {
    // What browsers have and Node has not: Worker, and inside of it postMessage and onmessage; and nothing of Node.
    const { status, stdout, stderr } = await runModule(`
      import { Worker as Thread } from 'node:worker_threads'
      import { trainBpe, tokenizerFromGguf } from 'multiscale/tokenizer'
      const { metadata } = await trainBpe(['the cat sat on the mat'], { vocabularySize: 270 })
      process.getBuiltinModule = undefined
      let started = 0
      globalThis.Worker = class {
        constructor(url, { type }) {
          started++
          if (type !== 'module') throw new Error('not a module')
          const code = \`
            import { parentPort } from 'node:worker_threads'
            process.getBuiltinModule = undefined
            globalThis.postMessage = (message) => parentPort.postMessage(message)
            await import('\${url}')
            parentPort.on('message', (data) => globalThis.onmessage({ data }))
          \`
          this.thread = new Thread(new URL('data:text/javascript,' + encodeURIComponent(code)))
          this.thread.on('message', (data) => this.onmessage({ data }))
          this.thread.on('error', (error) => this.onerror(error))
        }
        postMessage(message) { this.thread.postMessage(message) }
        terminate() { this.thread.terminate() }
      }
      const tokenizer = tokenizerFromGguf(metadata)
      const text = 'the cat sat. '.repeat(5000)
      const { ids, sequential, joins } = await tokenizer.encodeParallel(text, { threads: 2, chunkLength: 5000 })
      console.log(ids.join() === tokenizer.encode(text).join(), sequential, joins, started)
      tokenizer.close()
    `)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true false 12 2\n', stderr: '' })
  })
})

test('threads keep a process alive while they encode, and no longer', async () => {
  const { status, stdout, stderr } = await runModule(`
    import { trainBpe, tokenizerFromGguf } from 'multiscale/tokenizer'
    const { metadata } = await trainBpe(['the cat sat on the mat'], { vocabularySize: 270 })
    const tokenizer = tokenizerFromGguf(metadata)
    const { ids, sequential } = await tokenizer.encodeParallel('the cat '.repeat(1e5), { threads: 2, chunkLength: 50000 })
    console.log(ids.length === tokenizer.encode('the cat '.repeat(1e5)).length, sequential)
  `)
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true false\n', stderr: '' })
})

test('a model encodes long texts on threads and gives the ids of encode', async () => {
  const path = fileURLToPath(new URL('../../models/stories.gguf', import.meta.url))
  const file = await openGguf(path)
  const tokenizer = tokenizerFromGguf(file.metadata)
  await file.close()
  await using model = await loadModel(path)
  const long = prose.repeat(40)
  const expected = Array.from(tokenizer.encode(long))
  // In sequence, and again while the threads start, then on them.
  for (let i = 0; i < 4; i++) expect(Array.from(await model.tokenize(long))).toEqual(expected)
})
