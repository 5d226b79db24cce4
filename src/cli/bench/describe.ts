import { formatBytes } from '../../engine/memory.js'
import type { ModelInfo } from '../../engine/types.js'
import type { MachineFacts } from '../machine.js'
import { table } from '../table.js'
import { counted, threeDigits } from '../terminal.js'
import type { Speeds } from './contestant.js'
import type { Spread, Summary } from './summary.js'
import type { Work } from './work.js'

/** What --json prints. */
export interface BenchReport extends Summary {
  readonly model: { readonly file: string; readonly name: string | null } & Pick<
    ModelInfo,
    'architecture' | 'weightBytes'
  >
  readonly settings: Pick<
    ModelInfo,
    'backend' | 'variant' | 'threads' | 'passes' | 'granularity' | 'cacheType'
  > & { readonly prompt: number; readonly decode: number; readonly runs: number }
  readonly peer: {
    readonly name: string
    readonly threads: Readonly<Record<keyof Speeds, number>>
    readonly logProbabilityRmsDifference: number | null
  } | null
  readonly work: Work & { readonly bytesPerToken: number }
  readonly machine: MachineFacts
}

export function describe(report: BenchReport): string {
  const { model, settings, peer, machine } = report
  const { backend, variant, threads, passes, granularity, cacheType } = settings
  const facts: [label: string, value: string][] = [
    [
      'model',
      `${model.name ?? model.file} (${model.architecture}), ${formatBytes(model.weightBytes)} of weights`,
    ],
    [
      'computed by',
      `multiscale ${machine.multiscale}: ${backend} ${variant}, ${counted(threads, 'thread')}, ` +
        `${counted(passes, 'digit')} per ${granularity}, ${cacheType} cache`,
    ],
  ]
  if (peer) {
    const { prefill, decode } = peer.threads
    const same = prefill === decode
    const how = same ? counted(prefill, 'thread') : `${prefill} threads for the prompt, ${decode} after it`
    const difference = threeDigits(peer.logProbabilityRmsDifference ?? 0)
    facts.push(['beside', `${peer.name}, ${how}; log-probabilities ${difference} apart`])
  }
  facts.push([
    'machine',
    `${machine.cpu}, ${counted(machine.cores, 'core')}, ${machine.system}, Node ${machine.node}`,
  ])
  return [facts.map(([label, value]) => `${label.padEnd(11)} ${value}`).join('\n'), rows(report)].join('\n\n')
}

function rows({ settings, peer, prefill, decode, ceilings }: BenchReport): string {
  const both = (of: (measure: typeof prefill) => Spread | null, factor = 1, unit = '') => {
    return [prefill, decode].map((measure) => range(of(measure), factor, unit))
  }
  const lines = [
    [
      `tokens/s, median (min–max) of ${settings.runs}`,
      `prompt of ${settings.prompt}`,
      `generating ${settings.decode}`,
    ],
    ['multiscale', ...both(({ ours }) => ours)],
  ]
  if (peer) {
    lines.push([peer.name, ...both((measure) => measure.peer)])
    const ratios = [prefill, decode].map(({ ratioOfMedians }) => `${threeDigits(ratioOfMedians ?? 0)} ×`)
    lines.push(['ratio of the medians', ...ratios])
    lines.push(['ratio in the same round', ...both(({ pairedRatio }) => pairedRatio, 1, ' ×')])
  }
  if (ceilings) {
    lines.push(['share of the ceiling', ...both(({ ceilingShare }) => ceilingShare, 100, ' %')])
    lines.push([
      'the ceiling',
      `${range(ceilings.int8Peak, 1e-9)} G 8-bit multiply-adds/s`,
      `${range(ceilings.readBandwidth, 1e-9)} GB/s read`,
    ])
  }
  return table(lines)
}

/** 12.3 (11.8–12.9) */
function range(spread: Spread | null, factor: number, unit = ''): string {
  if (!spread) return '–'
  const [median, min, max] = [spread.median, spread.min, spread.max].map((x) => threeDigits(x * factor))
  return `${median}${unit} (${min}–${max})`
}
