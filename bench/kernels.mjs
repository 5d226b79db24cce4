// The products alone, beside what the machine can do: decode (1 token) as a share of the read bandwidth, prefill
// (512 tokens) as a share of the multiply peak, for every variant of the native backend that this CPU runs.
//
//     node bench/kernels.mjs [--types Q4_0,Q8_0] [--variants avx2,avx512vnni] [--threads 2] [--rounds 9] [--out FILE]
//
// Each measurement stands between two of the ceiling, and is divided by the larger. Medians of the shares; answers are
// checked against float64.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createNativeBackend, measureCeilings, nativeVariants } from '../dist/backend/index.js'
import { dequantize, quantizedMatrixFromBytes, tensorType } from '../dist/format/index.js'
import { machine } from './machine.mjs'

const { values: options } = parseArgs({
  options: {
    types: { type: 'string', default: 'Q4_0,Q8_0,Q4_K,Q6_K,MXFP4' },
    variants: { type: 'string' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '9' },
    out: { type: 'string' },
  },
})
const threads = Number(options.threads)
const rounds = Number(options.rounds)
const usable = nativeVariants().filter((v) => v.compiled && v.supported && v.name !== 'generic')
const variants = options.variants?.split(',') ?? usable.map((v) => v.name)

/** Weights of a model of one kind of matrix, larger than the caches for decode. */
const DECODE = { rows: 8192, cols: 2048, tokens: 1, bytes: 500e6 }
const PREFILL = { rows: 8192, cols: 2048, tokens: 512, bytes: 0 }

/** Blocks whose every byte is 0x20 … 0x3f: no scale is infinite, none subnormal. */
function randomBytes(type, rows, cols, seed) {
  const { blockSize, blockBytes } = tensorType(type)
  const bytes = new Uint8Array(((rows * cols) / blockSize) * blockBytes)
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >> 2)
  let state = seed
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    words[i] = ((state ^ (state >>> 13)) & 0x1f1f1f1f) | 0x20202020
  }
  return bytes
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

async function measure(variant, type, work, passes) {
  const { rows, cols, tokens } = work
  const backend = createNativeBackend({ variant, threads })
  const bytes = randomBytes(type, rows, cols, 7)
  const copies = Math.max(1, Math.ceil(work.bytes / bytes.length))
  const weights = []
  for (let i = 0; i < copies; i++)
    weights.push(await backend.weight(quantizedMatrixFromBytes('weights', type, rows, cols, bytes)))
  const x = Float32Array.from({ length: tokens * cols }, (_, i) => Math.sin(i) * (i % 37 === 0 ? 30 : 1))
  const input = backend.tensor(tokens, cols)
  backend.upload(input, x)
  const out = backend.tensor(tokens, rows)
  const digits = backend.digits(tokens, cols, { passes, granularity: 'group' })
  const rates = []
  const shares = []
  for (let round = 0; round <= rounds; round++) {
    const before = measureCeilings({ variant, threads, milliseconds: 30 })
    const started = performance.now()
    backend.decompose(input, digits)
    for (const weight of weights) backend.linear(digits, weight, out)
    await backend.read(backend.rows(out, 0, 1)) // waits for all of it and copies one row
    const seconds = (performance.now() - started) / 1000
    const after = measureCeilings({ variant, threads, milliseconds: 30 })
    if (round === 0) continue
    const [amount, ceiling] =
      tokens === 1
        ? [copies * weights[0].byteLength, 'readBandwidth']
        : [passes * tokens * rows * cols, 'int8Peak']
    rates.push(amount / seconds)
    shares.push(amount / seconds / Math.max(before[ceiling], after[ceiling]))
  }
  const error = relativeError(await backend.read(out), x, type, bytes, work)
  backend.close()
  return {
    variant,
    type,
    tokens,
    passes,
    rate: median(rates),
    share: median(shares),
    best: Math.max(...shares),
    error,
  }
}

/** Relative L2 error of the first 32 columns of the first and last token's result. */
function relativeError(y, x, type, bytes, { rows, cols, tokens }) {
  const count = 32
  const w = dequantize(type, bytes.subarray(0, (bytes.length / rows) * count), count, cols)
  let difference = 0
  let norm = 0
  for (const t of new Set([0, tokens - 1]))
    for (let n = 0; n < count; n++) {
      let sum = 0
      for (let k = 0; k < cols; k++) sum += x[t * cols + k] * w[n * cols + k]
      difference += (y[t * rows + n] - sum) ** 2
      norm += sum ** 2
    }
  return Math.sqrt(difference / norm)
}

const results = []
for (const variant of variants)
  for (const type of options.types.split(','))
    for (const [work, passes] of [
      [DECODE, 2],
      [PREFILL, 2],
      [PREFILL, 1],
    ]) {
      const result = await measure(variant, type, work, passes)
      results.push(result)
      const { tokens, rate, share, best, error } = result
      console.log(
        `${variant.padEnd(11)} ${type.padEnd(6)} ${String(tokens).padStart(3)} tokens, ${passes} digits: ` +
          `${(rate / 1e9).toFixed(1).padStart(6)} ${tokens === 1 ? 'GB/s  ' : 'GMAC/s'} ` +
          `${share.toFixed(2)} of the ceiling (best ${best.toFixed(2)}), error ${error.toExponential(1)}`,
      )
    }
const report = { machine: machine(), threads, rounds, results }
if (options.out) writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`)
