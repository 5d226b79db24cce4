import { type LineChart, lineCharts } from '../../line-chart.js'
import { partName } from './describe.js'
import type { CodeList, DriftReport, PartReport, SchemeReport } from './report.js'

/**
 * Cumulative distributions of numbers (a line) and of their codes (steps) over the grid, a chart for each scheme of each part, one below the
 * other. The area between the two is Wasserstein-1.
 * @throws RangeError if all grids are too large to be drawn
 */
export function driftCharts({ parts }: DriftReport): string {
  const charts = parts.flatMap((part) =>
    part.schemes.flatMap((scheme) => (scheme.codes ? [chart(part, scheme, scheme.codes)] : [])),
  )
  if (charts.length > 0) return lineCharts(charts)
  throw new RangeError('--svg: the grids of these schemes are too large to be drawn; add others to --scheme')
}

type Points = readonly (readonly [at: number, share: number])[]

function chart(part: PartReport, { scheme, w1, quantiles }: SchemeReport, codes: CodeList): LineChart {
  const stairs = stairsOf(codes)
  const numbers = quantiles.map((at, k) => [at, k / (quantiles.length - 1)] as const)
  return {
    title: `${partName(part)}, ${scheme}: W1 ${w1.toFixed(3)} steps`,
    x: { label: "over the grid's values" },
    y: { label: 'share at or below', min: 0, max: 1 },
    series: [
      { name: 'codes', points: stairs },
      { name: 'numbers', points: numbers, band: between(numbers, stairs) },
    ],
  }
}

/** From the first code that some number has to the last, two points for each: below and at it. */
function stairsOf({ values, shares }: CodeList): Points {
  let below = 0
  return values.flatMap((value, j) => {
    if (shares[j] === 0) return []
    const from = below
    below += shares[j]
    return [[value, from] as const, [value, below] as const]
  })
}

/** The area between the two curves: at every point of either, the lower and the upper share. */
function between(numbers: Points, stairs: Points): (readonly [x: number, low: number, high: number])[] {
  const area = (at: number, one: number, other: number) =>
    [at, Math.min(one, other), Math.max(one, other)] as const
  const atNumbers = numbers.map(([at, share]) => area(at, share, shareAt(stairs, at)))
  const atStairs = stairs.map(([at, share]) => area(at, share, shareAt(numbers, at)))
  return [...atNumbers, ...atStairs].sort(([p], [q]) => p - q)
}

/** A curve at a point, between its own points on the line that joins them. */
function shareAt(curve: Points, at: number): number {
  const next = curve.findIndex(([x]) => x > at)
  if (next <= 0) return next === 0 ? 0 : 1
  const [[x0, y0], [x1, y1]] = [curve[next - 1], curve[next]]
  return y0 + ((y1 - y0) * (at - x0)) / (x1 - x0)
}
