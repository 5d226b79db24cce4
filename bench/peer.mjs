// multiscale against node-llama-cpp on one model file: prefill and decode tokens/s, runs interleaved, both models
// loaded in one process, the peer at its better thread count.
//
//   npm ci && npm install --prefix bench && node bench/peer.mjs MODEL.gguf [--prompt 512] [--decode 64] [--runs 5] [--out FILE]
//
// The answers are checked first: the two must agree on the probability of the next token as closely as the
// peer's 8-bit activations allow.
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { getLlama } from 'node-llama-cpp'
import { loadModel } from '../dist/index.js'
import { machine, median, spread } from './machine.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    prompt: { type: 'string', default: '512' },
    decode: { type: 'string', default: '64' },
    runs: { type: 'string', default: '5' },
    passes: { type: 'string', default: '2' },
    out: { type: 'string' },
  },
})
const [path] = positionals
if (!path) throw new Error('usage: node bench/peer.mjs MODEL.gguf')
const [promptLength, decodeLength, runs] = [flags.prompt, flags.decode, flags.runs].map(Number)
const context = promptLength + decodeLength + 8

const ours = await loadModel(path, { context, passes: Number(flags.passes) })
const llama = await getLlama({
  gpu: false,
  build: 'never',
  logLevel: 'error',
  maxThreads: availableParallelism(),
})
const peerModel = await llama.loadModel({ modelPath: path })
const threadCounts = [...new Set([1, availableParallelism()])]
const peers = []
for (const threads of threadCounts) {
  const peerContext = await peerModel.createContext({ contextSize: context, batchSize: 512, threads })
  peers.push({ threads, sequence: peerContext.getSequence() })
}

/** A prompt that shares no prefix with the one before, so that no cache helps. */
const prompt = (seed) => {
  let state = seed * 7919 + 1
  return Uint32Array.from({ length: promptLength }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return 300 + ((state >>> 8) % (ours.info.vocabulary - 300))
  })
}

async function runOurs(ids) {
  const generation = ours.generate(ids, { maxTokens: decodeLength, ignoreEos: true, temperature: 0 })
  const { stats } = await generation.result
  return { prefill: stats.prefillTokensPerSecond, decode: stats.decodeTokensPerSecond }
}

async function runPeer({ sequence }, ids) {
  await sequence.clearHistory()
  const started = performance.now()
  let first = 0
  let count = 0
  for await (const _ of sequence.evaluate(Array.from(ids), { temperature: 0, yieldEogToken: true })) {
    if (count++ === 0) first = performance.now()
    if (count === decodeLength) break
  }
  const finished = performance.now()
  return {
    prefill: (ids.length * 1000) / (first - started),
    decode: ((count - 1) * 1000) / (finished - first),
  }
}

/** Root mean square difference of the next token's log-probability over the peer's 100 likeliest tokens. */
async function disagreement(ids) {
  const logits = await ours.logits(ids, { from: ids.length - 1 })
  const top = logits.reduce((a, b) => Math.max(a, b))
  const normaliser = top + Math.log(logits.reduce((sum, l) => sum + Math.exp(l - top), 0))
  const { sequence } = peers[0]
  await sequence.clearHistory()
  const items = Array.from(ids, (id, i) =>
    i === ids.length - 1 ? [id, { generateNext: { probabilities: true } }] : id,
  )
  const { next } = (await sequence.controlledEvaluate(items)).at(-1)
  const likeliest = [...next.probabilities].sort((a, b) => b[1] - a[1]).slice(0, 100)
  const squares = likeliest.map(([id, p]) => (Math.log(p) - (logits[id] - normaliser)) ** 2)
  return Math.sqrt(squares.reduce((a, b) => a + b) / squares.length)
}

const difference = await disagreement(prompt(0).subarray(0, 32))
if (!(difference < 0.25)) throw new Error(`the answers differ: ${difference} rms in log-probability`)

const results = { ours: [], ...Object.fromEntries(threadCounts.map((t) => [`peer${t}`, []])) }
for (let run = 0; run <= runs; run++) {
  const ids = prompt(run + 1)
  const round = { ours: await runOurs(ids) }
  for (const peer of peers) round[`peer${peer.threads}`] = await runPeer(peer, ids)
  if (run === 0) continue // warm-up
  for (const [name, figures] of Object.entries(round)) results[name].push(figures)
}

const of = (name, key) => results[name].map((r) => r[key])
const summary = {}
for (const key of ['prefill', 'decode']) {
  const best = threadCounts.map((t) => `peer${t}`).sort((a, b) => median(of(b, key)) - median(of(a, key)))[0]
  const ratios = of('ours', key).map((value, i) => value / of(best, key)[i])
  summary[key] = {
    oursTokensPerSecond: spread(of('ours', key)),
    peerTokensPerSecond: spread(of(best, key)),
    peerThreads: Number(best.slice(4)),
    ratio: spread(ratios),
  }
}
const { backend, variant, threads, passes, granularity, weightBytes } = ours.info
const report = {
  benchmark: 'peer',
  peer: 'node-llama-cpp 3.22.1',
  model: { name: ours.info.name, weightBytes },
  ours: { backend, variant, threads, passes, granularity },
  promptTokens: promptLength,
  decodeTokens: decodeLength,
  runs,
  logProbabilityRmsDifference: Number(difference.toPrecision(3)),
  ...summary,
  machine: machine(),
}
console.log(JSON.stringify(report, null, 2))
if (flags.out) writeFileSync(flags.out, `${JSON.stringify(report, null, 2)}\n`)
await ours.close()
await llama.dispose()
