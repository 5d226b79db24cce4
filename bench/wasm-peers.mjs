// The WebAssembly backend beside others' WebAssembly on the same GGUF file: wllama (llama.cpp), and transformers.js
// (onnxruntime-web) on the file's weights written as ONNX. Tokens/s of prompt and answer in alternating rounds; the
// next token's probabilities are compared first. The peers are bench/package.json's: npm install --prefix bench
//
//   node bench/wasm-peers.mjs MODEL.gguf [--peers wllama,q4,q8] [--threads N] [--prompt N] [--decode N] [--rounds N]
//                             [--passes 1|2|3] [--variant NAME] [--json] [--out FILE]
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { spread } from '../dist/cli/bench/summary.js'
import { table } from '../dist/cli/table.js'
import { threeDigits } from '../dist/cli/terminal.js'
import { Random } from '../dist/engine/random.js'
import { loadModel } from '../dist/index.js'
import { machine } from './machine.mjs'
import { transformersContestant } from './peers/transformers.mjs'
import { wllamaContestant } from './peers/wllama.mjs'

const PEERS = {
  wllama: wllamaContestant,
  q4: (path, options) => transformersContestant(path, 'q4', options),
  q8: (path, options) => transformersContestant(path, 'q8', options),
}
/**
 * Most that log-probabilities of the same weights may be apart (root mean square). Activations of 8 bits leave up to
 * 0.12 (src/cli/bench/peer.ts); a wrong graph or another prompt is off by whole numbers.
 */
const APART = 0.3
/** Milliseconds between contestants: threads of the last one may still spin. */
const PAUSE = 300

async function multiscaleContestant(path, { context, threads, passes, variant }) {
  const model = await loadModel(path, { backend: 'wasm', context, threads, passes, variant })
  const { info } = model
  return {
    name: 'multiscale',
    version: `${info.variant}, ${passes} digits`,
    threads: info.threads,
    tokenize: (text) => model.tokenize(text),
    async run({ ids }, decode) {
      const options = { maxTokens: decode, ignoreEos: true, temperature: 0 }
      const { stats } = await model.generate(ids, options).result
      return { prefill: stats.prefillTokensPerSecond, decode: stats.decodeTokensPerSecond }
    },
    async next({ ids }) {
      const logits = await model.logits(ids, { from: ids.length - 1 })
      const top = logits.reduce((a, b) => Math.max(a, b))
      const normaliser = top + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0))
      return logits.map((logit) => logit - normaliser)
    },
    close: () => model.close(),
  }
}

/** Words that nobody has read before, at least `length` tokens of them: wllama takes text only. */
async function prompt(ours, length, seed) {
  const random = new Random(seed)
  const letter = () => String.fromCharCode(97 + Math.floor(26 * random.nextDouble()))
  const word = () => Array.from({ length: 2 + Math.floor(5 * random.nextDouble()) }, letter).join('')
  const words = [word()]
  for (;;) {
    const text = words.join(' ')
    const ids = await ours.tokenize(text)
    if (ids.length >= length) return { text, ids }
    // A token holds at most a whole word and is at least a letter, so this stops soon after the length.
    const missing = Math.max(1, Math.floor((length - ids.length) / 8))
    words.push(...Array.from({ length: missing }, word))
  }
}

/** Root mean square over the likeliest tokens of the peer, at most 100. */
function difference(ours, theirs) {
  const likeliest = [...theirs].sort((a, b) => b[1] - a[1]).slice(0, 100)
  const squares = likeliest.map(([id, p]) => (p - ours[id]) ** 2)
  return Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length)
}

async function compareAnswers(ours, peers, text) {
  const expected = await ours.next(text)
  for (const peer of peers) {
    peer.apart = difference(expected, await peer.next(text))
    if (peer.exact && !(peer.apart <= APART))
      throw new Error(
        `${peer.name} answers otherwise: log-probabilities are ${threeDigits(peer.apart)} apart`,
      )
  }
}

async function measure(contestants, { prompt: length, decode, rounds }) {
  const [ours] = contestants
  const samples = new Map(contestants.map((contestant) => [contestant, []]))
  // The first round compiles and reads what is read once; it is not counted.
  for (let round = 0; round <= rounds; round++) {
    const text = await prompt(ours, length, round + 1)
    // Back and forth, so that nobody is always first.
    for (const contestant of round % 2 ? contestants : contestants.toReversed()) {
      await setTimeout(PAUSE)
      const speeds = await contestant.run(text, decode)
      if (round > 0) samples.get(contestant).push(speeds)
      const { prefill, decode: generating } = speeds
      console.error(
        `${round || 'warming up'}: ${contestant.name} ${threeDigits(prefill)}, ${threeDigits(generating)} tokens/s`,
      )
    }
  }
  return contestants.map((contestant) => {
    const { name, version, threads, exact, apart } = contestant
    const of = (key) => {
      const values = samples.get(contestant).map((speeds) => speeds[key])
      const ratios = samples.get(ours).map((speeds, i) => speeds[key] / values[i])
      return { tokensPerSecond: spread(values), ...(contestant !== ours && { oursOverIt: spread(ratios) }) }
    }
    const answers = contestant === ours ? {} : { sameWeights: exact, logProbabilityRmsDifference: apart }
    return { name, version, threads, ...answers, prefill: of('prefill'), decode: of('decode') }
  })
}

function describe({ settings, results, machine: { cpu, cores, node } }) {
  const range = (of) => {
    return of ? `${threeDigits(of.median)} (${threeDigits(of.min)}–${threeDigits(of.max)})` : ''
  }
  const rows = results.map(({ name, threads, logProbabilityRmsDifference: apart, prefill, decode }) => [
    name,
    String(threads),
    range(prefill.tokensPerSecond),
    range(prefill.oursOverIt),
    range(decode.tokensPerSecond),
    range(decode.oursOverIt),
    apart === undefined ? '' : threeDigits(apart),
  ])
  const head = [
    `prompt of ${settings.prompt}`,
    'ours / it',
    `generating ${settings.decode}`,
    'ours / it',
    'apart',
  ]
  const versions = results.map(({ name, version }) => `${name}: ${version}`).join('\n')
  const where = `${cpu}, ${cores} cores, Node ${node}`
  const what = `tokens/s, median (min–max) of ${settings.rounds} rounds; ratios within a round`
  return `${versions}\n${where}\n${what}\n\n${table([['', 'threads', ...head], ...rows])}`
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: 'string', default: Object.keys(PEERS).join(',') },
    threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    prompt: { type: 'string', default: '128' },
    decode: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '5' },
    passes: { type: 'string', default: '2' },
    variant: { type: 'string' },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const [path] = positionals
const names = flags.peers.split(',')
const unknown = names.find((name) => !Object.hasOwn(PEERS, name))
if (!path || unknown)
  throw new Error(
    unknown
      ? `--peers ${unknown}: there are ${Object.keys(PEERS)}`
      : 'usage: node bench/wasm-peers.mjs MODEL.gguf',
  )
const [threads, length, decode, rounds, passes] = ['threads', 'prompt', 'decode', 'rounds', 'passes'].map(
  (name) => Number(flags[name]),
)
const settings = { threads, prompt: length, decode, rounds, passes }
const options = { threads, passes, variant: flags.variant, context: length + decode + 16 }
const contestants = [await multiscaleContestant(path, options)]
for (const name of names) contestants.push(await PEERS[name](path, options))
const [ours, ...peers] = contestants
await compareAnswers(ours, peers, await prompt(ours, length, 0))
const results = await measure(contestants, settings)
const report = { benchmark: 'wasm-peers', settings, results, machine: machine() }
console.log(flags.json ? JSON.stringify(report, null, 2) : describe(report))
if (flags.out) writeFileSync(flags.out, `${JSON.stringify(report, null, 2)}\n`)
for (const contestant of contestants) await contestant.close()
process.exit() // onnxruntime-web's threads have no end of their own
