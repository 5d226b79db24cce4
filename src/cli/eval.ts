import { open, readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { formatBytes } from '../engine/memory.js'
import { loadModel } from '../engine/model.js'
import { Perplexity, stridedWindows } from '../engine/perplexity.js'
import { addModelOptions, loadOptions, type ModelFlags, positiveNumber } from './options.js'
import { interruptSignal, progressBar, threeDigits } from './terminal.js'

const DEFAULT_WINDOW = 1024

interface EvalFlags extends ModelFlags {
  ctx?: number
  stride?: number
  maxTokens?: number
  save?: string
  json?: boolean
}

export function evalCommand(): Command {
  const command = new Command('eval')
    .description(
      'Perplexity of a text: exp of the mean negative log-probability of its tokens, by strided windows.',
    )
    .argument('<file>', 'text file, UTF-8')
  return addModelOptions(command)
    .option(
      '--ctx <tokens>',
      `window (default: ${DEFAULT_WINDOW}, or the model's context if that is shorter)`,
      positiveNumber,
    )
    .option('--stride <tokens>', 'how far the window moves (default: half of it)', positiveNumber)
    .option('--max-tokens <n>', 'stop after so many tokens of the text', positiveNumber)
    .option(
      '--save <file>',
      "write each token's log-probability, float64 little-endian, from the second token on",
    )
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  multiscale eval text.txt --model model.gguf --max-tokens 32768\n  multiscale eval text.txt --model model.gguf --passes 1 --kv f32',
    )
    .action(evaluate)
}

async function evaluate(path: string, flags: EvalFlags): Promise<void> {
  const text = await readFile(path, 'utf8')
  // Before the work whose result it is to hold.
  await using output = flags.save === undefined ? null : await open(flags.save, 'w')
  const signal = interruptSignal()
  const loading = progressBar('loading')
  const model = await loadModel(flags.model, {
    ...loadOptions(flags),
    context: flags.ctx,
    signal,
    onProgress: ({ loadedBytes, totalBytes }) => loading.update(loadedBytes, totalBytes),
  }).finally(() => loading.end())
  await using _ = model
  if (model.info.notice) console.error(`multiscale: ${model.info.notice}`)

  const all = await model.tokenize(text)
  const tokens = all.subarray(0, flags.maxTokens)
  const window = Math.min(flags.ctx ?? DEFAULT_WINDOW, model.info.context)
  const stride = flags.stride ?? Math.floor(window / 2)
  const windows = stridedWindows(tokens.length, window, stride)
  const perplexity = new Perplexity()
  const bar = progressBar('scoring')
  const started = performance.now()
  let computed = 0
  try {
    bar.update(0, tokens.length - 1)
    for (const { begin, end, from } of windows) {
      const scores = await model.score(tokens.subarray(begin, end), { from: from - begin, signal })
      perplexity.add(scores)
      computed += end - begin
      await output?.write(new Uint8Array(scores.buffer))
      bar.update(perplexity.count, tokens.length - 1, ` | perplexity ${perplexity.value.toFixed(3)}`)
    }
  } finally {
    bar.end()
  }
  const seconds = (performance.now() - started) / 1000
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024
  const { backend, variant, threads, passes, granularity, cacheType, loadSeconds } = model.info
  const result = {
    perplexity: perplexity.value,
    crossEntropy: perplexity.crossEntropy,
    tokens: tokens.length,
    scoredTokens: perplexity.count,
    window,
    stride,
    stats: {
      loadSeconds,
      seconds,
      tokensPerSecond: computed / seconds,
      peakMemoryBytes,
      backend,
      variant,
      threads,
      passes,
      granularity,
      cacheType,
    },
  }
  if (flags.json) return console.log(JSON.stringify(result))
  console.log(
    `perplexity ${perplexity.value.toFixed(4)} over ${perplexity.count} tokens (window ${window}, stride ${stride})`,
  )
  console.error(
    `[${threeDigits(computed / seconds)} tok/s | peak memory ${formatBytes(peakMemoryBytes)} | ${backend} ${variant}, ` +
      `${threads} threads | ${passes} digit${passes === 1 ? '' : 's'} per ${granularity} | ${cacheType} cache]`,
  )
}
