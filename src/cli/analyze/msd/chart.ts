import { type LineChart, lineCharts, type Series } from '../../line-chart.js'
import { NAMES } from './describe.js'
import type { MsdReport, PartReport, SchemeReport } from './report.js'

/** Effective bits over stored bits, a line for each family of schemes and a chart for each part, one below the other. */
export function errorCharts({ parts, model }: MsdReport): string {
  const inside = model ? ` inside ${model.name ?? model.file}` : ''
  return lineCharts(parts.map((part) => chart(part, `${NAMES[part.data]}${inside}`)))
}

function chart({ schemes }: PartReport, title: string): LineChart {
  const names = [...new Set(schemes.map(({ family }) => family))]
  const families = names.map((name) => schemes.filter(({ family }) => family === name))
  // Dots have colours alone, lines also dashes: the dots take the first colours.
  const ordered = families.toSorted((a, b) => Number(a.length > 1) - Number(b.length > 1))
  return {
    title,
    x: { label: 'bits that a number takes, scales included', min: 0 },
    y: { label: 'effective bits' },
    series: ordered.map(series),
    height: 480,
  }
}

/** The line is that of all layers together, the band from the worst layer to the best. An exact scheme has no place. */
function series(schemes: readonly SchemeReport[]): Series {
  return {
    name: schemes[0].family,
    points: schemes.map(({ bits, effectiveBits }) => [bits, effectiveBits ?? Number.NaN]),
    band: schemes.flatMap(({ bits, layers = [] }) => {
      const each = layers.flatMap(({ effectiveBits }) => effectiveBits ?? [])
      return each.length > 1 ? [[bits, Math.min(...each), Math.max(...each)] as const] : []
    }),
  }
}
