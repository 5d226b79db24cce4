// The product beside what it replaces: Q4_0 weights made into float32 or bfloat16 numbers first, by kernels written
// with the same care (bench/baselines), on as many threads of the same kind, from the same bytes in memory.
//
//     node bench/baselines.mjs [--variants avx2,avx512vnni] [--tokens 1,8,512] [--threads 2] [--rounds 9] [--out FILE]
//
// Every round runs all of them by turns, between two measurements of the machine's ceilings. Printed are medians of
// the speeds and of the quotients within a round, and the best round's share of the larger ceiling: what a kernel can
// do, since other tenants only take from it. Each baseline has a way for few tokens and one for many: both are
// measured and the faster counts. Results are checked against float64. With AVX-VNNI, float32 is AVX2's.
import { writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createNativeBackend, nativeVariants } from '../dist/backend/index.js'
import { quantizedMatrixFromBytes } from '../dist/format/index.js'
import { bytes, COLS, problem, ROWS } from './baselines/answers.mjs'
import { buildBaselines } from './baselines/build.mjs'
import { machine } from './machine.mjs'

const { values: options } = parseArgs({
  options: {
    variants: { type: 'string' },
    tokens: { type: 'string', default: '1,2,4,8,16,32,64,128,256,512' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '9' },
    out: { type: 'string' },
  },
})
const threads = Number(options.threads)
const rounds = Number(options.rounds)
const sizes = options.tokens.split(',').map(Number)
const usable = nativeVariants().filter((v) => v.compiled && v.supported && v.name.startsWith('avx'))
const variants = options.variants?.split(',') ?? usable.map((v) => v.name)

/** So many matrices, read in turn, that they come from memory. */
const COPIES = Math.ceil(320e6 / bytes.length)
const most = Math.max(...sizes)
const y = new Float32Array(most * ROWS)
const { x, check } = problem(most)
/** How many of them one measurement takes: some hundredths of a second. */
const productsOf = (tokens) => Math.max(1, Math.min(COPIES, Math.floor(512 / tokens)))

/** Four digits: more would be noise. */
const rounded = (value) => Number(value.toPrecision(4))
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

/** The product with one or two digits. */
function ours(backend, weights, passes, tokens) {
  const input = backend.tensor(tokens, COLS)
  const out = backend.tensor(tokens, ROWS)
  const first = backend.rows(out, 0, 1)
  backend.upload(input, x.subarray(0, tokens * COLS))
  const digits = backend.digits(tokens, COLS, { passes, granularity: 'group' })
  return {
    kind: `digits${passes}`,
    way: '',
    work: { int8: passes },
    async run() {
      backend.decompose(input, digits)
      for (const weight of weights.slice(0, productsOf(tokens))) backend.linear(digits, weight, out)
      await backend.read(first) // waits for all of it and copies one row
    },
    result: () => backend.read(out),
    free: () => backend.free(digits),
  }
}

/** A baseline's ways; that for many tokens has no kernels for a few, and the CPU may have no bfloat16. */
function baseline(session, kind, tokens) {
  const ways = ['tiles', 'panels'].filter((way) => addon.possible(session, kind, way === 'panels', tokens))
  return ways.map((way) => ({
    kind,
    way,
    work: { [kind]: 1 },
    run: () => addon.multiply(session, kind, way === 'panels', x, tokens, productsOf(tokens), y),
    result: () => y,
    free() {},
  }))
}

/** What all of them take for so many tokens. */
async function measure(session, backend, weights, tokens) {
  const all = [
    ours(backend, weights, 2, tokens),
    ours(backend, weights, 1, tokens),
    ...baseline(session, 'f32', tokens),
    ...baseline(session, 'bf16', tokens),
  ]
  for (const one of all) {
    await one.run()
    one.error = check(one.kind, await one.result(), tokens)
    one.seconds = []
  }
  const ceilings = [addon.ceilings(session, 20)]
  for (let round = 0; round < rounds; round++) {
    for (const one of round % 2 ? all.toReversed() : all) {
      await setTimeout(1) // the other pool's threads still spin for a moment
      const started = performance.now()
      await one.run()
      one.seconds.push((performance.now() - started) / 1000 / productsOf(tokens))
    }
    ceilings.push(addon.ceilings(session, 20))
  }
  for (const one of all) one.free()

  const share = (seconds, amount, ceiling) => {
    const shares = seconds.map(
      (s, i) => amount / s / Math.max(ceilings[i][ceiling], ceilings[i + 1][ceiling]),
    )
    return { median: rounded(median(shares)), best: rounded(Math.max(...shares)) }
  }
  const results = all.map(({ kind, way, work, seconds, error }) => {
    const [[ceiling, passes]] = Object.entries(work)
    const quotients = seconds.map((s, i) => s / all[0].seconds[i])
    return {
      kind,
      way,
      seconds: rounded(median(seconds)),
      gmacs: rounded((tokens * ROWS * COLS) / median(seconds) / 1e9),
      ratio: rounded(median(quotients)),
      ratios: [Math.min(...quotients), Math.max(...quotients)].map(rounded),
      ofBandwidth: share(seconds, weights[0].byteLength, 'read'),
      ofPeak: share(seconds, passes * tokens * ROWS * COLS, ceiling),
      error: rounded(error),
    }
  })
  const best = (kind) => results.filter((r) => r.kind === kind).toSorted((a, b) => a.seconds - b.seconds)
  const fastest = ['digits2', 'digits1', 'f32', 'bf16'].flatMap((kind) => best(kind).slice(0, 1))
  return { tokens, results, fastest }
}

/** Speed, ratio, the larger share with its ceiling (r: read, m: multiply), error. */
function cell({ kind, way, gmacs, ratio, ofBandwidth, ofPeak, error }) {
  const [bandwidth, peak] = [ofBandwidth.best, ofPeak.best]
  const share = bandwidth > peak ? `${bandwidth.toFixed(2)}r` : `${peak.toFixed(2)}m`
  return [
    gmacs.toFixed(1).padStart(6),
    kind === 'digits2' ? '' : `${ratio.toFixed(2)}×`.padStart(6),
    share.padStart(6),
    error.toExponential(1).padStart(8),
    way.slice(0, 1).padStart(way ? 2 : 0),
  ].join('')
}

function giveUp(reason) {
  console.error(`bench/baselines.mjs: ${reason}`)
  process.exit(1)
}
if (!variants.length) giveUp('the baselines need a CPU with AVX2, and the addon (npm run build)')
const { addon, compiler } = await buildBaselines().catch((error) => giveUp(error.message))
const results = []
for (const variant of variants) {
  const session = addon.open(variant, threads)
  const backend = createNativeBackend({ variant, threads })
  const weights = []
  for (let i = 0; i < COPIES; i++) {
    addon.weight(session, bytes, ROWS, COLS)
    weights.push(await backend.weight(quantizedMatrixFromBytes('weights', 'Q4_0', ROWS, COLS, bytes)))
  }
  console.log(`${variant}, ${threads} threads, Q4_0, K = ${COLS}, N = ${ROWS}`)
  if (!addon.possible(session, 'bf16', false, 1))
    console.log('Without bfloat16: the variant, the CPU or the compiler has no AVX512-BF16.')
  console.log(
    'GMAC/s, time ÷ two digits, share of read bandwidth (r) or multiply peak (m), error, tiles or panels',
  )
  console.log('  M   two digits           one digit                  float32                      bfloat16')
  for (const tokens of sizes) {
    const { results: all, fastest } = await measure(session, backend, weights, tokens)
    console.log(`${String(tokens).padStart(3)} ${fastest.map(cell).join('  ')}`)
    results.push({ variant, tokens, results: all })
  }
  backend.close()
  addon.close(session)
}
const report = { machine: machine(), compiler, threads, rounds, cols: COLS, rows: ROWS, results }
if (options.out) writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`)
