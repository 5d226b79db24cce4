import type { PipelineName } from '../../cost/index.js'
import { lineChart } from '../line-chart.js'
import type { Case } from './report.js'

const NAMES: readonly (readonly [PipelineName, string])[] = [
  ['msd', 'MSD'],
  ['fused', 'dequantising, fused'],
  ['throughMemory', 'through memory'],
]

/**
 * Milliseconds of the three pipelines over what is swept, on logarithmic axes.
 * @throws Error unless there is one device, and one variable with several values
 */
export function costChart(title: string, cases: readonly Case[]): string {
  const names = Object.keys(cases[0].shape)
  const swept = names.filter((name) => new Set(cases.map(({ shape }) => shape[name])).size > 1)
  if (swept.length !== 1 || new Set(cases.map(({ device }) => device)).size > 1)
    throw new Error(
      `--svg draws one device over one variable; give one --device, and several values to one of ${names
        .map((name) => `--${name}`)
        .join(', ')}`,
    )
  const [x] = swept
  return lineChart({
    title,
    x: { label: x.length === 1 ? x.toUpperCase() : x, logarithmic: true },
    y: { label: 'milliseconds', logarithmic: true },
    series: NAMES.map(([pipeline, name]) => ({
      name,
      dashed: pipeline === 'fused',
      points: cases.map(({ shape, cost }) => [shape[x], 1000 * cost[pipeline].seconds]),
    })),
  })
}
