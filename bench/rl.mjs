// The experiment of docs/rl.md: what quantised rollouts do to reinforcement learning, and what corrections do about it.
// A small policy learns arithmetic by GRPO; one arm samples with float32 weights, the others with quantised ones and
// different corrections. Every arm runs with several seeds; a seed decides problems and samples alike in all arms.
//
//   node bench/rl.mjs [--settings mild,large] [--arms float,none,ais,tis,mis,is] [--seeds 5] [--rounds 80] [--threads N]
//     [--out FOLDER] [--charts]
//
// Finished runs are kept in FOLDER/rl.json: what was interrupted goes on. Charts go to docs/ with --charts.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { answerEnds, arithmeticTasks } from '../dist/cli/arithmetic-tasks.js'
import { lineChart } from '../dist/cli/line-chart.js'
import { corpusDocuments } from '../dist/corpus/index.js'
import { GrpoTrainer, loadNetwork, RolloutEngine, train, trainingOperations } from '../dist/rl/index.js'
import { machine } from './machine.mjs'

const { values: flags } = parseArgs({
  options: {
    settings: { type: 'string', default: 'mild,large' },
    arms: { type: 'string' },
    seeds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '80' },
    threads: { type: 'string' },
    pretraining: { type: 'string', default: '400' },
    out: { type: 'string', default: join(import.meta.dirname, 'results') },
    charts: { type: 'boolean', default: false },
  },
})
const [seeds, rounds] = [Number(flags.seeds), Number(flags.rounds)]
const threads = flags.threads ? Number(flags.threads) : undefined

/** How the policy that samples is quantised, how fast is learned, and what is compared. */
const SETTINGS = {
  mild: {
    type: 'Q4_0',
    passes: 1,
    rate: 6e-5,
    name: '4-bit weights, one digit',
    arms: ['float', 'none', 'ais'],
  },
  large: {
    type: 'Q2_K',
    passes: 1,
    rate: 1.2e-4,
    name: '2-bit weights, one digit, double rate',
    arms: ['float', 'none', 'ais', 'tis', 'mis', 'is'],
  },
}
/** What decides a run, besides arm and seed. */
const recipeOf = (setting) => {
  const { type, passes, rate } = SETTINGS[setting]
  return {
    type,
    passes,
    rate,
    tasks: 16,
    group: 16,
    maxTokens: 16,
    warmup: 10,
    pretraining: Number(flags.pretraining),
  }
}
const NAMES = {
  float: 'float32 rollouts',
  none: 'quantised, uncorrected',
  ais: 'quantised, AIS',
  tis: 'quantised, truncated (TIS)',
  mis: 'quantised, masked (MIS)',
  is: 'quantised, full weights (IS)',
}

/** Each is met six or seven times. */
const TASKS = arithmeticTasks('train').filter((_, i) => i % 23 === 0)
/** Of sums that neither the policy's first training nor the rewards knew. */
const OTHER_TASKS = arithmeticTasks('heldout')
const SHAPE = { width: 256, layers: 2, heads: 8, kvHeads: 4, headSize: 32, feedForward: 512, context: 256 }

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
  const operations = trainingOperations({ threads })
  const { network, tokenizer } = await loadNetwork(base, operations, { context: 64 })
  const { type, passes, pretraining: _, ...learning } = recipeOf(setting)
  const quantised = arm === 'float' ? { type: 'F32', passes: 1 } : { type, passes }
  const engine = new RolloutEngine(network.shape, { ...quantised, sequences: 256, threads })
  const exact = new RolloutEngine(network.shape, { type: 'F32', passes: 1, sequences: 256, threads })
  try {
    const correction = arm === 'float' ? 'none' : arm
    const recipe = { ...learning, correction, seed }
    const endIds = answerEnds(tokenizer)
    const common = { operations, network, tokenizer, tasks: TASKS, endIds, recipe }
    const trainer = new GrpoTrainer({ ...common, engine })
    const judge = new GrpoTrainer({ ...common, engine: exact })
    /** Right answers of the trained weights, to the problems and to others, and of the weights that sample. */
    const evaluations = []
    const evaluate = async (round) =>
      evaluations.push({
        round,
        trained: await judge.evaluate(TASKS),
        heldOut: await judge.evaluate(OTHER_TASKS),
        sampled: await trainer.evaluate(TASKS),
      })
    await evaluate(0)
    const reports = []
    for (let round = 1; round <= rounds; round++) {
      const { reward, length, diagnostics, lambda, gradientNorm, seconds } = await trainer.round()
      reports.push({ reward, length, ...diagnostics, lambda, gradientNorm, ...seconds })
      if (round % 10 === 0 || round === rounds) await evaluate(round)
    }
    return { setting, arm, seed, recipe: recipeOf(setting), evaluations, reports }
  } finally {
    engine.close()
    exact.close()
    operations.close()
  }
}

mkdirSync(flags.out, { recursive: true })
const file = join(flags.out, 'rl.json')
const stored = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { runs: [] }
const known = (run) =>
  stored.runs.find(
    ({ setting, arm, seed, reports, recipe }) =>
      setting === run.setting &&
      arm === run.arm &&
      seed === run.seed &&
      reports.length === rounds &&
      isDeepStrictEqual(recipe, recipeOf(setting)),
  )
const armsOf = (setting) => flags.arms?.split(',') ?? SETTINGS[setting].arms
const base = await basePolicy()
const jobs = []
for (const setting of flags.settings.split(','))
  for (let seed = 1; seed <= seeds; seed++)
    for (const arm of armsOf(setting)) jobs.push({ setting, arm, seed })
for (const job of jobs) {
  if (known(job)) continue
  const run = await runArm(base, job.setting, job.arm, job.seed)
  stored.runs.push(run)
  stored.machine = machine()
  writeFileSync(
    file,
    `${JSON.stringify(stored, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value))}\n`,
  )
  const last = run.reports.slice(-20)
  const mean = (of) => last.reduce((sum, report) => sum + report[of], 0) / last.length
  console.log(
    `${job.setting} ${job.arm} seed ${job.seed}: problems answered right ${run.evaluations[0].trained.toFixed(3)} → ${run.evaluations.at(-1).trained.toFixed(3)}, ` +
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
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/** Mean and standard deviation over runs, each a list of values at places x. */
function curve(x, runs) {
  const at = (i) => runs.map((values) => values[i])
  return {
    points: x.map((x, i) => [x, meanOf(at(i))]),
    band: x.map((x, i) => [x, meanOf(at(i)) - spreadOf(at(i)), meanOf(at(i)) + spreadOf(at(i))]),
  }
}

/** One value of the rounds, each the mean of the last ten. */
const ofRounds = (name) => (runs) => {
  const smooth = runs.map(({ reports }) =>
    reports.map((_, i) => meanOf(reports.slice(Math.max(0, i - 9), i + 1).map((report) => report[name]))),
  )
  return curve(
    runs[0].reports.map((_, i) => i + 1),
    smooth,
  )
}

const ofEvaluations = (name) => (runs) =>
  curve(
    runs[0].evaluations.map(({ round }) => round),
    runs.map(({ evaluations }) => evaluations.map((evaluation) => evaluation[name])),
  )

for (const setting of flags.settings.split(',')) {
  const arms = armsOf(setting)
  const of = (arm) => jobs.filter((job) => job.setting === setting && job.arm === arm).map(known)
  console.log(`\n${setting}: ${SETTINGS[setting].name}; ${seeds} seeds, mean ± standard deviation over seeds`)
  console.log(
    'problems answered right, others (held out), and the difference from the uncorrected arm, seed by seed',
  )
  const heading = ['arm', 'right', 'others', 'as sampled', 'difference', 'reward', 'ESS', 'κ', 'CV', 'λ']
  const row = (cells) => console.log(cells.map((cell, i) => cell.padEnd(i === 0 ? 7 : 16)).join(''))
  row(heading)
  const right = (arm, name) => of(arm).map(({ evaluations }) => evaluations.at(-1)[name])
  const pm = (values) => `${meanOf(values).toFixed(3)} ± ${spreadOf(values).toFixed(3)}`
  for (const arm of arms) {
    const lastOf = (name) => of(arm).map(({ reports }) => meanOf(reports.slice(-20).map((r) => r[name])))
    const allOf = (name) => meanOf(of(arm).flatMap(({ reports }) => reports.map((r) => r[name])))
    const trained = right(arm, 'trained')
    const uncorrected = arms.includes('none') ? right('none', 'trained') : trained
    row([
      arm,
      pm(trained),
      pm(right(arm, 'heldOut')),
      pm(right(arm, 'sampled')),
      pm(trained.map((value, i) => value - uncorrected[i])),
      pm(lastOf('reward')),
      allOf('essRatio').toFixed(3),
      allOf('divergence').toExponential(1),
      allOf('cv').toFixed(3),
      allOf('lambda').toFixed(2),
    ])
  }
  const quantised = arms.filter((arm) => arm !== 'float')
  if (arms.includes('float') && quantised.length > 0) {
    const seconds = (arm) =>
      median(of(arm).flatMap(({ reports }) => reports.map((r) => r.rollout / r.length)))
    console.log(
      `a sampled token takes ${(seconds(quantised[0]) / seconds('float')).toFixed(2)} of the time with float32 weights`,
    )
  }
  if (!flags.charts) continue
  const draw = (file, title, label, names, values, axis = {}) =>
    writeFileSync(
      join(import.meta.dirname, `../docs/rl-${setting}-${file}.svg`),
      lineChart({
        title,
        x: { label: 'round' },
        y: { label, ...axis },
        series: names.map((arm) => ({ name: NAMES[arm], ...values(of(arm)) })),
      }),
    )
  const { name } = SETTINGS[setting]
  draw('right', `Problems answered right, ${name}`, 'share answered right', arms, ofEvaluations('trained'))
  draw('reward', `Reward, ${name}`, 'mean reward', arms, ofRounds('reward'))
  draw('divergence', `Divergence κ, ${name}`, 'κ, nats per token', quantised, ofRounds('divergence'))
  draw('ess', `Weight reliability ρ, ${name}`, 'ESS ratio', quantised, ofRounds('essRatio'), { max: 1 })
  draw('cv', `Variance amplification, ${name}`, 'CV', quantised, ofRounds('cv'), { min: 0 })
  draw('lambda', `Mixing coefficient λ, ${name}`, 'λ', ['ais'], ofRounds('lambda'), { min: 0, max: 1 })
}
