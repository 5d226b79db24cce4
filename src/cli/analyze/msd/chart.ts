import { type LineChart, lineCharts, type Series } from '../../line-chart.js'
import { NAMES } from './describe.js'
import type { MsdReport, PartReport, SchemeReport } from './report.js'

/** Effective bits over stored bits, a line for each family of schemes and a chart for each part, one below the other. */
export function errorCharts({ parts, model }: MsdReport): string {
  const inside = model ? ` inside ${model.name ?? model.file}` : ''
  return lineCharts(parts.map((part) => chart(part, `${NAMES[part.data]}${inside}`)))
}

function chart({ schemes }: PartReport, title: string): LineChart {
  const families = [...new Set(schemes.map(({ family }) => family))]
  return {
    title,
    x: { label: 'bits that a number takes, scales included', min: 0 },
    y: { label: 'effective bits' },
    series: families.map((name) =>
      series(
        name,
        schemes.filter(({ family }) => family === name),
      ),
    ),
    height: 480,
  }
}

/** The line is that of all layers together, the band from the worst layer to the best. An exact scheme has no place. */
function series(name: string, schemes: readonly SchemeReport[]): Series {
  return {
    name,
    points: schemes.map(({ bits, effectiveBits }) => [bits, effectiveBits ?? Number.NaN]),
    band: schemes.flatMap(({ bits, layers = [] }) => {
      const each = layers.flatMap(({ effectiveBits }) => effectiveBits ?? [])
      return each.length > 1 ? [[bits, Math.min(...each), Math.max(...each)] as const] : []
    }),
  }
}
