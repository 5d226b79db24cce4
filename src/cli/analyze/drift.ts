import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Command, Option } from 'commander'
import { breathe } from '../../engine/breathe.js'
import { openGguf } from '../../format/index.js'
import {
  builtIn,
  commaList,
  listOf,
  outputFile,
  positiveNumber,
  positiveReal,
  wholeNumber,
} from '../options.js'
import { interruptSignal, progressBar } from '../terminal.js'
import type { OnPart } from './attention/section.js'
import { captureIds } from './attention/text.js'
import { distributionOption } from './distribution.js'
import { CAPTURED, type Captured, capturedParts } from './drift/captured.js'
import { driftCharts } from './drift/chart.js'
import { describe } from './drift/describe.js'
import { activationFormats, cacheFormats, WEIGHT_TYPES, type WeightType } from './drift/formats.js'
import { measureParts, type PartInput, randomParts } from './drift/parts.js'
import type { DriftReport } from './drift/report.js'
import { MATRIX_KINDS, weightParts } from './drift/weights.js'
import { layerList } from './layers.js'
import { loadTrace } from './load-trace.js'
import type { Distribution } from './msd/data.js'
import { chooseSchemes } from './msd/schemes.js'

/** Rows of random numbers, and of each matrix of weights. */
const DEFAULT_ROWS = 64
/** ε in steps: the entropic cost is then above W1 by 1 or 2 in a hundred. */
const DEFAULT_EPSILON = 1 / 16

const TENSORS = [...new Set([...CAPTURED, ...MATRIX_KINDS])]

interface DriftFlags {
  readonly distribution: readonly Distribution[]
  readonly rows?: number
  readonly columns: number
  readonly group: number
  readonly scheme?: readonly string[]
  readonly capture?: string | true
  readonly prompt?: string
  readonly weights?: string
  readonly type?: readonly WeightType[]
  readonly layer?: readonly number[]
  readonly tensor?: readonly (typeof TENSORS)[number][]
  readonly epsilon: number
  readonly seed: number
  readonly json?: boolean
  readonly svg?: string
}

export function driftCommand(): Command {
  return new Command('drift')
    .description(
      'How far quantisation moves the distribution of activations, cached keys and\n' +
        "values, and weights, over the format's own grid, by optimal transport\n" +
        '(docs/papers/drift.md).',
    )
    .addOption(distributionOption())
    .option(
      '--rows <n>',
      `rows of them; of a captured text, tokens at most (default: 256); of each matrix of weights, at most (default: ${DEFAULT_ROWS})`,
      positiveNumber,
    )
    .option('--columns <n>', 'length of a row', positiveNumber, 4096)
    .option('--group <n>', 'activations that share a scale in the schemes …-group', positiveNumber, 32)
    .option(
      '--scheme <list>',
      'schemes, or beginnings of their names, separated by commas (default: all)',
      commaList,
    )
    .addOption(
      new Option(
        '--capture [model]',
        'in place of random numbers, what goes into the products and the cache of a GGUF model (default: the built-in one)',
      ).conflicts(['distribution', 'columns', 'weights']),
    )
    .option('--prompt <text>', 'what it reads meanwhile (default: stories it was not trained on)')
    .addOption(
      new Option(
        '--weights <model>',
        'in place of random numbers, the matrices of a GGUF model of F32, F16 or BF16 weights',
      ).conflicts(['distribution', 'columns', 'group', 'scheme', 'prompt']),
    )
    .addOption(
      new Option(
        '--type <list>',
        `types to quantise weights to: ${WEIGHT_TYPES.join(', ')} (default: all)`,
      ).argParser(listOf('type', WEIGHT_TYPES)),
    )
    .option('--layer <list>', 'layers to look at, counted from 0 (default: all)', layerList)
    .addOption(
      new Option(
        '--tensor <list>',
        `what to look at: of a captured model ${CAPTURED.join(', ')}; of weights ${MATRIX_KINDS.join(', ')} (default: all)`,
      ).argParser(listOf('tensor', TENSORS)),
    )
    .addOption(
      new Option('--epsilon <x>', 'regularisation of the entropic plan, in steps of the grid')
        .argParser(positiveReal)
        .default(DEFAULT_EPSILON),
    )
    .option('--seed <n>', 'of random numbers and of the stories', wholeNumber, 1)
    .option('--json', 'print one JSON object and nothing else')
    .option('--svg <file>', 'draw the cumulative distributions of numbers and codes', outputFile)
    .addHelpText('after', `\nSchemes:\n${SCHEMES}\n\nExamples:\n${EXAMPLES.join('\n')}`)
    .action(analyze)
}

const SCHEMES = [
  '  int8xN-row, int8xN-group      1 or 2 INT8 digits with a scale for each row or group',
  '  mxfp4x1-paper, -ocp, -search  an MXFP4 digit, with three rules for the scales',
  '  mxfp4x2-paper, -ocp           two of them',
  '  fp8-e4m3, fp8-e5m2            FP8 with a float32 scale for each row',
  '  mxfp8                         one MXFP8 (E4M3) digit',
  '  nvfp4                         NVFP4-like: blocks of 16, E4M3 scales over a float32 scale for each row',
  '  kv-int8, kv-mxfp4             rows of a cache, of captured keys and values alone',
].join('\n')

const EXAMPLES = [
  '  multiscale analyze drift --distribution normal --scheme mxfp4x1,nvfp4 --svg drift.svg',
  '  multiscale analyze drift --capture model.gguf --tensor keys,shifted-keys,down',
  '  multiscale analyze drift --weights model-f16.gguf --type Q4_0,MXFP4 --layer 0,5',
]

async function analyze(flags: DriftFlags): Promise<void> {
  checkFlags(flags)
  const signal = interruptSignal()
  const { seed, group, epsilon, json, svg } = flags
  const report: DriftReport = { seed, group, epsilon, ...(await measure(flags, signal)) }
  if (svg !== undefined) await writeFile(svg, driftCharts(report))
  console.log(json ? JSON.stringify(report) : describe(report))
}

/** @throws RangeError for an option that would change nothing, and a tensor that there cannot be */
function checkFlags({ capture, weights, prompt, type, layer, tensor = [] }: DriftFlags): void {
  if (prompt !== undefined && capture === undefined) {
    throw new RangeError('--prompt is about a model; name one with --capture, or leave --prompt out')
  }
  if (type !== undefined && weights === undefined) {
    throw new RangeError('--type is about weights; name a model with --weights, or leave --type out')
  }
  if (capture !== undefined || weights !== undefined) {
    const [there, option] = weights === undefined ? [CAPTURED, '--capture'] : [MATRIX_KINDS, '--weights']
    const missing = tensor.find((name) => !there.some((one) => one === name))
    if (missing === undefined) return
    throw new RangeError(`--tensor: with ${option} there is no '${missing}', but ${there.join(', ')}`)
  }
  const useless = layer !== undefined ? 'layer' : tensor.length > 0 ? 'tensor' : undefined
  if (useless === undefined) return
  throw new RangeError(
    `--${useless} is about a model; name one with --capture or --weights, or leave --${useless} out`,
  )
}

async function measure(
  flags: DriftFlags,
  signal: AbortSignal,
): Promise<Pick<DriftReport, 'model' | 'parts'>> {
  const { weights: path, capture, layer: layers, rows = DEFAULT_ROWS, columns: cols, seed } = flags
  if (path !== undefined) {
    await using file = await openGguf(path, { signal })
    const kinds = MATRIX_KINDS.filter((kind) => flags.tensor?.includes(kind) ?? true)
    const model = { file: basename(path), name: file.optionalString('general.name') ?? null }
    const types = flags.type ?? WEIGHT_TYPES
    return { model, parts: await run(weightParts(file, { kinds, layers, types, rows })) }
  }
  if (capture !== undefined) return captured(capture === true ? builtIn : capture)
  const formats = chooseSchemes(activationFormats(flags.group), flags.scheme)
  return { parts: await run(randomParts(flags.distribution, { rows, cols, seed }, formats)) }

  async function captured(from: string) {
    const [activations, cache] = [activationFormats(flags.group), cacheFormats()]
    const chosen = chooseSchemes([...activations, ...cache], flags.scheme)
    const choice = {
      ...{ tensors: flags.tensor as readonly Captured[] | undefined, layers, signal },
      activations: activations.filter((format) => chosen.includes(format)),
      cache: cache.filter((format) => chosen.includes(format)),
    }
    /** The model is closed again before the long work. */
    const read = async () => {
      using trace = await loadTrace(from, signal)
      const ids = captureIds(trace.tokenizer, flags.prompt, { tokens: flags.rows, seed }, trace.info.context)
      return {
        model: { file: basename(from), name: trace.info.name ?? null },
        inputs: await capturedParts(trace, ids, choice),
      }
    }
    const { model, inputs } = await read()
    if (inputs.length === 0) {
      throw new RangeError('nothing is left to measure: --scheme has no scheme for what --tensor names')
    }
    return { model, parts: await run(inputs) }
  }

  async function run(parts: readonly PartInput[]) {
    const bar = progressBar('measuring')
    const onPart: OnPart = async (done, total) => {
      bar.update(done, total)
      await breathe(signal)
    }
    return measureParts(parts, { epsilon: flags.epsilon, signal }, onPart).finally(() => bar.end())
  }
}
