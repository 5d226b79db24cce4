import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { Command, Option } from 'commander'
import { formatBytes } from '../engine/memory.js'
import { loadModel, type Model } from '../engine/model.js'
import type { GenerateOptions, GenerationResult } from '../engine/types.js'
import {
  addModelOptions,
  builtIn,
  loadOptions,
  type ModelFlags,
  positiveNumber,
  realNumber,
  wholeNumber,
} from './options.js'
import { interruptSignal, progressBar, threeDigits } from './terminal.js'

const DEFAULT_TOKENS = 256
/** How the built-in model's stories begin, for those who ask for nothing else. */
const STORY = 'Once upon a time'

interface RunFlags extends ModelFlags {
  n?: number
  ctx?: number
  promptFile?: string
  greedy?: boolean
  temp: number
  topK?: number
  topP?: number
  minP: number
  repeatPenalty?: number
  seed?: number
  stop?: string[]
  ignoreEos?: boolean
  special?: boolean
  json?: boolean
}

export function runCommand(): Command {
  const command = new Command('run')
    .description('Continue a prompt; the text streams to stdout, progress and statistics go to stderr.')
    .argument('[prompt]', `the prompt, or '-' to read it from stdin (built-in model: "${STORY}" if left out)`)
  return addModelOptions(command)
    .option(
      '-n <tokens>',
      `new tokens at most (default: ${DEFAULT_TOKENS}, or what the context leaves)`,
      wholeNumber,
    )
    .option(
      '--ctx <tokens>',
      'longest prompt plus answer (default: what the model was trained for, at most 4096)',
      positiveNumber,
    )
    .option('--prompt-file <file>', 'read the prompt from a file')
    .addOption(new Option('--greedy', 'always the most probable token').conflicts(['topK', 'topP', 'seed']))
    .option(
      '--temp <t>',
      'temperature: above 1 more varied, below 1 more predictable, 0 greedy',
      realNumber,
      0.8,
    )
    .option('--top-k <k>', 'draw from the k most probable tokens', wholeNumber)
    .option('--top-p <p>', 'draw from the most probable tokens that make up this probability', realNumber)
    .option('--min-p <p>', 'leave out tokens below this fraction of the most probable one', realNumber, 0.05)
    .option('--repeat-penalty <x>', 'make recent tokens less likely; 1 is off', realNumber)
    .option('--seed <n>', 'draw the same tokens each time', wholeNumber)
    .option(
      '--stop <text>',
      'end at this text (may be given more than once)',
      (text, earlier: string[] = []) => [...earlier, text],
    )
    .option('--ignore-eos', 'go on past end-of-text tokens')
    .option('--special', 'read <|…|> tokens in the prompt as the control tokens they spell')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  multiscale run "Once upon a time" --model model.gguf -n 100 --temp 0.7\n  multiscale run --prompt-file prompt.txt --model model.gguf --greedy --json',
    )
    .action(run)
}

async function run(argument: string | undefined, flags: RunFlags, command: Command): Promise<void> {
  if (flags.greedy) {
    for (const name of ['temp', 'minP']) {
      if (command.getOptionValueSource(name) === 'cli')
        command.error('error: --greedy cannot be combined with --temp or --min-p')
    }
  }
  const prompt = await readPrompt(argument, flags)
  const signal = interruptSignal()
  const bar = progressBar('loading')
  const options = { ...loadOptions(flags), context: flags.ctx, signal }
  const model = await loadModel(flags.model, {
    ...options,
    onProgress: ({ loadedBytes, totalBytes }) => bar.update(loadedBytes, totalBytes),
  }).finally(() => bar.end())
  await using _ = model
  if (model.info.notice) console.error(`multiscale: ${model.info.notice}`)

  const ids = await model.tokenize(prompt, { parseSpecial: flags.special ?? false })
  const answer = model.generate(ids, { ...generation(model.info.context - ids.length, flags), signal })
  if (!flags.json) {
    for await (const { text } of answer) process.stdout.write(text)
    process.stdout.write('\n')
  }
  const result = await answer.result
  if (flags.json) console.log(JSON.stringify(report(model, result)))
  else console.error(statistics(model, result))
}

async function readPrompt(argument: string | undefined, { promptFile, model }: RunFlags): Promise<string> {
  if (argument !== undefined && promptFile !== undefined)
    throw new Error('give a prompt or --prompt-file, not both')
  if (promptFile !== undefined) return readFile(promptFile, 'utf8')
  if (argument === '-') return readAll(process.stdin)
  if (argument !== undefined) return argument
  if (model === builtIn) return STORY
  throw new Error("there is no prompt: give one, or --prompt-file FILE, or '-' for stdin")
}

/** @param room positions that the prompt leaves */
function generation(room: number, flags: RunFlags): GenerateOptions {
  return {
    // The default answer length gives way to a long prompt; one that was asked for does not (ContextLimitError).
    maxTokens: flags.n ?? Math.max(1, Math.min(DEFAULT_TOKENS, room)),
    temperature: flags.greedy ? 0 : flags.temp,
    topK: flags.topK,
    topP: flags.topP,
    minP: flags.minP,
    repetitionPenalty: flags.repeatPenalty,
    seed: flags.seed,
    stop: flags.stop,
    ignoreEos: flags.ignoreEos,
  }
}

function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}

function report({ info }: Model, { text, tokens, promptTokens, finishReason, stats }: GenerationResult) {
  return {
    text,
    tokens,
    promptTokens,
    finishReason,
    stats: {
      loadSeconds: info.loadSeconds,
      prefillTokensPerSecond: stats.prefillTokensPerSecond,
      decodeTokensPerSecond: stats.decodeTokensPerSecond,
      peakMemoryBytes: peakMemoryBytes(),
      backend: info.backend,
      variant: info.variant,
      threads: info.threads,
      decodeThreads: info.decodeThreads,
      passes: info.passes,
      granularity: info.granularity,
      cacheType: info.cacheType,
      context: info.context,
    },
  }
}

function statistics({ info }: Model, { tokens, promptTokens, stats }: GenerationResult): string {
  const parts = [
    `loaded in ${threeDigits(info.loadSeconds)} s`,
    `prompt ${promptTokens.length} tokens at ${threeDigits(stats.prefillTokensPerSecond)} tok/s`,
    `answer ${tokens.length} tokens at ${threeDigits(stats.decodeTokensPerSecond)} tok/s`,
    `peak memory ${formatBytes(peakMemoryBytes())}`,
    `${info.backend} ${info.variant}, ${info.threads} thread${info.threads === 1 ? '' : 's'}`,
    `${info.passes} digit${info.passes === 1 ? '' : 's'} per ${info.granularity}`,
    `${info.cacheType} cache, context ${info.context}`,
  ]
  return `[${parts.join(' | ')}]`
}
