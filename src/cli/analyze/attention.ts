import { basename } from 'node:path'
import { Command, Option } from 'commander'
import { breathe } from '../../engine/breathe.js'
import type { Trace } from '../../engine/trace.js'
import { builtIn, listOf, positiveNumber, wholeNumber } from '../options.js'
import { interruptSignal, progressBar } from '../terminal.js'
import { capture } from './attention/capture.js'
import { compareCaptured, compareRandom } from './attention/compare.js'
import { type AttentionReport, describe } from './attention/describe.js'
import { compareGreedy } from './attention/greedy.js'
import type { LayerRows } from './attention/head.js'
import { comparePasa } from './attention/pasa.js'
import { countRescales } from './attention/rescales.js'
import type { OnPart } from './attention/section.js'
import { captureIds, DEFAULT_TOKENS, givenText, type TextFlags } from './attention/text.js'
import { loadTrace } from './load-trace.js'

const SECTIONS = ['random', 'captured', 'rescales', 'pasa', 'greedy'] as const
type Section = (typeof SECTIONS)[number]

const DEFAULT_GREEDY_TOKENS = 48

interface AttentionFlags extends TextFlags {
  readonly model: string
  readonly greedyTokens: number
  readonly only: readonly Section[]
  readonly json?: boolean
}

export function attentionCommand(): Command {
  return new Command('attention')
    .description(
      'How far attention over quantised caches, in binary16, and with integer rescaling is from exact attention\n' +
        '(docs/papers/attention.md).',
    )
    .addOption(
      new Option('-m, --model <file>', 'GGUF model file').default(
        builtIn,
        'the built-in model, which tells stories',
      ),
    )
    .addOption(
      new Option(
        '--prompt <text>',
        'what the model reads while it is looked into (default: stories it was not trained on)',
      ).conflicts('file'),
    )
    .option('--file <file>', 'the same from a file')
    .option(
      '--tokens <n>',
      `of it, at most (default: ${DEFAULT_TOKENS}, or the model's context)`,
      positiveNumber,
    )
    .option('--greedy-tokens <n>', 'tokens of each greedy answer', positiveNumber, DEFAULT_GREEDY_TOKENS)
    .addOption(
      new Option('--only <list>', `sections, separated by commas: ${SECTIONS.join(', ')}`)
        .argParser(listOf('section', SECTIONS))
        .default(SECTIONS, 'all'),
    )
    .option('--seed <n>', 'of random numbers and of the stories', wholeNumber, 1)
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText(
      'after',
      '\nSections:\n' +
        '  random    every method on normal numbers\n' +
        '  captured  every method on the queries, keys and values of the model\n' +
        '  rescales  how often an online softmax rescales its sums there\n' +
        '  pasa      where binary16 overflows, and where PASA does not\n' +
        '  greedy    answers of the model with binary16 attention (PASA) in place of its own\n' +
        '\nExample:\n  multiscale analyze attention --only captured,rescales --tokens 128',
    )
    .action(analyze)
}

async function analyze(flags: AttentionFlags): Promise<void> {
  const signal = interruptSignal()
  const { model, only, seed, greedyTokens } = flags
  // What can be wrong with texts and models is found before the long work.
  const text = await givenText(flags)
  const captures = only.includes('captured') || only.includes('rescales')
  using trace = captures || only.includes('greedy') ? await loadTrace(model, signal) : null
  const layers = trace && captures ? await captureText(trace, text, flags) : []

  const run = sectionRunner(only, signal)
  const report: AttentionReport = {
    seed,
    random: await run('random', (tell) => compareRandom(seed, tell)),
    pasa: await run('pasa', (tell) => comparePasa(seed, tell)),
    ...(trace && {
      model: { file: basename(model), name: trace.info.name ?? null },
      captured: await run('captured', (tell) => compareCaptured(trace, layers, tell)),
      rescales: await run('rescales', (tell) => countRescales(trace.config, layers, tell)),
      greedy: await run('greedy', (tell) => compareGreedy(trace, greedyTokens, tell)),
    }),
  }
  console.log(flags.json ? JSON.stringify(report) : describe(report))
}

function captureText(trace: Trace, text: string | undefined, flags: AttentionFlags): Promise<LayerRows[]> {
  return capture(trace, captureIds(trace.tokenizer, text, flags, trace.info.context))
}

type SectionRunner = <T>(section: Section, work: (onPart: OnPart) => Promise<T>) => Promise<T | undefined>

/** Runs those sections that were asked for, each with a bar; an interrupt arrives between its parts. */
function sectionRunner(only: readonly Section[], signal: AbortSignal): SectionRunner {
  return async (section, work) => {
    if (!only.includes(section)) return undefined
    const bar = progressBar(section)
    try {
      return await work(async (done, total) => {
        bar.update(done, total)
        await breathe(signal)
      })
    } finally {
      bar.end()
    }
  }
}
