import { barycentricProjection, type Measures1d, type SinkhornResult } from '../../transport/index.js'
import { lineChart, type Series } from '../line-chart.js'

/** Points of a line at most: more than a pixel each are not seen. */
const DRAWN = 600
const [WIDTH, HEIGHT] = [640, 320]

/** Two charts, one above the other: the mass up to each point, between whose curves the area is Wasserstein-1, and how far mass goes. */
export function drawTransport(
  measures: Measures1d,
  result: SinkhornResult,
  names: readonly [string, string],
): string {
  const { x, a, y, b } = measures
  const [images] = barycentricProjection(measures, result)
  const cumulative = lineChart({
    title: `Transport of ${names[0]} to ${names[1]}: ${result.cost.toPrecision(6)} at ε = ${result.epsilon.toPrecision(3)}`,
    x: { label: 'point' },
    y: { label: 'mass up to it' },
    series: [
      { name: names[0], points: thinned(steps(x, a)) },
      { name: names[1], points: thinned(steps(y, b)) },
    ],
    ...{ width: WIDTH, height: HEIGHT },
  })
  const moves = ascending(x).map((i) => [x[i], images[i] - x[i]] as const)
  const displacement = lineChart({
    title: 'Where the mass goes on average',
    x: { label: `point of ${names[0]}` },
    y: { label: 'displacement' },
    series: [{ name: 'displacement', points: thinned(moves) }],
    ...{ width: WIDTH, height: HEIGHT },
  })
  const nested = [cumulative, displacement].map((chart, i) =>
    chart.replace('<svg ', `<svg y="${i * HEIGHT}" width="${WIDTH}" height="${HEIGHT}" `),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${2 * HEIGHT}">\n${nested.join('')}</svg>\n`
}

type Points = Series['points']

function steps(points: ArrayLike<number>, weights: ArrayLike<number>): Points {
  let sum = 0
  return ascending(points).flatMap((i) => {
    const before = sum
    sum += weights[i]
    return [[points[i], before] as const, [points[i], sum] as const]
  })
}

const ascending = (points: ArrayLike<number>) =>
  Array.from(points, (_, i) => i).sort((i, j) => points[i] - points[j])

function thinned(points: Points): Points {
  const every = Math.ceil(points.length / DRAWN)
  return points.filter((_, i) => i % every === 0 || i === points.length - 1)
}
