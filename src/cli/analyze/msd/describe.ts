import { table } from '../../table.js'
import { counted } from '../../terminal.js'
import { layerNames } from '../layers.js'
import { MASSIVE } from './measure.js'
import type { LayerReport, MsdReport, PartReport, SchemeReport } from './report.js'

const MEANING = [
  'Bits: what a number takes, scales included. Effective bits: −log2 of the relative error ‖x − x̂‖₂ / ‖x‖₂. Bound: the largest',
  'that is proved for a number here. Reached: the largest share of its own bound that an error takes. Product: the error of x·wᵀ',
  'against float64, relative in L2, and the largest over the largest |x·wᵀ|.',
].join('\n')

export function describe(report: MsdReport): string {
  return [MEANING, ...report.parts.map((part) => partText(part, report))].join('\n\n')
}

/** What a part's data are called. */
export const NAMES: Readonly<Record<PartReport['data'], string>> = {
  normal: 'Normal numbers',
  uniform: 'Uniform numbers',
  laplace: 'Laplace numbers',
  'student-t': 'Student-t numbers, 4 degrees of freedom',
  outliers: 'Normal numbers, two massive channels',
  q: 'Inputs of q, k and v',
  output: "Inputs of attention's output product",
  gate: 'Inputs of gate and up',
  down: 'Inputs of down',
}

function partText(part: PartReport, { model, seed }: MsdReport): string {
  const { data, rows, columns, massive, weights, schemes } = part
  const layers = schemes[0].layers
  const where = model
    ? ` inside ${model.name ?? model.file}, ${layerNames((layers ?? []).map(({ layer }) => layer))}`
    : ''
  const size = model ? `${counted(rows, 'token')} × ${columns}` : `${rows} × ${columns} (seed ${seed})`
  const matrix = `${counted(weights.rows, 'row')} of ${weights.types.join(' and ')}`
  const lines = [`${NAMES[data]}${where}: ${size}, times ${matrix}`]
  if (massive > 0) {
    lines.push(
      `${massive} of them are massive: above ${MASSIVE} times the median of their row. Ordinary: relative L2 without these.`,
    )
  }
  const header = [
    ...['scheme', 'bits', 'effective bits', ...(spread(layers) ? ['worst layer'] : []), 'relative L2'],
    ...(massive > 0 ? ['ordinary'] : []),
    ...['max error', 'bound', 'reached', 'product L2', 'product max'],
  ]
  const body = schemes.map((scheme) => [
    scheme.scheme,
    scheme.bits.toFixed(2),
    bitsText(scheme.effectiveBits),
    ...(spread(scheme.layers) ? [worstLayer(scheme.layers)] : []),
    scheme.relative.toExponential(2),
    ...(massive > 0 ? [scheme.ordinary.toExponential(2)] : []),
    scheme.maxError.toExponential(2),
    scheme.bound.toExponential(2),
    scheme.reached.toFixed(3),
    scheme.product.relative.toExponential(2),
    scheme.product.maxError.toExponential(2),
  ])
  return [...lines, table([header, ...body])].join('\n')
}

/** Whether there are several layers to tell apart. */
function spread(layers: SchemeReport['layers']): layers is readonly LayerReport[] {
  return layers !== undefined && layers.length > 1
}

function worstLayer(layers: readonly LayerReport[]): string {
  const worst = layers.reduce((a, b) => (b.relative > a.relative ? b : a))
  return `${bitsText(worst.effectiveBits)} (${worst.layer})`
}

const bitsText = (bits: number | null) => (bits === null ? 'exact' : bits.toFixed(3))
