// The experiment of docs/rl.md: what quantised rollouts do to reinforcement learning, and what corrections do about it.
// A small policy learns arithmetic by GRPO; one arm samples with float32 weights, the others with quantised ones and
// different corrections. Every arm runs with several seeds; a seed decides problems and samples alike in all arms.
//
//   node bench/rl.mjs [--settings mild,large] [--arms float,none,ais,…] [--seeds 5] [--rounds 120] [--out FOLDER]
//
// Finished runs are kept in FOLDER/rl.json: what was interrupted goes on. Charts go to docs/ with --charts.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { answerEnds, arithmeticTasks } from '../dist/cli/arithmetic-tasks.js'
import { lineChart } from '../dist/cli/line-chart.js'
import { corpusDocuments } from '../dist/corpus/index.js'
import { GrpoTrainer, loadNetwork, RolloutEngine, train, trainingOperations } from '../dist/rl/index.js'
import { machine } from './machine.mjs'

const { values: flags } = parseArgs({
  options: {
    settings: { type: 'string', default: 'mild,large' },
    arms: { type: 'string', default: 'float,none,ais,tis,mis,is' },
    seeds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '120' },
    pretraining: { type: 'string', default: '400' },
    out: { type: 'string', default: join(import.meta.dirname, 'results') },
    charts: { type: 'boolean', default: false },
  },
})
const [seeds, rounds] = [Number(flags.seeds), Number(flags.rounds)]

/** How the policy that samples is quantised, and how fast is learned. */
const SETTINGS = {
  mild: { type: 'Q4_0', passes: 1, rate: 4e-5, name: '4-bit weights, one digit' },
  large: {
    type: 'Q2_K',
    passes: 1,
    rate: 6e-4,
    name: '2-bit weights, one digit, three times the learning rate',
  },
}
const NAMES = {
  float: 'float32 rollouts',
  none: 'quantised, uncorrected',
  ais: 'quantised, AIS',
  tis: 'quantised, truncated (TIS)',
  mis: 'quantised, masked (MIS)',
  is: 'quantised, full importance sampling',
}

const SHAPE = { width: 256, layers: 2, heads: 8, kvHeads: 4, headSize: 32, feedForward: 512, context: 256 }
const MAX_TOKENS = 16

/** The policy at the beginning: it has read some arithmetic, and is often wrong. */
async function basePolicy() {
  const steps = Number(flags.pretraining)
  const path = join(tmpdir(), `multiscale-rl-base-${steps}.gguf`)
  if (existsSync(path)) return path
  const texts = []
  for (const { text, kind } of corpusDocuments({ seed: 1, split: 'train' })) {
    if (kind === 'arithmetic') texts.push(text)
    if (texts.length === 6000) break
  }
  const data = `${path}.txt`
  writeFileSync(data, texts.join('\n<|endoftext|>\n'))
  const recipe = { steps, batchTokens: 4096, rate: 2e-3, warmup: 50, seed: 1 }
  const result = await train({
    data,
    out: path,
    preset: 'tiny',
    vocabulary: 512,
    shape: SHAPE,
    recipe,
    type: 'F32',
  })
  console.log(`base policy: ${result.parameters} parameters, loss ${result.losses.at(-1).toFixed(3)}`)
  return path
}

async function runArm(base, setting, arm, seed) {
  const operations = trainingOperations({})
  const { network, tokenizer } = await loadNetwork(base, operations, { context: 64 })
  const { type, passes, rate } = SETTINGS[setting]
  const quantised = arm === 'float' ? { type: 'F32', passes: 1 } : { type, passes }
  const engine = new RolloutEngine(network.shape, { ...quantised, sequences: 256 })
  try {
    const correction = arm === 'float' ? 'none' : arm
    const recipe = { tasks: 32, group: 16, maxTokens: MAX_TOKENS, rate, correction, seed, warmup: 10 }
    const endIds = answerEnds(tokenizer)
    const trainer = new GrpoTrainer({
      operations,
      network,
      tokenizer,
      engine,
      tasks: arithmeticTasks('train'),
      endIds,
      recipe,
    })
    const heldOut = arithmeticTasks('heldout')
    const before = await trainer.evaluate(heldOut)
    const reports = []
    for (let round = 0; round < rounds; round++) {
      const { reward, length, diagnostics, lambda, gradientNorm, seconds } = await trainer.round()
      reports.push({ reward, length, ...diagnostics, lambda, gradientNorm, ...seconds })
    }
    return { setting, arm, seed, before, after: await trainer.evaluate(heldOut), reports }
  } finally {
    engine.close()
    operations.close()
  }
}

mkdirSync(flags.out, { recursive: true })
const file = join(flags.out, 'rl.json')
const stored = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { runs: [] }
const known = (run) =>
  stored.runs.find(
    ({ setting, arm, seed, reports }) =>
      setting === run.setting && arm === run.arm && seed === run.seed && reports.length === rounds,
  )
const base = await basePolicy()
const jobs = []
for (const setting of flags.settings.split(','))
  for (let seed = 1; seed <= seeds; seed++)
    for (const arm of flags.arms.split(',')) jobs.push({ setting, arm, seed })
for (const job of jobs) {
  if (known(job)) continue
  const run = await runArm(base, job.setting, job.arm, job.seed)
  stored.runs.push(run)
  stored.machine = machine()
  stored.pretraining = Number(flags.pretraining)
  writeFileSync(
    file,
    `${JSON.stringify(stored, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value))}\n`,
  )
  const last = run.reports.slice(-20)
  const mean = (of) => last.reduce((sum, report) => sum + report[of], 0) / last.length
  console.log(
    `${job.setting} ${job.arm} seed ${job.seed}: right on held-out problems ${run.before.toFixed(3)} → ${run.after.toFixed(3)}, ` +
      `reward of the last 20 rounds ${mean('reward').toFixed(3)}, κ ${mean('divergence').toExponential(2)}, λ ${mean('lambda').toFixed(2)}`,
  )
}

const meanOf = (values) => values.reduce((a, b) => a + b, 0) / values.length
const spreadOf = (values) => {
  const mean = meanOf(values)
  return Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1),
  )
}

/** Over seeds, each smoothed over 10 rounds. */
function curve(runs, of) {
  const smooth = runs.map(({ reports }) =>
    reports.map((_, i) => meanOf(reports.slice(Math.max(0, i - 9), i + 1).map((report) => report[of]))),
  )
  const at = (i) => smooth.map((values) => values[i])
  return {
    points: smooth[0].map((_, i) => [i + 1, meanOf(at(i))]),
    band: smooth[0].map((_, i) => [i + 1, meanOf(at(i)) - spreadOf(at(i)), meanOf(at(i)) + spreadOf(at(i))]),
  }
}

for (const setting of flags.settings.split(',')) {
  const arms = flags.arms.split(',')
  const of = (arm) => jobs.filter((job) => job.setting === setting && job.arm === arm).map(known)
  console.log(`\n${setting}: ${SETTINGS[setting].name}; ${seeds} seeds, mean ± standard deviation over seeds`)
  console.log(
    'arm      held-out right   reward, last 20 rounds   mean reward of all rounds   ESS     κ         CV      λ      sampling s',
  )
  for (const arm of arms) {
    const runs = of(arm)
    const lastOf = (name) =>
      runs.map(({ reports }) => meanOf(reports.slice(-20).map((report) => report[name])))
    const allOf = (name) => runs.map(({ reports }) => meanOf(reports.map((report) => report[name])))
    const pm = (values) => `${meanOf(values).toFixed(3)} ± ${spreadOf(values).toFixed(3)}`
    console.log(
      `${arm.padEnd(8)} ${pm(runs.map(({ after }) => after))}    ${pm(lastOf('reward'))}            ${pm(allOf('reward'))}               ` +
        `${meanOf(allOf('essRatio')).toFixed(3)}   ${meanOf(allOf('divergence')).toExponential(1)}   ${meanOf(allOf('cv')).toFixed(3)}   ${meanOf(allOf('lambda')).toFixed(2)}   ${meanOf(allOf('rollout')).toFixed(3)}`,
    )
  }
  const quantised = arms.filter((arm) => arm !== 'float')
  if (arms.includes('float') && quantised.length > 0) {
    const seconds = (arm) => meanOf(of(arm).flatMap(({ reports }) => reports.map(({ rollout }) => rollout)))
    console.log(
      `sampling with quantised weights takes ${(seconds(quantised[0]) / seconds('float')).toFixed(2)} of the time with float32 weights`,
    )
  }
  if (!flags.charts) continue
  const docs = join(import.meta.dirname, '../docs')
  const draw = (name, title, label, names, value, axis = {}) =>
    writeFileSync(
      join(docs, `rl-${setting}-${name}.svg`),
      lineChart({
        title,
        x: { label: 'round' },
        y: { label, ...axis },
        series: names.map((arm) => ({ name: NAMES[arm], ...curve(of(arm), value) })),
      }),
    )
  const { name } = SETTINGS[setting]
  draw('reward', `Reward, ${name}`, 'mean reward', arms, 'reward')
  draw('divergence', `Divergence κ, ${name}`, 'κ, nats per token', quantised, 'divergence')
  draw('ess', `Weight reliability ρ, ${name}`, 'ESS ratio', quantised, 'essRatio', { max: 1 })
  draw('cv', `Variance amplification, ${name}`, 'CV', quantised, 'cv', { min: 0 })
  draw(
    'lambda',
    `Mixing coefficient λ, ${name}`,
    'λ',
    quantised.filter((arm) => arm === 'ais'),
    'lambda',
    { min: 0, max: 1 },
  )
}
