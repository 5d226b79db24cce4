import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { PACKED_BITS } from '../backend/index.js'
import { type CostOptions, DEVICES, type Device } from '../cost/index.js'
import type { CodeTypeName } from '../format/index.js'
import { costChart } from './cost/chart.js'
import { describeAttention, describeDevices, describeGemm, describeModel } from './cost/describe.js'
import { type DeviceFlags, devicesOf } from './cost/devices.js'
import { readModel } from './cost/model.js'
import { ranges } from './cost/ranges.js'
import { attentionReport, gemmReport, modelReport } from './cost/report.js'
import { commaList, outputFile, positiveNumber, positiveReal, wholeNumber } from './options.js'
import { interruptSignal } from './terminal.js'

interface CostFlags extends DeviceFlags {
  readonly m: number[]
  readonly k: number[]
  readonly n: number[]
  readonly type: CodeTypeName
  readonly bits?: number
  readonly attention?: boolean
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
  readonly context: number[]
  readonly rows: number[]
  readonly batch: number[]
  readonly cacheBits: number
  readonly model?: string
  readonly prompt: number
  readonly passes: '1' | '2' | '3'
  readonly reads: 'fused' | 'each-pass'
  readonly stall: number
  readonly json?: boolean
  readonly svg?: string
}

export function costCommand(): Command {
  return new Command('cost')
    .description(
      'What products with codes cost in theory: Multi-Scale Dequant beside pipelines that dequantise, on accelerators or on\n' +
        'this machine (docs/papers/cost.md). A product by its shape, attention over a quantised cache, or a whole model.',
    )
    .option(
      '--m <list>',
      'tokens: numbers, and ranges that double, e.g. 1,8,64 or 1..4096',
      ranges,
      [1, 8, 64, 512],
    )
    .option('--k <list>', 'columns of the weight matrix', ranges, [4096])
    .option('--n <list>', 'rows of the weight matrix', ranges, [4096])
    .addOption(
      new Option('--type <name>', 'how weights are stored').choices(Object.keys(PACKED_BITS)).default('Q4_0'),
    )
    .option('--bits <b>', 'bits of a weight, scales included (default: those of the type)', positiveReal)
    .option('--attention', 'attention over a quantised cache instead of a product')
    .option('--heads <n>', 'query heads', positiveNumber, 32)
    .option('--kv-heads <n>', 'key and value heads', positiveNumber, 8)
    .option('--head-size <n>', 'numbers of a head', positiveNumber, 128)
    .option('--context <list>', 'cached positions', ranges, [4096])
    .option('--rows <list>', 'new tokens of a sequence: 1 decodes', ranges, [1])
    .option('--batch <list>', 'sequences', ranges, [1])
    .option('--cache-bits <b>', 'bits of a cached number, scales included', positiveReal, 8)
    .option('--model <file>', 'all matrices and the attention of a GGUF model, from its header')
    .option('--prompt <tokens>', 'with --model: length of the prompt', positiveNumber, 512)
    .addOption(
      new Option('--device <list>', `of ${Object.keys(DEVICES).join(', ')}, this, FILE.json`)
        .argParser(commaList)
        .default(Object.keys(DEVICES), 'all accelerators'),
    )
    .option(
      '--roofline <file>',
      'for --device this: what multiscale roofline --json wrote, instead of measuring',
    )
    .option('--seconds <s>', 'for --device this: time to spend on measuring', positiveReal, 2)
    .addOption(
      new Option('--passes <digits>', 'INT8 digits of each activation').choices(['1', '2', '3']).default('2'),
    )
    .addOption(
      new Option('--reads <how>', 'MSD reads codes once for all digits, or once for each')
        .choices(['fused', 'each-pass'])
        .default('fused'),
    )
    .option(
      '--stall <codes>',
      'codes that the fused pipeline converts before anything overlaps',
      wholeNumber,
      0,
    )
    .option('--json', 'print one JSON object and nothing else')
    .option(
      '--svg <file>',
      'draw the times of one device over the variable that has several values',
      outputFile,
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  multiscale cost --device h100 --m 1..4096 --k 8192 --n 28672 --svg cost.svg\n' +
        '  multiscale cost --attention --context 1024..65536 --batch 8 --reads each-pass --device ascend-910b\n' +
        '  multiscale cost --model model.gguf --prompt 512 --device this',
    )
    .action(cost)
}

async function cost(flags: CostFlags): Promise<void> {
  if (flags.model !== undefined && flags.attention)
    throw new Error('--model includes attention; leave out --attention')
  if (flags.model !== undefined && flags.svg !== undefined)
    throw new Error('--svg draws products and attention, not a model')
  const options: CostOptions = {
    passes: Number(flags.passes),
    reads: flags.reads,
    stallElements: flags.stall,
  }
  const devices = await devicesOf(flags, interruptSignal())
  const { report, text, cases } = await reportOf(flags, devices, options)
  if (flags.svg !== undefined && cases) await writeFile(flags.svg, costChart(devices[0].name, cases))
  console.log(
    flags.json ? JSON.stringify({ ...report, options, devices }) : `${describeDevices(devices)}\n\n${text()}`,
  )
}

async function reportOf(flags: CostFlags, devices: readonly Device[], options: CostOptions) {
  const { m, k, n, rows, context, batch, heads, kvHeads, headSize } = flags
  const bytesPerElement = flags.cacheBits / 8
  if (flags.model !== undefined) {
    const model = await readModel(flags.model, bytesPerElement)
    if (flags.prompt >= model.trainedContext)
      throw new Error(
        `--prompt ${flags.prompt} leaves no room in ${model.name}'s context of ${model.trainedContext}`,
      )
    if (batch.length !== 1) throw new Error('--batch takes one number with --model')
    const report = modelReport(devices, model, { rows: flags.prompt, batch: batch[0] }, options)
    return { report, text: () => describeModel(report), cases: null }
  }
  if (flags.attention) {
    const shape = { heads, kvHeads, headSize, bytesPerElement }
    const report = attentionReport(devices, { rows, context, batch }, shape, options)
    return { report, text: () => describeAttention(report), cases: report.cases }
  }
  const bytesPerWeight = (flags.bits ?? PACKED_BITS[flags.type]) / 8
  const report = gemmReport(devices, { m, k, n }, bytesPerWeight, options)
  return { report, text: () => describeGemm(report), cases: report.cases }
}
