import type { BreakEven, Comparison, Device, PipelineCost } from '../../cost/index.js'
import { table } from '../table.js'
import { counted, threeDigits } from '../terminal.js'
import type { AttentionReport, Case, GemmReport, ModelReport } from './report.js'

const HEADINGS = ['MSD', 'waits for', 'fused', 'waits for', '÷ MSD', 'through memory', 'waits for', '÷ MSD']

const LEGEND =
  'fused: codes are made bfloat16 on their way to the matrix units. through memory: written as bfloat16, and read again.\n' +
  '÷ MSD: how many times as long as MSD it takes.'

export function describeDevices(devices: readonly Device[]): string {
  const rate = (value: number) => threeDigits(value / 1e12)
  const rows = devices.map(({ name, rates }) => [
    name,
    rate(rates.memoryBytesPerSecond),
    rate(rates.int8OperationsPerSecond),
    rate(rates.bf16OperationsPerSecond),
    rate(rates.convertedElementsPerSecond),
  ])
  return table([
    ['per second', 'TB', 'T operations int8', 'T operations bf16', 'T elements converted'],
    ...rows,
  ])
}

export function describeGemm({ cases, breakEven, bytesPerWeight }: GemmReport): string {
  const title = `Products with weights of ${threeDigits(8 * bytesPerWeight)} bits: M tokens, K columns, N rows`
  const ends = breakEven.map(({ device, k, n, fused, throughMemory }) => [
    `${device}, K = ${k}, N = ${n}`,
    rangesOf(fused),
    rangesOf(throughMemory),
  ])
  const beside = table([['MSD takes less time at M', 'than fused', 'than through memory'], ...ends])
  return [title, ...tables(cases), beside, LEGEND].join('\n\n')
}

export function describeAttention({ cases, heads, breakEven }: AttentionReport): string {
  const { heads: query, kvHeads, headSize, bytesPerElement } = heads
  const title =
    `Attention of a layer with ${query} query and ${kvHeads} key heads of ${headSize}, ` +
    `${threeDigits(8 * bytesPerElement)} bits for each cached number`
  const ends = breakEven.map(({ device, context, batch, fused, throughMemory }) => [
    `${device}, context ${context}, batch ${batch}`,
    rangesOf(fused, context),
    rangesOf(throughMemory, context),
  ])
  const beside = table([['MSD takes less time at rows', 'than fused', 'than through memory'], ...ends])
  return [title, ...tables(cases), beside, LEGEND].join('\n\n')
}

export function describeModel({ model, passes }: ModelReport): string {
  const sections = passes.map(({ device, name, pass, cost }) => {
    const of = counted(pass.batch, 'sequence')
    const what =
      name === 'prefill'
        ? `prompt of ${counted(pass.rows, 'token')}, ${of}`
        : `one token behind ${pass.context - 1}, ${of}`
    const rows = cost.parts.map((part) => [
      `${part.count} × ${part.name}`,
      part.shape ? `${part.shape.m} × ${part.shape.k} × ${part.shape.n}` : '',
      ...cells(part.cost),
    ])
    const speeds = cost.tokensPerSecond
    return [
      `${model} on ${device}: ${what}`,
      table([['of each', 'M × K × N', ...HEADINGS], ...rows, ['all', '', ...cells(cost.total)]]),
      `tokens/s: MSD ${threeDigits(speeds.msd)}, fused ${threeDigits(speeds.fused)}, ` +
        `through memory ${threeDigits(speeds.throughMemory)}`,
    ].join('\n')
  })
  return [...sections, LEGEND].join('\n\n')
}

/** One table a device. */
function tables(cases: readonly Case[]): string[] {
  const devices = [...new Set(cases.map(({ device }) => device))]
  return devices.map((name) => {
    const own = cases.filter(({ device }) => device === name)
    const head = Object.keys(own[0].shape).map((key) => (key.length === 1 ? key.toUpperCase() : key))
    const rows = own.map(({ shape, cost }) => [...Object.values(shape).map(String), ...cells(cost)])
    return `${name}\n${table([[...head, ...HEADINGS], ...rows])}`
  })
}

function cells({ msd, fused, throughMemory, speedup }: Comparison): string[] {
  const time = ({ seconds, binding }: PipelineCost) => [duration(seconds), binding]
  const factor = (value: number) => `${threeDigits(value)} ×`
  return [
    ...time(msd),
    ...time(fused),
    factor(speedup.fused),
    ...time(throughMemory),
    factor(speedup.throughMemory),
  ]
}

/** 1.23 s, 45.6 ms, 789 µs, 1.23 ns. */
export function duration(seconds: number): string {
  const units = [
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, 'µs'],
  ] as const
  const [size, unit] = units.find(([least]) => seconds >= least) ?? [1e-9, 'ns']
  return `${threeDigits(seconds / size)} ${unit}`
}

/** @param most the largest number there can be */
function rangesOf({ faster }: BreakEven, most?: number): string {
  if (faster.length === 0) return 'never'
  return faster
    .map(({ from, to: end }) => {
      const to = end === most ? null : end
      if (from <= (most === undefined ? 0 : 1)) return to === null ? 'always' : `below ${threeDigits(to)}`
      return to === null ? `above ${threeDigits(from)}` : `${threeDigits(from)} to ${threeDigits(to)}`
    })
    .join(', ')
}
