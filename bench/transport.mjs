// Optimal transport by sweeps (docs/papers/finom.md): how time grows with the number of points; an iteration beside a dense one,
// ours (a product with the stored kernel) and POT's ot.sinkhorn; a million points and a grid of as many, with peak memory; what momentum saves; the error as ε goes to 0.
// Costs are compared before anything is timed. Each large case runs in a process of its own.
//
//   node bench/transport.mjs [--pot PYTHON] [--rounds N] [--json] [--out FILE]       PYTHON: one with POT (pip install pot)
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { table } from '../dist/cli/table.js'
import { threeDigits } from '../dist/cli/terminal.js'
import { Random } from '../dist/engine/random.js'
import { exactW1, sinkhorn1d, sinkhornGrid, wasserstein1ByExtrapolation } from '../dist/transport/index.js'
import { Iteration } from '../dist/transport/iteration.js'
import { checkProblem } from '../dist/transport/problem.js'
import { machine } from './machine.mjs'

const { values } = parseArgs({
  options: {
    pot: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    case: { type: 'string' },
    json: { type: 'boolean' },
    out: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const bump = (at, centre, width) => Math.exp(-(((at - centre) / width) ** 2) / 2)

function normalized(weights) {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** Random points in [0, 1]; weights of two bumps, or random ones. */
function measures(kind, count) {
  const random = new Random(1)
  const [x, y] = [0, 1].map(() => Float64Array.from({ length: count }, () => random.nextDouble()).sort())
  const weights = {
    bumps: [x.map((at) => bump(at, 0.3, 0.05) + 1e-3), y.map((at) => bump(at, 0.6, 0.1) + 1e-3)],
    random: [x.map(() => random.nextDouble()), y.map(() => random.nextDouble())],
  }
  const [a, b] = weights[kind].map(normalized)
  return { x, a, y, b }
}

/** Squares of `side`² points. */
function square(side) {
  const { x, y } = measures('random', side)
  const weights = (mesh, centre, width) =>
    normalized(
      Float64Array.from(
        { length: side * side },
        (_, i) =>
          bump(mesh[Math.floor(i / side)], centre, width) * bump(mesh[i % side], 1 - centre, width) + 1e-3,
      ),
    )
  return {
    axes: [
      { x, y },
      { x, y },
    ],
    a: weights(x, 0.3, 0.1),
    b: weights(y, 0.6, 0.15),
  }
}

const CASES = [
  ...[1e-1, 1e-2, 1e-3].map((epsilon) => ({ kind: 'bumps', points: 1e6, epsilon })),
  { kind: 'random', points: 1e6, epsilon: 1e-2 },
  ...[1e-1, 2e-2].map((epsilon) => ({ kind: 'grid', points: 1e6, epsilon })),
]

async function large({ kind, points, epsilon }) {
  const options = { epsilon, tolerance: 1e-6 }
  const input = kind === 'grid' ? square(Math.sqrt(points)) : measures(kind, points)
  const start = performance.now()
  const { iterations, marginalError, converged, cost } = await (kind === 'grid' ? sinkhornGrid : sinkhorn1d)(
    input,
    options,
  )
  const seconds = (performance.now() - start) / 1000
  const exact = kind === 'grid' ? null : exactW1(input)
  const peakBytes = process.resourceUsage().maxRSS * 1024
  return { kind, points, epsilon, iterations, marginalError, converged, seconds, cost, exact, peakBytes }
}

/** Milliseconds of an iteration of sinkhorn1d, in the median. */
function iterationTime({ x, a, y, b }, epsilon) {
  const state = new Iteration(checkProblem('bench', { axes: [{ x, y }], a, b }), epsilon)
  const repeats = Math.max(1, Math.round(2e5 / x.length))
  const times = []
  for (let round = -2; round < rounds; round++) {
    const start = performance.now()
    for (let k = 0; k < repeats; k++) {
      state.step()
      state.advance()
    }
    if (round >= 0) times.push((performance.now() - start) / repeats)
  }
  return median(times)
}

/** The same with the dense kernel in memory, as plain as can be: u = a / (K v), v = b / (Kᵀ u). */
function denseIterationTime({ x, a, y, b }, epsilon) {
  const [n, m] = [x.length, y.length]
  const kernel = new Float64Array(n * m)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) kernel[i * m + j] = Math.exp(-Math.abs(x[i] - y[j]) / epsilon)
  const v = new Float64Array(m).fill(1)
  const sums = new Float64Array(m)
  const times = []
  for (let round = -1; round < rounds; round++) {
    const start = performance.now()
    sums.fill(0)
    for (let i = 0; i < n; i++) {
      let sum = 0
      for (let j = 0, at = i * m; j < m; j++) sum += kernel[at + j] * v[j]
      const u = a[i] / sum
      for (let j = 0, at = i * m; j < m; j++) sums[j] += kernel[at + j] * u
    }
    for (let j = 0; j < m; j++) v[j] = b[j] / sums[j]
    if (round >= 0) times.push(performance.now() - start)
  }
  return median(times)
}

const POT = `
import json, sys, time, warnings
import numpy, ot
warnings.filterwarnings('ignore')
task = json.load(sys.stdin)
x, a, y, b = (numpy.array(task[key]) for key in 'xayb')
M = numpy.abs(x[:, None] - y[None, :])
run = lambda count, stop: ot.sinkhorn(a, b, M, task['epsilon'], numItermax=count, stopThr=stop)
cost = float((run(100000, 1e-9) * M).sum()) if len(x) <= 1000 else None
times = {5: [], 25: []}
for _ in range(task['rounds']):
    for count in times:
        start = time.perf_counter(); run(count, 0); times[count].append(time.perf_counter() - start)
median = lambda values: sorted(values)[len(values) // 2]
print(json.dumps({'version': ot.__version__, 'cost': cost, 'ms': (median(times[25]) - median(times[5])) / 20 * 1000}))
`

function pot(input, epsilon, count) {
  const task = Object.fromEntries(Object.entries(input).map(([key, array]) => [key, Array.from(array)]))
  const stdin = JSON.stringify({ ...task, epsilon, rounds: count })
  return JSON.parse(execFileSync(values.pot, ['-c', POT], { input: stdin, maxBuffer: 1 << 28 }).toString())
}

/** Iterations to 1e-6 at one ε: of plain Sinkhorn, with momentum, and with ε shrinking to it as well. */
async function iterationCounts(kind, epsilon) {
  const input = measures(kind, 1e4)
  const limit = 20_000
  const count = (isPlain) => {
    const state = new Iteration(
      checkProblem('bench', { axes: [{ x: input.x, y: input.y }], a: input.a, b: input.b }),
      epsilon,
    )
    for (let k = 1; k <= limit; k++) {
      if (state.step() <= 1e-6) return k
      if (isPlain) state.momentum.restart()
      state.advance()
    }
    return null
  }
  const { iterations, converged } = await sinkhorn1d(input, { epsilon, maxIterations: limit })
  return {
    kind,
    points: 1e4,
    epsilon,
    plain: count(true),
    momentum: count(false),
    both: converged ? iterations : null,
  }
}

/** Cost less exact W1 as ε is halved, on 2000 even points (four to three discrete ones), and the extrapolated value's. */
async function rate(name, measures, epsilons) {
  const exact = exactW1(measures)
  const errors = []
  for (const epsilon of epsilons)
    errors.push((await sinkhorn1d(measures, { epsilon, tolerance: 1e-10, maxIterations: 1e5 })).cost - exact)
  const { value } = await wasserstein1ByExtrapolation(measures, { epsilon: epsilons[0], tolerance: 1e-10 })
  return { name, exact, epsilons, errors, extrapolated: value - exact }
}

async function rates() {
  const x = Array.from({ length: 2000 }, (_, i) => (i + 0.5) / 2000)
  const bumpAt = (centre, width) => normalized(x.map((at) => bump(at, centre, width)))
  const discrete = { x: [0, 0.2, 0.5, 0.9], a: [0.1, 0.4, 0.2, 0.3], y: [0.1, 0.45, 0.7], b: [0.5, 0.2, 0.3] }
  const halved = [0.02, 0.01, 0.005]
  return [
    await rate('a bump to another', { x, a: bumpAt(0.35, 0.08), y: x, b: bumpAt(0.6, 0.08) }, halved),
    await rate('a bump to a wider one', { x, a: bumpAt(0.5, 0.05), y: x, b: bumpAt(0.5, 0.15) }, halved),
    await rate('a bump to itself', { x, a: bumpAt(0.5, 0.1), y: x, b: bumpAt(0.5, 0.1) }, halved),
    await rate('four points to three', discrete, [0.08, 0.04, 0.02]),
  ]
}

/** Slope of log(time) against log(points), by least squares. */
function exponent(rows) {
  const [p, q] = [rows.map(({ points }) => Math.log(points)), rows.map(({ ms }) => Math.log(ms))]
  const mean = (list) => list.reduce((sum, value) => sum + value) / list.length
  const [mp, mq] = [mean(p), mean(q)]
  return mean(p.map((value, i) => (value - mp) * (q[i] - mq))) / mean(p.map((value) => (value - mp) ** 2))
}

if (values.case) {
  console.log(JSON.stringify(await large(JSON.parse(values.case))))
  process.exit()
}

// First of all: the largest size of a process is also that of those it starts.
const script = fileURLToPath(import.meta.url)
const cases = CASES.map((one) =>
  JSON.parse(execFileSync('node', [script, '--case', JSON.stringify(one)]).toString()),
)

const EPSILON = 0.01
const growth = [1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6].map((points) => ({
  points,
  ms: iterationTime(measures('bumps', points), EPSILON),
}))
const dense = []
for (const points of [1e3, 1e4]) {
  const input = measures('bumps', points)
  const peer = values.pot ? pot(input, 0.1, points > 1000 ? 3 : 15) : null
  if (peer && peer.cost !== null) {
    const { cost } = await sinkhorn1d(input, { epsilon: 0.1, tolerance: 1e-9 })
    if (!(Math.abs(cost - peer.cost) < 1e-7)) throw new Error(`POT gives ${peer.cost}, we ${cost}`)
  }
  dense.push({
    points,
    ours: iterationTime(input, 0.1),
    dense: denseIterationTime(input, 0.1),
    pot: peer?.ms ?? null,
    potVersion: peer?.version ?? null,
  })
}
if (!values.pot) console.error('POT is left out: give a Python that has it, --pot PYTHON')
const counts = []
for (const [kind, epsilon] of [
  ['bumps', 1e-2],
  ['bumps', 1e-3],
  ['random', 1e-1],
  ['random', 1e-2],
])
  counts.push(await iterationCounts(kind, epsilon))
const result = {
  machine: machine(),
  rounds,
  growth,
  exponent: exponent(growth),
  dense,
  counts,
  cases,
  rates: await rates(),
}
if (values.out) writeFileSync(values.out, `${JSON.stringify(result, undefined, 2)}\n`)
if (values.json) console.log(JSON.stringify(result))
else {
  const times = (one, other) =>
    other === null ? '–' : `${threeDigits(other)} ms, ${threeDigits(other / one)} ×`
  console.log(
    [
      `An iteration of sinkhorn1d, ε = ${EPSILON}: time grows with points^${result.exponent.toFixed(3)}`,
      table([['points', 'ms'], ...growth.map(({ points, ms }) => [String(points), threeDigits(ms)])]),
      'Beside dense iterations, ε = 0.1',
      table([
        ['points', 'sweeps', 'dense', 'POT'],
        ...dense.map((row) => [
          String(row.points),
          `${row.ours.toPrecision(3)} ms`,
          times(row.ours, row.dense),
          times(row.ours, row.pot),
        ]),
      ]),
      'Iterations to a marginal error of 1e-6, 10⁴ points (– : above 20000)',
      table([
        ['weights', 'ε', 'plain', 'momentum', 'and shrinking ε'],
        ...counts.map((row) => [
          row.kind,
          String(row.epsilon),
          ...[row.plain, row.momentum, row.both].map((count) => String(count ?? '–')),
        ]),
      ]),
      'Cost less exact W1 at ε, ε/2, ε/4; the order of the last step; after extrapolation',
      table([
        ['measures', 'ε', 'cost − W1', '', '', 'order', 'extrapolated'],
        ...result.rates.map(({ name, epsilons, errors, extrapolated }) => [
          name,
          String(epsilons[0]),
          ...errors.map((error) => error.toExponential(2)),
          Math.log2(errors[1] / errors[2]).toFixed(2),
          extrapolated.toExponential(1),
        ]),
      ]),
      'A million points (grid: 1000 × 1000) to 1e-6',
      table([
        ['weights', 'ε', 'iterations', 'seconds', 'cost', 'exact W1', 'peak memory'],
        ...cases.map((row) => [
          row.kind,
          String(row.epsilon),
          `${row.iterations}${row.converged ? '' : ' (not converged)'}`,
          threeDigits(row.seconds),
          row.cost.toFixed(6),
          row.exact?.toFixed(6) ?? '',
          `${Math.round(row.peakBytes / 1e6)} MB`,
        ]),
      ]),
    ].join('\n\n'),
  )
}
