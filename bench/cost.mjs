// What the cost model says of this machine, beside kernels: our product with one and two digits, and the dequantising
// baselines (bench/baselines), Q4_0 weights, over numbers of tokens.
//
//     node bench/cost.mjs [--tokens 1,8,512] [--threads 1] [--rounds 15] [--out FILE]
//
// Two predictions: the equations for accelerators (msd.md §5, `gemmCost`), and those of a CPU (`kernelCost`), which add
// what its kernels do beside multiplying. Their rates are measured, each by itself and in the same rounds as the products:
// bandwidth, multiply peaks, unpacking, decomposing. Their counts are of instructions in the kernels' source. Nothing is
// fitted to the times that are predicted. Rates and times are the best of all rounds: other programs only take from them.
// Results are checked against float64. It needs a CPU with AVX-512 VNNI: the counts are of its kernels.
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createNativeBackend } from '../dist/backend/index.js'
import { gemmCost, kernelCost } from '../dist/cost/index.js'
import { quantizedMatrixFromBytes } from '../dist/format/index.js'
import { bytes, COLS, problem, ROWS } from './baselines/answers.mjs'
import { buildBaselines } from './baselines/build.mjs'
import { machine } from './machine.mjs'

const { values: options } = parseArgs({
  options: {
    tokens: { type: 'string', default: '1,2,4,8,16,32,64,128,256,512,1024' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '15' },
    out: { type: 'string' },
  },
})
const threads = Number(options.threads)
const rounds = Number(options.rounds)
const sizes = options.tokens.split(',').map(Number)
const VARIANT = 'avx512vnni'
const GROUP = 32
/** So many matrices, read in turn, that they come from memory. */
const COPIES = Math.ceil(320e6 / bytes.length)
const productsOf = (tokens) => Math.max(1, Math.min(COPIES, Math.floor(64 / tokens)))

/**
 * Vector instructions beside the multiplications, of 16 lanes each. A record's group of 32 columns by 16 rows is 512 codes,
 * so an instruction a group is 16 / 512 lanes a code.
 * digits (gemm/tile.h): and, shift and and for each of 4 lines, converting the scales: 14 for every tile of up to 8 tokens.
 *   Then for each token the offset's broadcast, convert, scale · scale, multiply-add; two digits: shift and add.
 *   (scripts/panel-kernels.mjs): convert, scale · scale, multiply-add; two digits: shift.
 * f32 (baselines/float32.h): and, convert for 16 codes; a multiply-add for each token and group.
 * bf16 (baselines/x86_avx512bf16.cc): shift, table for 32 codes; the same.
 */
const PER_CODE = 16 / 512
const KINDS = {
  digits1: {
    rate: 'int8',
    passes: 1,
    tile: { combineLanes: 4, lanesPerCode: 14 * PER_CODE },
    panel: { combineLanes: 3 },
  },
  digits2: {
    rate: 'int8',
    passes: 2,
    tile: { combineLanes: 6, lanesPerCode: 14 * PER_CODE },
    panel: { combineLanes: 4 },
  },
  f32: { rate: 'f32', passes: 1, tile: { combineLanes: 1, lanesPerCode: 2 }, panel: { combineLanes: 0 } },
  bf16: { rate: 'bf16', passes: 1, tile: { combineLanes: 1, lanesPerCode: 1 }, panel: { combineLanes: 0 } },
}
const TILE_TOKENS = 8
/** Only tiles of at most so many tokens ask for codes ahead (gemm/tile.h, baselines/tile.h). */
const READ_AHEAD_TOKENS = 4
/** Zen multiplies on two of four vector ports and converts on the others; Intel's 512-bit instructions share two. */
const separatePorts = /AMD/.test(cpus()[0].model)
/** Tokens from which the product takes panels (scripts/panel-kernels.mjs); a baseline takes what is faster. */
const PANEL_TOKENS = 24

const rounded = (value) => Number(value.toPrecision(4))
const best = (list) => Math.max(...list)
const least = (list) => Math.min(...list)
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

/** The product in one form: what runs, what checks it. */
function ours(backend, weights, passes, tokens, x) {
  const input = backend.tensor(tokens, COLS)
  const out = backend.tensor(tokens, ROWS)
  const first = backend.rows(out, 0, 1)
  backend.upload(input, x.subarray(0, tokens * COLS))
  const digits = backend.digits(tokens, COLS, { passes, granularity: 'group' })
  const decompositions = []
  return {
    kind: `digits${passes}`,
    decompositions,
    async run() {
      const started = performance.now()
      backend.decompose(input, digits)
      decompositions.push((performance.now() - started) / 1000)
      for (const weight of weights.slice(0, productsOf(tokens))) backend.linear(digits, weight, out)
      await backend.read(first) // waits for all of it and copies one row
    },
    result: () => backend.read(out),
    free: () => backend.free(digits),
  }
}

function baseline(addon, session, kind, tokens, x, y) {
  const ways = ['tiles', 'panels'].filter((way) => addon.possible(session, kind, way === 'panels', tokens))
  return ways.map((way) => ({
    kind,
    way,
    run: () => addon.multiply(session, kind, way === 'panels', x, tokens, productsOf(tokens), y),
    result: () => y,
    free() {},
  }))
}

/**
 * Seconds of a product by the equations of a CPU, in the way that the kernels take; and if reading and multiplying a few
 * tokens did not overlap at all.
 */
function predictCpu(kind, tokens, shape, measured) {
  const { rate, passes, tile, panel } = KINDS[kind]
  const digits = kind.startsWith('digits')
  const rates = {
    memoryBytesPerSecond: measured.read,
    multiplyOperationsPerSecond: 2 * measured[rate],
    vectorLanesPerSecond: measured.f32,
    separatePorts,
    unpackedCodesPerSecond: measured.unpack[digits ? 'digits' : kind],
    // Once for all products with the same activations.
    ...(digits && { decomposedElementsPerSecond: measured.decompose[kind] * productsOf(tokens) }),
  }
  const work = { passes, group: GROUP }
  const asTiles = (readsAhead) => {
    const unpack = { to: 'registers', tokens: TILE_TOKENS, lanesPerCode: tile.lanesPerCode, readsAhead }
    return kernelCost(shape, { ...work, combineLanes: tile.combineLanes, unpack }, rates)
  }
  const tiles = asTiles(tokens <= READ_AHEAD_TOKENS)
  const panels = kernelCost(shape, { ...work, ...panel, unpack: { to: 'panel' } }, rates)
  const inPanels = digits ? tokens >= PANEL_TOKENS : panels.seconds < tiles.seconds
  const { seconds, binding } = inPanels ? panels : tiles
  return { seconds, binding, withoutOverlap: (inPanels ? panels : asTiles(false)).seconds }
}

/** By the equations for accelerators: units that work beside each other. */
function predictPaper(kind, shape, measured) {
  const rates = {
    memoryBytesPerSecond: measured.read,
    int8OperationsPerSecond: 2 * measured.int8,
    bf16OperationsPerSecond: 2 * (kind === 'bf16' ? measured.bf16 : measured.f32),
    convertedElementsPerSecond: measured.unpack[kind] ?? measured.unpack.f32,
  }
  const { msd, fused } = gemmCost(shape, rates, { passes: KINDS[kind].passes })
  return kind.startsWith('digits') ? msd : fused
}

function giveUp(reason) {
  console.error(`bench/cost.mjs: ${reason}`)
  process.exit(1)
}
const { addon, compiler } = await buildBaselines().catch((error) => giveUp(error.message))
const backend = (() => {
  try {
    return createNativeBackend({ variant: VARIANT, threads })
  } catch (error) {
    return giveUp(error.message)
  }
})()
const session = addon.open(VARIANT, threads)
const weights = []
for (let i = 0; i < COPIES; i++) {
  addon.weight(session, bytes, ROWS, COLS)
  weights.push(await backend.weight(quantizedMatrixFromBytes('weights', 'Q4_0', ROWS, COLS, bytes)))
}
const most = Math.max(...sizes)
const y = new Float32Array(most * ROWS)
const { x, check } = problem(most)
const bf16 = addon.possible(session, 'bf16', false, 1)
const kinds = Object.keys(KINDS).filter((kind) => kind !== 'bf16' || bf16)
const unpackKinds = ['digits', ...kinds.filter((kind) => !kind.startsWith('digits'))]

/** Every rate and every product, by turns. */
async function measure(tokens) {
  const all = [
    ...[1, 2].map((passes) => ours(backend, weights, passes, tokens, x)),
    ...kinds
      .filter((kind) => !kind.startsWith('digits'))
      .flatMap((kind) => baseline(addon, session, kind, tokens, x, y)),
  ]
  for (const one of all) {
    await one.run()
    one.error = check(one.kind, await one.result(), tokens)
    one.seconds = []
  }
  const samples = []
  for (let round = 0; round < rounds; round++) {
    await setTimeout(1) // the other pool's threads still spin for a moment
    const unpack = Object.fromEntries(unpackKinds.map((kind) => [kind, addon.unpackRate(session, kind, 3)]))
    samples.push({ ...addon.ceilings(session, 5), unpack })
    for (const one of round % 2 ? all.toReversed() : all) {
      await setTimeout(1)
      const started = performance.now()
      await one.run()
      one.seconds.push((performance.now() - started) / 1000 / productsOf(tokens))
    }
  }
  const of = (pick) => best(samples.map(pick))
  const measured = {
    ...Object.fromEntries(
      ['read', 'int8', 'f32', ...(bf16 ? ['bf16'] : [])].map((name) => [name, of((s) => s[name])]),
    ),
    unpack: Object.fromEntries(unpackKinds.map((kind) => [kind, of((s) => s.unpack[kind])])),
    decompose: Object.fromEntries(
      all
        .filter(({ decompositions }) => decompositions)
        .map(({ kind, decompositions }) => [kind, (tokens * COLS) / least(decompositions)]),
    ),
  }
  for (const one of all) one.free()
  const shape = { m: tokens, k: COLS, n: ROWS, bytesPerWeight: weights[0].byteLength / (COLS * ROWS) }
  const results = kinds.map((kind) => {
    const fastest = all
      .filter((one) => one.kind === kind)
      .toSorted((a, b) => least(a.seconds) - least(b.seconds))[0]
    const seconds = least(fastest.seconds)
    const cpu = predictCpu(kind, tokens, shape, measured)
    const paper = predictPaper(kind, shape, measured)
    return {
      ...{
        kind,
        way: fastest.way,
        seconds: rounded(seconds),
        medianSeconds: rounded(median(fastest.seconds)),
      },
      ...{ cpu: rounded(cpu.seconds), binding: cpu.binding, withoutOverlap: rounded(cpu.withoutOverlap) },
      paper: rounded(paper.seconds),
      ...{
        residual: rounded(seconds / cpu.seconds - 1),
        paperResidual: rounded(seconds / paper.seconds - 1),
      },
      error: rounded(fastest.error),
    }
  })
  return { tokens, measured, results }
}

const percent = (value) => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(0)} %`.padStart(6)
const ms = (seconds) => (seconds * 1000).toFixed(3).padStart(9)
console.log(`${VARIANT}, ${threads} threads, Q4_0, K = ${COLS}, N = ${ROWS}; best of ${rounds} rounds, ms`)
console.log('   M  kind      measured        cpu  residual  waits for  no overlap     paper  residual')
const reports = []
for (const tokens of sizes) {
  const report = await measure(tokens)
  reports.push(report)
  for (const {
    kind,
    seconds,
    cpu,
    residual,
    binding,
    withoutOverlap,
    paper,
    paperResidual,
  } of report.results)
    console.log(
      `${String(tokens).padStart(4)}  ${kind.padEnd(8)} ${ms(seconds)}  ${ms(cpu)}    ${percent(residual)}  ` +
        `${binding.padEnd(10)}  ${ms(withoutOverlap)} ${ms(paper)}    ${percent(paperResidual)}`,
    )
}
backend.close()
addon.close(session)
const report = {
  machine: machine(),
  compiler,
  variant: VARIANT,
  threads,
  rounds,
  cols: COLS,
  rows: ROWS,
  results: reports,
}
if (options.out) writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`)
