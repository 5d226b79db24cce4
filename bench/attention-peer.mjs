// Attention inside a model, beside node-llama-cpp: a model that is little else (random weights, layers of 32 query and
// 8 key heads of 64, a narrow stream), caches of every type, one run.
//
//   npm install --prefix bench && node bench/attention-peer.mjs [--contexts 4096,16384] [--layers 2] [--rounds 7] [--out FILE]
//
// Prefill: the time of a prompt of so many tokens. Decode: after it, blocks of 16 tokens, in turns; what a token takes after a
// prompt of 16 is subtracted, so that attention is what remains. node-llama-cpp with one thread and with one a core, and for F16
// with flash attention and without (a quantised cache needs it): for prompts and for tokens, what takes less time as a whole counts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { promptIds } from '../dist/cli/bench/contestant.js'
import { importNodeLlamaCpp } from '../dist/cli/bench/node-llama-cpp.js'
import { loadModel } from '../dist/index.js'
import { exportModel, loadNetwork, Network, trainingOperations } from '../dist/rl/index.js'
import { machine } from './machine.mjs'

const { values: options } = parseArgs({
  options: {
    contexts: { type: 'string', default: '4096,16384' },
    layers: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '7' },
    ours: { type: 'string', default: 'f16,int8,mxfp4' },
    theirs: { type: 'string', default: 'F16,Q8_0' },
    out: { type: 'string' },
  },
})
const contexts = options.contexts.split(',').map(Number)
const rounds = Number(options.rounds)
const BLOCK = 16
/** For what is generated after a prompt. */
const ROOM = (BLOCK + 1) * (rounds + 2)
const SHAPE = {
  width: 256,
  layers: Number(options.layers),
  heads: 32,
  kvHeads: 8,
  headSize: 64,
  feedForward: 256,
}
const BUILT_IN = join(import.meta.dirname, '../models/stories.gguf')

async function writeModel(path, context) {
  const operations = trainingOperations({})
  const { network: known, tokenizerMetadata: tokenizer } = await loadNetwork(BUILT_IN, operations, {
    rows: 8,
    context: 8,
  })
  const { vocabulary, epsilon, ropeBase, tied } = known.shape
  const network = new Network(operations, { ...SHAPE, vocabulary, epsilon, ropeBase, tied, context }, 8)
  network.initialise(1)
  await exportModel(path, network, { type: 'Q8_0', tokenizer, name: 'attention' })
  operations.close()
  return vocabulary
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]
const seconds = (started) => (performance.now() - started) / 1000

/** Prefills, then gives the seconds of a token in each further block. */
class Ours {
  constructor(type) {
    this.label = `multiscale ${type}`
    this.type = type
  }
  async start(path, ids) {
    this.model = await loadModel(path, { context: ids.length + ROOM, cacheType: this.type })
    const started = performance.now()
    const { tokens } = await this.model.generate(ids, { maxTokens: 1, ...GREEDY }).result
    this.history = [...ids, ...tokens]
    return seconds(started)
  }
  /** What is in the cache is not computed again: the first token comes with a pass over the last one. */
  async block() {
    const { tokens, stats } = await this.model.generate(this.history, { maxTokens: BLOCK + 1, ...GREEDY })
      .result
    this.history.push(...tokens)
    return 1 / stats.decodeTokensPerSecond
  }
  close() {
    return this.model.close()
  }
}
const GREEDY = { temperature: 0, ignoreEos: true }

class Theirs {
  constructor(llama, type, threads, flashAttention) {
    this.llama = llama
    this.flashAttention = flashAttention
    this.label = `node-llama-cpp ${type}`
    this.type = type
    this.threads = threads
  }
  async start(path, ids) {
    this.model = await this.llama.loadModel({ modelPath: path })
    this.context = await this.model.createContext({
      contextSize: ids.length + ROOM,
      batchSize: 512,
      threads: this.threads,
      flashAttention: this.flashAttention,
      experimentalKvCacheKeyType: this.type,
      experimentalKvCacheValueType: this.type,
    })
    const sequence = this.context.getSequence()
    this.tokens = sequence.evaluate([...ids], { temperature: 0, yieldEogToken: true })
    const started = performance.now()
    await this.tokens.next()
    return seconds(started)
  }
  async block() {
    const started = performance.now()
    for (let i = 0; i < BLOCK; i++) if ((await this.tokens.next()).done) throw new Error('the peer stopped')
    return seconds(started) / BLOCK
  }
  async close() {
    await this.context.dispose()
    await this.model.dispose()
  }
}

/** Seconds of the prompt, and the median seconds of a token after it, of each subject. */
async function run(subjects, path, length, vocabulary) {
  const ids = promptIds(length, vocabulary, 7)
  const prefill = []
  for (const subject of subjects) prefill.push(await subject.start(path, ids))
  const blocks = subjects.map(() => [])
  for (let round = 0; round <= rounds; round++)
    for (const [i, subject] of subjects.entries()) {
      const time = await subject.block()
      if (round > 0) blocks[i].push(time)
    }
  for (const subject of subjects) await subject.close()
  return subjects.map((_, i) => ({ prefill: prefill[i], decode: median(blocks[i]), blocks: blocks[i] }))
}

const folder = mkdtempSync(join(tmpdir(), 'multiscale-attention-'))
const results = []
try {
  const path = join(folder, 'attention.gguf')
  const longest = Math.max(...contexts) + ROOM
  const vocabulary = await writeModel(path, longest)
  const { module, version } = await importNodeLlamaCpp()
  const cores = availableParallelism()
  const llama = await module.getLlama({ gpu: false, build: 'never', logLevel: 'error', maxThreads: cores })
  const theirs = options.theirs.split(',')
  const threads = [...new Set([1, cores])]
  const subjects = () => [
    ...options.ours.split(',').map((type) => new Ours(type)),
    ...theirs.flatMap((type) =>
      (type === 'F16' ? [true, false] : [true]).flatMap((flash) =>
        threads.map((n) => new Theirs(llama, type, n, flash)),
      ),
    ),
  ]
  for (const context of contexts) {
    const all = subjects()
    const short = await run(subjects(), path, 16, vocabulary)
    const long = await run(all, path, context, vocabulary)
    console.log(`\n${context} tokens (${SHAPE.layers} layers, node-llama-cpp ${version})`)
    const best = new Map()
    for (const [i, { label, threads: used, flashAttention }] of all.entries()) {
      const run = { threads: used, flashAttention, ...long[i], short: short[i].decode }
      const runs = [...(best.get(label)?.runs ?? []), run]
      const fastest = runs.reduce((a, b) => (b.decode < a.decode ? b : a))
      best.set(label, {
        ...{ label, context, runs },
        prefill: Math.min(...runs.map((r) => r.prefill)),
        decode: fastest.decode - Math.min(...runs.map((r) => r.short)),
        token: fastest.decode,
      })
    }
    const reference = best.get('multiscale int8') ?? [...best.values()][0]
    for (const result of best.values()) {
      results.push(result)
      console.log(
        `${result.label.padEnd(22)} prefill ${result.prefill.toFixed(2)} s (${(result.prefill / reference.prefill).toFixed(2)} ×)   ` +
          `decode ${(result.decode * 1e3).toFixed(2)} ms a token in attention (${(result.decode / reference.decode).toFixed(2)} ×), ${(result.token * 1e3).toFixed(2)} in all`,
      )
    }
  }
  await llama.dispose()
  if (options.out)
    writeFileSync(
      options.out,
      `${JSON.stringify({ machine: machine(), shape: SHAPE, peer: version, results }, null, 2)}\n`,
    )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
