// Attention alone, over caches of every type: decode (one token) as a share of the bandwidth that reading keys and
// values once needs, prefill as a share of the multiply peak, with and without preloading.
//
//     node bench/attention.mjs [--types f16,int8,mxfp4] [--decode 4096,16384] [--prefill 2048,8192]
//                              [--heads 32,8,64] [--latent 0] [--threads 2] [--rounds 9] [--out FILE]
//
// --heads: query heads, key heads, head size. --latent: keys are one row for all heads, and their first so many elements
// are the values (MLA: --heads 16,1,576 --latent 512 --types f16,int8); its decoding is a share of the multiply peak. Types and both ways of loading take turns within a round; each
// measurement stands between two of the ceiling, and is divided by the larger. Medians. The answers of some rows are
// compared with float64 attention over what the cache's codes stand for.
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { dequantizeRows, exactAttention, quantizeRows } from '../dist/attention/index.js'
import { createNativeBackend, measureCeilings } from '../dist/backend/index.js'
import { fp16 } from '../dist/dtype/index.js'
import { machine } from './machine.mjs'

const { values: options } = parseArgs({
  options: {
    types: { type: 'string', default: 'f16,int8,mxfp4' },
    decode: { type: 'string', default: '4096,16384' },
    prefill: { type: 'string', default: '2048,8192' },
    heads: { type: 'string', default: '32,8,64' },
    latent: { type: 'string', default: '0' },
    threads: { type: 'string', default: String(availableParallelism()) },
    variant: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    out: { type: 'string' },
  },
})
const numbers = (list) => (list ? list.split(',').map(Number) : [])
const types = options.types.split(',')
const [heads, kvHeads, headSize] = numbers(options.heads)
const latent = Number(options.latent) || undefined
const valueSize = latent ?? headSize
const threads = Number(options.threads)
const rounds = Number(options.rounds)
const { variant } = options
const LAYER = 1
/** Of an int8 cache of all layers: larger than what processors keep. */
const CACHE_BYTES = 600e6

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

/** Normal numbers by sums of four uniform ones: enough here, and fast. */
function random(length, seed) {
  let state = seed >>> 0
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) / 2 ** 24 - 0.5
  }
  return Float32Array.from({ length }, () => Math.sqrt(3) * (uniform() + uniform() + uniform() + uniform()))
}

function subject(type, backend, label, layers, context, keys, values) {
  const cache = backend.cache({ type, layers, kvHeads, headSize, latent, capacity: context })
  const pass = backend.pass([{ cache, position: 0, tokens: context }])
  const put = (x) => {
    const tensor = backend.tensor(context, kvHeads * headSize)
    backend.upload(tensor, x)
    return tensor
  }
  const [k, v] = [put(keys), latent ? undefined : put(values)]
  for (let layer = 0; layer < layers; layer++) backend.append(pass, layer, k, v)
  return { type, label, backend, cache, layers }
}

/** Relative L2 error of a head's row against float64 attention over what its codes stand for. */
function errorOf(type, out, row, position, queries, keys, values) {
  const head = heads - 1
  const kv = kvHeads - 1
  const count = position + 1
  const part = (x, size = headSize) =>
    Float32Array.from({ length: count * size }, (_, i) => {
      const t = Math.floor(i / size)
      return x[(t * kvHeads + kv) * headSize + (i % size)]
    })
  const stored = (x) =>
    type === 'f32'
      ? x
      : type === 'f16'
        ? x.map((value) => fp16.round(value))
        : dequantizeRows(
            quantizeRows(x, { rows: count, cols: x.length / count, format: type, groupSize: latent }),
          )
  const at = row * heads + head
  const q = queries.subarray(at * headSize, (at + 1) * headSize)
  const v = stored(part(latent ? keys : values, valueSize))
  const want = exactAttention({ q, k: stored(part(keys)), v, rows: 1, keys: count, headSize, valueSize })
  const got = out.subarray(at * valueSize, (at + 1) * valueSize)
  const [difference, norm] = want.reduce(([d, n], x, i) => [d + (got[i] - x) ** 2, n + x * x], [0, 0])
  return Math.sqrt(difference / norm)
}

/** Whether reading the cache is what binds, not multiplying. */
const reads = (tokens) => tokens === 1 && !latent

async function measure(tokens, context) {
  const rowBytes = (latent ? 1 : 2) * context * kvHeads * headSize
  const layers = tokens === 1 ? Math.max(2, Math.ceil(CACHE_BYTES / rowBytes)) : 2
  const [keys, values] = [random(context * kvHeads * headSize, 1), random(context * kvHeads * headSize, 2)]
  const queries = random(tokens * heads * headSize, 3)
  const first = context - tokens
  const subjects = [true, false].flatMap((preload) => {
    const backend = createNativeBackend({ threads, variant, preload })
    return types.map((type) =>
      subject(type, backend, preload ? type : `${type}, no preload`, layers, context, keys, values),
    )
  })
  const results = []
  for (let round = 0; round <= rounds; round++)
    for (const [i, { type, label, backend, cache }] of subjects.entries()) {
      const q = backend.tensor(tokens, heads * headSize)
      const out = backend.tensor(tokens, heads * valueSize)
      backend.upload(q, queries)
      const pass = backend.pass([{ cache, position: first, tokens }])
      const ceiling = () => measureCeilings({ variant, threads, milliseconds: 30 })
      const before = ceiling()
      const started = performance.now()
      const used = tokens === 1 ? layers : 1
      for (let layer = 0; layer < used; layer++)
        backend.attention(q, pass, out, {
          layer: tokens === 1 ? layer : LAYER,
          heads,
          scale: headSize ** -0.5,
        })
      await backend.read(backend.rows(out, 0, 1))
      const seconds = (performance.now() - started) / 1000 / used
      const after = ceiling()
      if (round === 0) {
        const y = await backend.read(out)
        const rows = [...new Set([0, tokens - 1])]
        const errors = rows.map((row) => errorOf(type, y, row, first + row, queries, keys, values))
        results[i] = { label, type, tokens, context, seconds: [], shares: [], error: Math.max(...errors) }
        continue
      }
      const codes = type === 'int8' || type === 'mxfp4'
      const pairs = (heads * (headSize + valueSize) * tokens * (2 * first + tokens + 1)) / 2
      const name = reads(tokens) ? 'readBandwidth' : codes ? 'int8Peak' : 'floatPeak'
      const amount = reads(tokens) ? cache.byteLength / layers : pairs * (codes ? 2 : 1)
      results[i].amount = amount
      results[i].ceiling = name
      results[i].seconds.push(seconds)
      results[i].shares.push(amount / seconds / Math.max(before[name], after[name]))
    }
  for (const { backend, cache } of subjects) backend.free(cache)
  for (const backend of new Set(subjects.map((s) => s.backend))) backend.close()
  // Of a round, for the ratio: the machine's moods are in both.
  const reference = results.find(({ type }) => type === 'f16')?.seconds
  return results.map(({ seconds, shares, ...facts }) => ({
    ...facts,
    seconds: median(seconds),
    share: median(shares),
    best: Math.max(...shares),
    toF16: reference ? median(seconds.map((s, i) => s / reference[i])) : undefined,
  }))
}

const results = []
const work = [
  ...numbers(options.decode).map((context) => [1, context]),
  ...numbers(options.prefill).map((context) => [context, context]),
]
for (const [tokens, context] of work) {
  console.log(
    reads(tokens)
      ? `\ndecode, ${context} tokens cached; share of the bandwidth of reading keys and values once`
      : `\n${tokens === 1 ? 'decode' : 'prefill'}, ${context} tokens; share of the multiply peak of the type (int8 digits or float32)`,
  )
  for (const result of await measure(tokens, context)) {
    results.push(result)
    const { label, seconds, share, best, toF16, amount, error } = result
    console.log(
      `${label.padEnd(18)} ${(seconds * 1e6).toFixed(0).padStart(9)} µs a layer  ` +
        `${(amount / seconds / 1e9).toFixed(1).padStart(6)} ${reads(tokens) ? 'GB/s' : 'GMAC/s'}  ` +
        `share ${share.toFixed(2)} (best ${best.toFixed(2)})  ` +
        `${toF16 ? `time / f16 ${toF16.toFixed(2)}  ` : ''}error ${error.toExponential(1)}`,
    )
  }
}
if (options.out) {
  const shape = { heads, kvHeads, headSize, latent, threads }
  writeFileSync(options.out, `${JSON.stringify({ machine: machine(), shape, results }, null, 2)}\n`)
}
