import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Command, Option } from 'commander'
import { breathe } from '../../engine/breathe.js'
import { PRODUCT_INPUTS, type ProductInput } from '../../engine/visit.js'
import { openGguf, type QuantizableTypeName } from '../../format/index.js'
import { builtIn, commaList, listOf, outputFile, positiveNumber, wholeNumber } from '../options.js'
import { interruptSignal, progressBar } from '../terminal.js'
import type { OnPart } from './attention/section.js'
import { captureIds } from './attention/text.js'
import { distributionOption } from './distribution.js'
import { layerList } from './layers.js'
import { loadTrace } from './load-trace.js'
import { captureInputs, matrixOf } from './msd/capture.js'
import { errorCharts } from './msd/chart.js'
import { describe } from './msd/describe.js'
import { measureCaptured, measureRandom, type RandomShape } from './msd/parts.js'
import type { MsdReport } from './msd/report.js'
import { allSchemes, chooseSchemes, type Scheme } from './msd/schemes.js'

const WEIGHT_TYPES: readonly QuantizableTypeName[] = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'MXFP4', 'Q2_K']

interface MsdFlags extends RandomShape {
  readonly group: number
  readonly scheme?: readonly string[]
  readonly capture?: string | true
  readonly prompt?: string
  readonly layer?: readonly number[]
  readonly tensor?: readonly ProductInput[]
  readonly json?: boolean
  readonly svg?: string
}

export function msdCommand(): Command {
  return new Command('msd')
    .description(
      'How far activations in low-bit digits and in other formats are from what they were, beside the proven bounds\n' +
        '(docs/papers/msd.md).',
    )
    .addOption(distributionOption())
    .option('--rows <n>', 'rows of them; of a captured text, tokens at most', positiveNumber, 64)
    .option('--columns <n>', 'length of a row', positiveNumber, 4096)
    .addOption(
      new Option('--weights <type>', 'type of the matrix that they are multiplied with')
        .choices(WEIGHT_TYPES)
        .default('Q4_0'),
    )
    .option('--outputs <n>', 'rows of that matrix; of a captured one, at most', positiveNumber, 64)
    .option('--group <n>', 'activations that share a scale in the schemes …-group', positiveNumber, 32)
    .option(
      '--scheme <list>',
      'schemes, or beginnings of their names, separated by commas (default: all)',
      commaList,
    )
    .addOption(
      new Option(
        '--capture [model]',
        'in place of random numbers, what goes into the products of a GGUF model (default: the built-in one)',
      ).conflicts(['distribution', 'columns', 'weights']),
    )
    .option('--prompt <text>', 'what it reads meanwhile (default: stories it was not trained on)')
    .option('--layer <list>', 'layers to look at, counted from 0 (default: all)', layerList)
    .addOption(
      new Option(
        '--tensor <list>',
        `inputs to look at, each shared by some products: ${PRODUCT_INPUTS.join(', ')} (default: all)`,
      ).argParser(listOf('tensor', PRODUCT_INPUTS)),
    )
    .option('--seed <n>', 'of random numbers and of the stories', wholeNumber, 1)
    .option('--json', 'print one JSON object and nothing else')
    .option('--svg <file>', 'draw effective bits over stored bits', outputFile)
    .addHelpText('after', `\nSchemes:\n${schemeHelp()}\n\nExamples:\n${EXAMPLES.join('\n')}`)
    .action(analyze)
}

const EXAMPLES = [
  '  multiscale analyze msd --distribution normal,outliers --scheme bf16,int8x2,mxfp4x2',
  '  multiscale analyze msd --capture model.gguf --tensor down --layer 0,5 --prompt "Once upon a time"',
]

function schemeHelp(): string {
  return [
    '  bf16, fp16                    each number rounded on its own',
    '  fp8-e4m3, fp8-e5m2            FP8 with a float32 scale for each row',
    '  int8xN-row, int8xN-group      1 to 3 INT8 digits with a scale for each row or group; radix 256,',
    '                                or with -254 behind it 254 as in the paper',
    '  mxfp4xN-paper, -ocp, -search  1 to 3 MXFP4 digits, with three rules for the scales',
    '  mxfp8                         one MXFP8 (E4M3) digit',
    '  nvfp4                         NVFP4-like: blocks of 16, E4M3 scales over a float32 scale for each row',
  ].join('\n')
}

async function analyze(flags: MsdFlags): Promise<void> {
  const signal = interruptSignal()
  const { group, seed, capture, json, svg } = flags
  const schemes = chooseSchemes(allSchemes(group), flags.scheme)
  if (capture === undefined) checkCaptureFlags(flags)
  const bar = progressBar('measuring')
  const onPart: OnPart = async (done, total) => {
    bar.update(done, total)
    await breathe(signal)
  }
  const found = await (capture === undefined
    ? measureRandom(flags, schemes, onPart)
    : captureAndMeasure(capture === true ? builtIn : capture, flags, schemes, onPart, signal)
  ).finally(() => bar.end())
  const report: MsdReport = { seed, group, ...found }
  if (svg !== undefined) await writeFile(svg, errorCharts(report))
  console.log(json ? JSON.stringify(report) : describe(report))
}

function checkCaptureFlags(flags: MsdFlags): void {
  const useless = (['prompt', 'layer', 'tensor'] as const).find((name) => flags[name] !== undefined)
  if (useless !== undefined) {
    throw new RangeError(`--${useless} is about a model; name one with --capture, or leave --${useless} out`)
  }
}

async function captureAndMeasure(
  path: string,
  flags: MsdFlags,
  schemes: readonly Scheme[],
  onPart: OnPart,
  signal: AbortSignal,
): Promise<Pick<MsdReport, 'model' | 'parts'>> {
  const { prompt, rows, layer: layers, tensor = PRODUCT_INPUTS, outputs, seed } = flags
  const { name, captured } = await read(path)
  await using file = await openGguf(path, { signal })
  const parts = await measureCaptured(captured, (one) => matrixOf(file, one, outputs), schemes, onPart)
  return { model: { file: basename(path), name }, parts }

  /** The model is closed again before the long work. */
  async function read(from: string) {
    using trace = await loadTrace(from, signal)
    const ids = captureIds(trace.tokenizer, prompt, { tokens: rows, seed }, trace.info.context)
    return {
      name: trace.info.name ?? null,
      captured: await captureInputs(trace, ids, tensor, { layers, signal }),
    }
  }
}
