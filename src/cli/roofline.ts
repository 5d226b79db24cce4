import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import type { Device } from '../cost/index.js'
import type { Spread } from './bench/summary.js'
import { floatInstead, type MachineRates, machineDevice, measureMachine, oneAndAll } from './cost/machine.js'
import { rooflineChart } from './cost/roofline-chart.js'
import { type MachineFacts, machineFacts } from './machine.js'
import { outputFile, positiveNumber, positiveReal } from './options.js'
import { table } from './table.js'
import { counted, interruptSignal, progressBar, threeDigits } from './terminal.js'

interface RooflineFlags {
  readonly threads?: number
  readonly variant?: string
  readonly seconds: number
  readonly json?: boolean
  readonly svg?: string
}

/** What --json prints, and `multiscale cost --roofline` reads. Multiply-adds and bytes per second. */
export interface RooflineReport {
  readonly machine: MachineFacts
  readonly rates: readonly MachineRates[]
  /** The same in the cost model's terms, for each number of threads. */
  readonly devices: readonly Device[]
}

export function rooflineCommand(): Command {
  return new Command('roofline')
    .description(
      'Measure what this machine can do at best: memory bandwidth, and multiply-adds of 8-bit integers, bfloat16 and float32,\n' +
        'with one thread and with all.',
    )
    .option('--threads <n>', 'only with so many threads (default: one, and one per core)', positiveNumber)
    .option('--variant <name>', 'kernels to measure, e.g. avx2 (default: the fastest this machine runs)')
    .option(
      '--seconds <s>',
      'time to spend; the more, the likelier a moment without other programs',
      positiveReal,
      4,
    )
    .option('--json', 'print one JSON object and nothing else')
    .option('--svg <file>', 'draw the rooflines, and where products of 1 and of 512 tokens lie', outputFile)
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  multiscale roofline --svg roofline.svg\n' +
        '  multiscale roofline --json > here.json && multiscale cost --device this --roofline here.json',
    )
    .action(roofline)
}

async function roofline(flags: RooflineFlags): Promise<void> {
  const bar = progressBar('measuring')
  const rates = await measureMachine({
    threadCounts: flags.threads === undefined ? oneAndAll() : [flags.threads],
    variant: flags.variant,
    seconds: flags.seconds,
    signal: interruptSignal(),
    progress: bar,
  }).finally(() => bar.end())
  const devices = rates.map(machineDevice)
  if (flags.svg !== undefined) await writeFile(flags.svg, rooflineChart(devices[devices.length - 1]))
  const report: RooflineReport = { machine: machineFacts(), rates, devices }
  console.log(flags.json ? JSON.stringify(report) : describe(report))
}

function describe({ machine, rates }: RooflineReport): string {
  const row = (label: string, of: (rates: MachineRates) => Spread | null, unit: string) => [
    label,
    ...rates.flatMap((one) => {
      const found = of(one)
      return found ? [`${giga(found.max)} ${unit}`, giga(found.median)] : ['none', '–']
    }),
  ]
  const lines = [
    [
      rates[0].variant,
      ...rates.flatMap(({ threads, readBandwidth: { samples } }) => [
        `${counted(threads, 'thread')}, best`,
        `median of ${samples.length}`,
      ]),
    ],
    row('reading memory', (r) => r.readBandwidth, 'GB/s'),
    row('8-bit multiply-adds', (r) => r.int8Peak, 'G/s'),
    row('bfloat16 multiply-adds', (r) => r.bf16Peak, 'G/s'),
    row('float32 multiply-adds', (r) => r.floatPeak, 'G/s'),
    row('codes made float32', (r) => r.conversionRate, 'G/s'),
  ]
  const last = rates[rates.length - 1]
  const notes = [`${machine.cpu}. An operation of the cost model is half a multiply-add.`]
  if (last.bf16Peak === null || last.bf16Peak.max < last.floatPeak.max)
    notes.push(`A dequantising pipeline would compute in ${floatInstead(last)}.`)
  return `${table(lines)}\n\n${notes.join('\n')}`
}

const giga = (value: number) => threeDigits(value / 1e9)
