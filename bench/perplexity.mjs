// Perplexity of a quantised model for 1, 2 and 3 INT8 digits with row and group scales, and caches of every type, against the float64 reference
// of test/reference/llama_float64.py on the same tokens and windows.
//
//   python3 -m venv venv && venv/bin/pip install numpy gguf tokenizers
//   venv/bin/python test/reference/tokenize_smollm.py MODEL TEXT ids.u32
//   venv/bin/python test/reference/llama_float64.py MODEL score --ids-file ids.u32 --out reference.f64   # hours; resumable
//   node bench/perplexity.mjs MODEL ids.u32 reference.f64 [--windows N] [--digits 1,2,3]
//                             [--scales row,group] [--caches f32] [--out FILE]
//
// The reference file holds its windows in an order that samples the text evenly, so the first N are a fair sample.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadModel } from '../dist/index.js'
import { machine } from './machine.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    windows: { type: 'string' },
    digits: { type: 'string', default: '1,2,3' },
    scales: { type: 'string', default: 'row,group' },
    caches: { type: 'string', default: 'f32' },
    out: { type: 'string' },
    threads: { type: 'string' },
  },
})
const [modelPath, idsPath, referencePath] = positionals
const floats = (path, Type) => {
  const bytes = readFileSync(path)
  const whole = bytes.length - (bytes.length % Type.BYTES_PER_ELEMENT)
  return new Type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + whole))
}
const ids = floats(idsPath, Uint32Array)
const reference = floats(referencePath, Float64Array)
const [count, window, stride] = reference
if (count !== ids.length) throw new Error(`the reference scored ${count} tokens, the ids are ${ids.length}`)

/** Records of the reference: window index, first scored token, how many, then their log-probabilities. */
const windows = []
for (let at = 5; at + 3 <= reference.length; ) {
  const [index, first, length] = reference.subarray(at, at + 3)
  if (at + 3 + length > reference.length) break // still being written
  const begin = index * stride
  windows.push({ begin, end: first + length, first, scores: reference.subarray(at + 3, at + 3 + length) })
  at += 3 + length
}
const chosen = windows.slice(0, Number(flags.windows ?? windows.length))
const scored = chosen.reduce((sum, { scores }) => sum + scores.length, 0)
const referenceNats = -chosen.reduce((sum, { scores }) => sum + scores.reduce((a, b) => a + b, 0), 0) / scored
console.log(
  `${chosen.length} of ${Math.ceil((count - window) / stride) + 1} windows of ${window}, ${scored} tokens`,
)
console.log(`float64 reference: perplexity ${Math.exp(referenceNats).toFixed(6)}`)

const threads = flags.threads === undefined ? undefined : Number(flags.threads)
const settings = flags.scales
  .split(',')
  .flatMap((granularity) =>
    flags.digits
      .split(',')
      .flatMap((passes) =>
        flags.caches.split(',').map((cacheType) => [granularity, Number(passes), cacheType]),
      ),
  )
const rows = []
for (const [granularity, passes, cacheType] of settings) {
  const model = await loadModel(modelPath, { passes, granularity, cacheType, context: window, threads })
  let nats = 0
  let squares = 0
  let largest = 0
  const started = performance.now()
  for (const { begin, end, first, scores } of chosen) {
    const ours = await model.score(ids.subarray(begin, end), { from: first - begin })
    for (const [i, value] of ours.entries()) {
      nats -= value
      squares += (value - scores[i]) ** 2
      largest = Math.max(largest, Math.abs(value - scores[i]))
    }
  }
  const perplexity = Math.exp(nats / scored)
  const row = {
    passes,
    granularity,
    cacheType,
    perplexity,
    relativeDifference: perplexity / Math.exp(referenceNats) - 1,
    logProbabilityRms: Math.sqrt(squares / scored),
    logProbabilityMax: largest,
    seconds: Math.round((performance.now() - started) / 1000),
  }
  rows.push(row)
  console.log(
    `${passes} digit(s) per ${granularity.padEnd(5)}, ${cacheType} cache: perplexity ${perplexity.toFixed(6)}, ` +
      `${(100 * row.relativeDifference).toFixed(5)} %, log-probability rms ${row.logProbabilityRms.toExponential(2)}, ` +
      `max ${largest.toExponential(2)} (${row.seconds} s)`,
  )
  await model.close()
}
const report = {
  benchmark: 'perplexity',
  windows: chosen.length,
  window,
  stride,
  scoredTokens: scored,
  referencePerplexity: Math.exp(referenceNats),
  rows,
  machine: machine(),
}
if (flags.out) writeFileSync(flags.out, `${JSON.stringify(report, null, 2)}\n`)
