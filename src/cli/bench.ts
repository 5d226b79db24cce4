import { basename } from 'node:path'
import { Command, Option } from 'commander'
import { loadModel, type Model } from '../engine/model.js'
import { promptIds } from './bench/contestant.js'
import { type BenchReport, describe } from './bench/describe.js'
import { importNodeLlamaCpp } from './bench/node-llama-cpp.js'
import { Peer } from './bench/peer.js'
import { measureRounds } from './bench/rounds.js'
import { summarize } from './bench/summary.js'
import { bytesPerToken, modelWork, trainedContext } from './bench/work.js'
import { machineFacts } from './machine.js'
import { addComputeOptions, type ComputeFlags, loadOptions, positiveNumber } from './options.js'
import { interruptSignal, progressBar, threeDigits } from './terminal.js'

const DEFAULT_PROMPT = 512
const DEFAULT_DECODE = 64

interface BenchFlags extends ComputeFlags {
  prompt?: number
  decode?: number
  runs: number
  peer?: 'node-llama-cpp'
  json?: boolean
}

export function benchCommand(): Command {
  const command = new Command('bench')
    .description(
      'Measure how fast a model reads a prompt and generates, beside what this machine can do at best, and beside a peer.',
    )
    .argument('<file>', 'GGUF model file')
    .option(
      '--prompt <tokens>',
      `length of the prompt (default: ${DEFAULT_PROMPT}, or what the context leaves)`,
      positiveNumber,
    )
    .option(
      '--decode <tokens>',
      `tokens to generate, 2 or more (default: ${DEFAULT_DECODE}, or what the context leaves)`,
      positiveNumber,
    )
    .option('--runs <n>', 'rounds to measure, after one that is not counted', positiveNumber, 5)
  return addComputeOptions(command)
    .addOption(
      new Option('--peer <package>', 'measure this engine too, in turns, on the same file').choices([
        'node-llama-cpp',
      ]),
    )
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  multiscale bench model.gguf --prompt 256 --decode 32\n  multiscale bench model.gguf --peer node-llama-cpp',
    )
    .action(bench)
}

async function bench(path: string, flags: BenchFlags): Promise<void> {
  const signal = interruptSignal()
  // What can be wrong is found before the model is loaded.
  const installed = flags.peer && (await importNodeLlamaCpp())
  const { prompt, decode } = lengths(flags, await trainedContext(path))
  const loading = progressBar('loading')
  const model = await loadModel(path, {
    ...loadOptions(flags),
    context: prompt + decode,
    signal,
    onProgress: ({ loadedBytes, totalBytes }) => loading.update(loadedBytes, totalBytes),
  }).finally(() => loading.end())
  await using _ = model
  const { info } = model
  if (info.notice) console.error(`multiscale: ${info.notice}`)

  const { runs } = flags
  const trying = progressBar('thread counts of the peer')
  const shape = { path, prompt, decode, vocabulary: info.vocabulary, signal, onTry: trying.update }
  await using peer = installed ? await Peer.load(installed, shape).finally(() => trying.end()) : null
  const difference = peer && (await answersDiffer(peer, model, prompt))
  const bar = progressBar('measuring')
  const rounds = await measureRounds(model, peer, { prompt, decode, runs, signal }, bar).finally(() =>
    bar.end(),
  )
  const work = await modelWork(path, info)
  const { backend, variant, threads, passes, granularity, cacheType } = info
  const report: BenchReport = {
    model: {
      file: basename(path),
      name: info.name ?? null,
      architecture: info.architecture,
      weightBytes: info.weightBytes,
    },
    settings: { backend, variant, threads, passes, granularity, cacheType, prompt, decode, runs },
    peer: peer && { name: peer.name, threads: peer.threads, logProbabilityRmsDifference: difference },
    ...summarize(rounds, work, { prompt, decode, passes }),
    work: { ...work, bytesPerToken: bytesPerToken(work, prompt, decode) },
    machine: machineFacts(),
  }
  console.log(flags.json ? JSON.stringify(report) : describe(report))
}

/** The defaults give way to a short context; what was asked for does not (loadModel says so). */
function lengths(flags: BenchFlags, context: number): { prompt: number; decode: number } {
  if (flags.decode === 1) throw new Error('--decode must be 2 or more: the first token comes with the prompt')
  const left = context - (flags.prompt ?? 0)
  const decode = flags.decode ?? Math.max(2, Math.min(DEFAULT_DECODE, flags.prompt ? left : left >> 1))
  const prompt = flags.prompt ?? Math.max(1, Math.min(DEFAULT_PROMPT, context - decode))
  return { prompt, decode }
}

/** Beyond what 8-bit activations explain: another model, or a fault. Speeds of different results say nothing. */
const MOST_DIFFERENCE = 0.25

async function answersDiffer(peer: Peer, model: Model, prompt: number): Promise<number> {
  const ids = promptIds(Math.min(32, prompt), model.info.vocabulary, 0)
  const difference = await peer.disagreement(model, ids)
  if (difference < MOST_DIFFERENCE) return difference
  throw new Error(
    `the two do not compute the same: their log-probabilities are ${threeDigits(difference)} apart (root mean square)`,
  )
}
