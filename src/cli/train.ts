import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { formatBytes } from '../engine/memory.js'
import {
  EXPORT_TYPES,
  type ExportType,
  PRESETS,
  type PresetName,
  type Recipe,
  type TrainProgress,
  train,
} from '../rl/index.js'
import { lineChart } from './line-chart.js'
import { outputFile, positiveNumber, realNumber, wholeNumber } from './options.js'
import { counted, interruptSignal, type Progress, progressBar, threeDigits } from './terminal.js'

interface TrainFlags {
  data: string
  out: string
  preset: PresetName
  heldOut?: string
  type: ExportType
  name?: string
  epochs?: number
  steps?: number
  batch?: number
  rate?: number
  seed?: number
  vocabulary?: number
  tokenizer?: string
  resume?: boolean
  checkpointSeconds: number
  threads?: number
  svg?: string
  json?: boolean
}

const names = Object.keys(PRESETS) as PresetName[]
const presetList = names.map((name) => `  ${name.padEnd(8)}${PRESETS[name].description}`).join('\n')

export function trainCommand(): Command {
  return new Command('train')
    .description(
      'Trains a small model from text: a Llama-shaped decoder in float32, written as GGUF.\n\n' +
        'Text files hold documents that lines <|endoftext|> end; .jsonl files one {"text": …} a line. The same data,\n' +
        'seed and options give the same model. Ctrl-C saves a checkpoint; --resume goes on from it.',
    )
    .requiredOption('--data <path>', 'text file, .jsonl file, or folder of them')
    .requiredOption('--out <file>', 'model file to write', outputFile)
    .addOption(
      new Option('--preset <name>', `size: ${names.join(', ')}`).choices(names).default('tiny' as PresetName),
    )
    .option('--held-out <path>', 'text that is not learned; its perplexity is told at the end')
    .addOption(
      new Option('--type <type>', 'how the model file stores matrices')
        .choices([...EXPORT_TYPES])
        .default('F16'),
    )
    .option('--name <text>', "the model's name (default: the file's)")
    .option('--epochs <n>', 'passes over the data (default: 1)', realNumber)
    .addOption(
      new Option('--steps <n>', 'updates, whatever the data').argParser(positiveNumber).conflicts('epochs'),
    )
    .option('--batch <tokens>', "tokens of an update (default: the preset's)", positiveNumber)
    .option('--rate <x>', "highest learning rate (default: the preset's)", realNumber)
    .option('--seed <n>', 'of the first weights and the order of the data (default: 1)', wholeNumber)
    .option(
      '--vocabulary <n>',
      "tokens of the vocabulary that is made (default: the preset's)",
      positiveNumber,
    )
    .option('--tokenizer <gguf>', "take this model's vocabulary instead of making one")
    .option('--resume', 'go on from <out>.checkpoint, bit for bit as if it had never stopped')
    .option('--checkpoint-seconds <s>', 'how often a checkpoint is written', realNumber, 60)
    .option('--threads <n>', 'threads (default: one per core); results do not depend on it', positiveNumber)
    .option('--svg <file>', 'draw the loss of each update', outputFile)
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText(
      'after',
      `\nPresets:\n${presetList}\n\nExample:\n` +
        '  multiscale corpus stories\n' +
        '  multiscale train --data stories/train.txt --held-out stories/heldout.txt --preset nano --out nano.gguf\n' +
        '  multiscale run "Once upon a time" --model nano.gguf',
    )
    .action(trainModel)
}

async function trainModel(flags: TrainFlags): Promise<void> {
  const { steps, batch, rate, seed, json, svg, ...rest } = flags
  const recipe: Partial<Recipe> = {
    ...(steps !== undefined && { steps }),
    ...(batch !== undefined && { batchTokens: batch }),
    ...(rate !== undefined && { rate }),
    ...(seed !== undefined && { seed }),
  }
  const show = progressReporter(json === true)
  const result = await train({ ...rest, recipe, signal: interruptSignal(), onProgress: show.report }).finally(
    show.end,
  )
  const { losses, heldOutLoss } = result
  if (svg !== undefined) await writeFile(svg, lossChart(losses))
  const heldOutPerplexity = heldOutLoss === undefined ? undefined : Math.exp(heldOutLoss)
  if (json) {
    console.log(JSON.stringify({ ...result, heldOutPerplexity, out: flags.out, type: flags.type }))
    return
  }
  const loss = losses.slice(-50).reduce((sum, value, _, { length }) => sum + value / length, 0)
  const parts = [
    `${flags.out}: ${(result.parameters / 1e6).toPrecision(3)} M parameters in ${formatBytes(result.bytes)} (${flags.type})`,
    `loss ${loss.toFixed(4)} after ${counted(result.steps, 'update')}`,
  ]
  if (heldOutPerplexity !== undefined) parts.push(`held-out perplexity ${heldOutPerplexity.toFixed(3)}`)
  console.log(parts.join(', '))
  console.error(
    `[${(result.tokens / 1e6).toPrecision(3)} M tokens | ${threeDigits(result.tokensPerSecond)} tok/s | ` +
      `${result.backend}, ${counted(result.threads, 'thread')}]`,
  )
}

/** Of a curve as wide as a page. */
const MOST_POINTS = 600

export function lossChart(losses: readonly number[]): string {
  // No more points than can be told apart: each the mean of some updates.
  const run = Math.ceil(losses.length / MOST_POINTS)
  const points = Array.from({ length: Math.ceil(losses.length / run) }, (_, i) => {
    const part = losses.slice(i * run, (i + 1) * run)
    return [i * run + part.length / 2 + 0.5, part.reduce((a, b) => a + b) / part.length] as const
  })
  return lineChart({
    title: 'Training',
    x: { label: 'update' },
    y: { label: 'loss (nats per token)', min: 0 },
    series: [{ name: 'loss', points }],
  })
}

/** A bar on a terminal, a line now and then elsewhere. */
function progressReporter(json: boolean): { report(progress: TrainProgress): void; end(): void } {
  let bar: Progress | null = null
  let phase: TrainProgress['phase'] | null = null
  let told = performance.now()
  const log = (line: string) => {
    if (!json) console.error(line)
  }
  const barOf = (label: string, next: TrainProgress['phase']) => {
    if (phase !== next) bar?.end()
    if (phase !== next || !bar) bar = progressBar(label)
    phase = next
    return bar
  }
  const report = (progress: TrainProgress) => {
    switch (progress.phase) {
      case 'vocabulary':
        return barOf('vocabulary', 'vocabulary').update(progress.tokens, progress.wanted)
      case 'ready': {
        bar?.end()
        const { parameters, data, steps } = progress
        return log(
          `${(parameters / 1e6).toPrecision(3)} M parameters; ${data.documents} documents, ${data.tokens} tokens ` +
            `(${(data.bytes / data.tokens).toFixed(2)} bytes each); ${counted(steps, 'update')}`,
        )
      }
      case 'training': {
        const { report, smoothLoss, steps, tokensPerSecond, secondsLeft } = progress
        const note = `loss ${smoothLoss.toFixed(4)} | ${threeDigits(tokensPerSecond)} tok/s`
        barOf('training', 'training').update(report.step, steps, ` | ${note}`)
        const now = performance.now()
        if (process.stderr.isTTY || now - told < 20e3) return
        told = now
        return log(`update ${report.step} of ${steps} | ${note} | ${Math.round(secondsLeft / 60)} min left`)
      }
      default:
        return
    }
  }
  return { report, end: () => bar?.end() }
}
