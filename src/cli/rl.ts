import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { Random } from '../engine/random.js'
import {
  EXPORT_TYPES,
  type ExportType,
  exportModel,
  type GrpoReport,
  GrpoTrainer,
  loadNetwork,
  ROLLOUT_TYPES,
  RolloutEngine,
  type RolloutMethod,
  type RolloutType,
  type Task,
  trainingOperations,
} from '../rl/index.js'
import { answerEnds, arithmeticTasks } from './arithmetic-tasks.js'
import { lineChart } from './line-chart.js'
import { builtIn, outputFile, positiveNumber, realNumber, wholeNumber } from './options.js'
import { counted, interruptSignal, progressBar, threeDigits } from './terminal.js'

interface RlFlags {
  model: string
  out?: string
  type: ExportType
  rounds: number
  tasks: number
  group: number
  rate: number
  temp: number
  topP: number
  kl: number
  rollouts: RolloutType
  passes: '1' | '2' | '3'
  correction: RolloutMethod
  level: 'token' | 'sequence'
  seed: number
  threads?: number
  svg?: string
  json?: boolean
}

/** A prompt and a completion of the arithmetic example: "Question: What is double 9?\nAnswer: Double 9 is 18." */
const LONGEST = 64
const MAX_TOKENS = 20
/** Problems that the progress is measured on. */
const TEST_PROBLEMS = 200

export function rlCommand(): Command {
  return new Command('rl')
    .description(
      'Reinforcement learning with low-bit rollouts, by the example of arithmetic: the quantised engine answers,\n' +
        'right answers are rewarded, the float32 weights learn (GRPO), and are quantised again. Nothing tells the model\n' +
        'what the right answer is.',
    )
    .addOption(
      new Option('-m, --model <file>', 'GGUF model to begin with').default(builtIn, 'the built-in model'),
    )
    .option('--out <file>', 'write the model that comes out', outputFile)
    .addOption(
      new Option('--type <type>', 'how --out stores matrices').choices([...EXPORT_TYPES]).default('F16'),
    )
    .option('--rounds <n>', 'rounds of sampling and learning', positiveNumber, 40)
    .option('--tasks <n>', 'problems of a round', positiveNumber, 16)
    .option('--group <n>', 'answers to each problem, compared with one another', positiveNumber, 8)
    .option('--rate <x>', 'learning rate', realNumber, 1e-4)
    .option('--temp <t>', 'temperature of the answers', realNumber, 1)
    .option(
      '--top-p <p>',
      'answers are drawn from the most probable tokens of this probability',
      realNumber,
      1,
    )
    .option('--kl <x>', 'what it costs to move away from the first policy', realNumber, 0)
    .addOption(
      new Option('--rollouts <type>', 'how the policy that answers is quantised')
        .choices([...ROLLOUT_TYPES])
        .default('Q4_0'),
    )
    .addOption(
      new Option('--passes <digits>', 'INT8 digits of its activations').choices(['1', '2', '3']).default('1'),
    )
    .addOption(
      new Option('--correction <method>', 'what is done about the difference between the two policies')
        .choices(['ais', 'none', 'is', 'tis', 'mis'])
        .default('ais'),
    )
    .addOption(
      new Option('--level <level>', 'weights for each token or each answer')
        .choices(['token', 'sequence'])
        .default('token'),
    )
    .option('--seed <n>', 'the same number gives the same result', wholeNumber, 1)
    .option('--threads <n>', 'threads (default: one per core)', positiveNumber)
    .option('--svg <file>', 'draw the reward of each round', outputFile)
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText(
      'after',
      '\nCorrections (w = trained policy / sampling policy, docs/papers/ais.md):\n' +
        '  ais   1 − λ + λ·w, λ by how far the two are apart and how reliable w is\n' +
        '  none  1        is  w        tis  min(w, 2)        mis  w between ½ and 2, else 0\n' +
        '\nExample:\n  multiscale rl --rounds 20 --correction ais --svg reward.svg',
    )
    .action(reinforce)
}

async function reinforce(flags: RlFlags): Promise<void> {
  const signal = interruptSignal()
  const operations = trainingOperations({ threads: flags.threads })
  const reports: GrpoReport[] = []
  const bar = progressBar('learning')
  try {
    const loaded = await loadNetwork(flags.model, operations, { context: LONGEST })
    const { network, tokenizer } = loaded
    using engine = new RolloutEngine(network.shape, {
      type: flags.rollouts,
      passes: Number(flags.passes) as 1 | 2 | 3,
      threads: flags.threads,
    })
    const { tasks, group, rate, temp, topP, kl, correction, level, seed } = flags
    const trainer = new GrpoTrainer({
      operations,
      network,
      tokenizer,
      engine,
      tasks: arithmeticTasks('train'),
      endIds: answerEnds(tokenizer),
      recipe: {
        tasks,
        group,
        rate,
        temperature: temp,
        topP,
        kl,
        correction,
        level,
        seed,
        maxTokens: MAX_TOKENS,
      },
    })
    const test = sample(arithmeticTasks('heldout'), TEST_PROBLEMS)
    const before = await trainer.evaluate(test, signal)
    for (let round = 1; round <= flags.rounds; round++) {
      const report = await trainer.round(signal)
      reports.push(report)
      bar.update(round, flags.rounds, ` | reward ${report.reward.toFixed(3)} | λ ${report.lambda.toFixed(2)}`)
      if (!process.stderr.isTTY && !flags.json && (round === 1 || round % 10 === 0))
        console.error(describe(report))
    }
    const after = await trainer.evaluate(test, signal)
    bar.end()
    const { name, tokenizerMetadata: metadata } = loaded
    if (flags.out !== undefined)
      await exportModel(flags.out, network, { type: flags.type, tokenizer: metadata, name })
    if (flags.svg !== undefined) await writeFile(flags.svg, chart(reports))
    if (flags.json) {
      console.log(JSON.stringify({ before, after, recipe: trainer.recipe, rounds: reports }))
      return
    }
    const seconds = (of: 'rollout' | 'train' | 'quantise') =>
      reports.reduce((sum, report) => sum + report.seconds[of], 0) / reports.length
    console.log(
      `right answers to ${test.length} problems that were not trained: ${percent(before)} before, ` +
        `${percent(after)} after ${counted(reports.length, 'round')}`,
    )
    console.error(
      `[a round: ${threeDigits(seconds('rollout'))} s sampling, ${threeDigits(seconds('train'))} s learning, ` +
        `${threeDigits(seconds('quantise'))} s quantising | rollouts ${flags.rollouts}, ` +
        `${counted(Number(flags.passes), 'digit')}, ${engine.backend}]`,
    )
  } finally {
    bar.end()
    operations.close()
  }
}

function sample(tasks: Task[], count: number): Task[] {
  const random = new Random(1)
  const drawn = tasks.map((task) => ({ task, order: random.nextDouble() }))
  return drawn
    .sort((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ task }) => task)
}

function describe({ round, reward, diagnostics, lambda }: GrpoReport): string {
  const { essRatio, divergence, cv } = diagnostics
  return (
    `round ${round} | reward ${reward.toFixed(3)} | ESS ${essRatio.toFixed(3)}, ` +
    `κ ${divergence.toExponential(1)}, CV ${cv.toFixed(2)} → λ ${lambda.toFixed(2)}`
  )
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

function chart(reports: readonly GrpoReport[]): string {
  const series = [
    { name: 'mean reward', points: reports.map(({ round, reward }) => [round, reward] as const) },
    { name: 'λ', points: reports.map(({ round, lambda }) => [round, lambda] as const) },
  ]
  const y = { label: 'reward, λ', min: 0, max: 1 }
  return lineChart({ title: 'Reinforcement learning on arithmetic', x: { label: 'round' }, y, series })
}
