import { table } from '../../table.js'
import { counted } from '../../terminal.js'
import { layerNames } from '../layers.js'
import { NAMES as ACTIVATIONS } from '../msd/describe.js'
import type { DriftReport, PartReport, SchemeReport } from './report.js'

const MEANING = [
  "Numbers are divided by their group's scale, so that all lie over one grid, that of the format. A step is the mean distance of the",
  "grid's values where the numbers are.",
  'W1: how far the distribution of numbers is from that of their codes (Wasserstein-1), in steps; 0.25 where numbers lie evenly',
  'between the values. Relative: the same over the mean magnitude of the numbers, to compare formats with. Unscaled: as relative, between',
  "a layer's numbers as they are and what is stored for them, where errors under different scales cancel.",
  'Entropic: W1 again, as the cost of an entropic plan (FINOM): at least W1, and at most ε times the entropy in nats more.',
  "~: Sinkhorn's iteration did not converge.",
  'Magnitude: by how much mean magnitudes grow in storage. Worst code: the one that adds most to Σ share · |mean − code|, and the mean of',
  'its numbers. Saturated: numbers more than half a step beyond the grid. Entropy: of the codes, in bits of those that are stored.',
].join('\n')

export function describe(report: DriftReport): string {
  return [MEANING, ...report.parts.map((part) => partText(part, report))].join('\n\n')
}

const CACHE: Readonly<Record<string, string>> = {
  keys: 'Cached keys',
  'shifted-keys': 'Cached keys less the mean of the 64 before them, turned on',
  values: 'Cached values',
}

/** What a part's numbers are called. */
export function partName({ source, data }: Pick<PartReport, 'source' | 'data'>): string {
  if (source === 'weights') return `Weights of ${data}`
  if (source === 'cache') return CACHE[data]
  return ACTIVATIONS[data as keyof typeof ACTIVATIONS]
}

function partText(part: PartReport, { model, seed }: DriftReport): string {
  const { rows, columns, layers, unfit = [], schemes } = part
  const where = model && layers ? ` inside ${model.name ?? model.file}, ${layerNames(layers)}` : ''
  const each = part.source === 'weights' ? counted(rows, 'row') : counted(rows, 'token')
  const size = model ? `${each} × ${columns}` : `${rows} × ${columns} (seed ${seed})`
  const lines = [`${partName(part)}${where}: ${size}${part.source === 'cache' ? ' of each head' : ''}`]
  if (unfit.length > 0) lines.push(`Left out, as rows are no whole blocks: ${unfit.join(', ')}`)
  for (const { scheme, leftOut } of schemes)
    if (leftOut > 0)
      lines.push(`${counted(leftOut, 'number')} left out of ${scheme}: their groups have no scale`)
  if (schemes.length === 0) return lines.join('\n')
  const header = [
    ...['scheme', 'W1', 'relative', 'unscaled', 'entropic'],
    ...['magnitude', 'worst code', 'saturated', 'entropy'],
  ]
  const body = schemes.map((scheme) => [
    ...[scheme.scheme, scheme.w1.toFixed(4), percent(scheme.relative), percent(scheme.unscaled)],
    ...[entropicText(scheme), signedPercent(scheme.magnitude), worstText(scheme), percent(scheme.saturated)],
    `${scheme.entropy.toFixed(2)} of ${scheme.bits}`,
  ])
  return [...lines, table([header, ...body])].join('\n')
}

function entropicText({ entropic }: SchemeReport): string {
  if (entropic === null) return '–'
  return `${entropic.converged ? '' : '~'}${entropic.value.toFixed(4)}`
}

/** The mean with as many decimals as two digits of its distance need. */
function worstText({ worst: { value, mean } }: SchemeReport): string {
  if (mean === value) return '–'
  const decimals = 1 - Math.floor(Math.log10(Math.abs(mean - value)))
  return `${value} ← ${mean.toFixed(Math.min(Math.max(decimals, 0), 12))}`
}

function percent(share: number): string {
  if (share === 0) return '0'
  return `${(100 * share).toPrecision(3)} %`
}

function signedPercent(share: number): string {
  const text = (100 * share).toFixed(3)
  return `${share > 0 ? '+' : ''}${text} %`
}
