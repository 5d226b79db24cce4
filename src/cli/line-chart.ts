/** A line of a chart. */
export interface Series {
  readonly name: string
  /** Ascending in x. What is not finite breaks the line. */
  readonly points: readonly (readonly [x: number, y: number])[]
  /** The spread around the line, drawn as an area behind it. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[]
  /** For a line that may lie on one drawn before it: both are seen. */
  readonly dashed?: boolean
}

export interface Axis {
  readonly label: string
  /** Default: what the series need, rounded outwards to a tick. */
  readonly min?: number
  readonly max?: number
  readonly logarithmic?: boolean
}

export interface LineChart {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
  /** Pixels. Default 640 × 360. */
  readonly width?: number
  readonly height?: number
}

/** Okabe and Ito's colours, which people with any colour vision tell apart; black and yellow left out. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']
const DASHES = ['', '7 3', '2 3', '9 3 2 3']
const MARGIN = { top: 40, right: 24, bottom: 46, left: 62 }
const LEGEND_LINE = 18

const SIZE = { width: 640, height: 360 }

/**
 * Draws lines as SVG: a file of its own, with a white ground, without scripts, fonts or anything to be loaded.
 * @throws RangeError if there is nothing to draw, or a logarithmic axis has values that are not positive
 */
export function lineChart(chart: LineChart): string {
  return lineCharts([chart])
}

/** Several charts in one file, one below the other; the title is the first one's. @throws as lineChart */
export function lineCharts(charts: readonly LineChart[]): string {
  const width = Math.max(...charts.map((chart) => chart.width ?? SIZE.width))
  let height = 0
  const drawings = charts.map((chart) => {
    const drawing = draw(chart)
    const top = height
    height += chart.height ?? SIZE.height
    return top === 0 ? drawing : `<g transform="translate(0 ${top})">\n${drawing}\n</g>`
  })
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escaped(charts[0].title)}</title>`,
    ...drawings,
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

/** The elements of a chart whose left upper corner is at 0, 0. */
function draw({ title, x, y, series, width = SIZE.width, height = SIZE.height }: LineChart): string {
  const finite = (values: number[]) => values.filter(Number.isFinite)
  const xs = finite(series.flatMap(({ points }) => points.map(([at]) => at)))
  const ys = finite(
    series.flatMap(({ points, band = [] }) => [
      ...points.map(([, value]) => value),
      ...band.flatMap(([, low, high]) => [low, high]),
    ]),
  )
  if (xs.length === 0 || ys.length === 0) throw new RangeError(`the chart '${title}' has no points`)
  const right = width - MARGIN.right
  const legendLines = Math.ceil(series.length / 3)
  const bottom = height - MARGIN.bottom - (series.length > 1 ? legendLines * LEGEND_LINE : 0)
  const across = scaleOf(x, xs, MARGIN.left, right)
  const up = scaleOf(y, ys, bottom, MARGIN.top)
  const place = ([a, b]: readonly [number, number]) => `${pixel(across.at(a))},${pixel(up.at(b))}`
  const parts = [
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${width / 2}" y="22" text-anchor="middle" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    '<g stroke="#ddd" fill="none">',
    ...across.ticks.map((tick) => `<path d="M${pixel(across.at(tick))} ${MARGIN.top}V${bottom}"/>`),
    ...up.ticks.map((tick) => `<path d="M${MARGIN.left} ${pixel(up.at(tick))}H${right}"/>`),
    '</g>',
    '<g fill="#333">',
    ...across.ticks.map(
      (tick) =>
        `<text x="${pixel(across.at(tick))}" y="${bottom + 16}" text-anchor="middle">${label(tick)}</text>`,
    ),
    ...up.ticks.map(
      (tick) =>
        `<text x="${MARGIN.left - 6}" y="${pixel(up.at(tick) + 4)}" text-anchor="end">${label(tick)}</text>`,
    ),
    `<text x="${(MARGIN.left + right) / 2}" y="${bottom + 36}" text-anchor="middle">${escaped(x.label)}</text>`,
    `<text transform="translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>`,
    '</g>',
  ]
  series.forEach(({ band }, i) => {
    if (!band || band.length === 0) return
    const top = band.map(([a, , high]) => place([a, high]))
    const under = band.map(([a, low]) => place([a, low])).reverse()
    parts.push(`<path d="M${[...top, ...under].join('L')}Z" fill="${colour(i)}" opacity="0.15"/>`)
  })
  series.forEach(({ points, dashed }, i) => {
    const runs = runsOf(points)
    for (const [only, next] of runs) {
      if (next) continue // a line shows them; a point alone is a dot
      const [cx, cy] = place(only).split(',')
      parts.push(`<circle cx="${cx}" cy="${cy}" r="3" fill="${colour(i)}"/>`)
    }
    parts.push(
      `<path d="${runs.map((run) => `M${run.map(place).join('L')}`).join('')}" fill="none" stroke="${colour(i)}" stroke-width="1.8" stroke-dasharray="${dash(i, dashed)}"/>`,
    )
  })
  if (series.length > 1) {
    const column = (right - MARGIN.left) / 3
    series.forEach(({ name, points, dashed }, i) => {
      const left = MARGIN.left + (i % 3) * column
      const at = bottom + 56 + Math.floor(i / 3) * LEGEND_LINE
      const isLine = runsOf(points).some(({ length }) => length > 1)
      parts.push(
        isLine
          ? `<path d="M${pixel(left)} ${at - 4}h26" stroke="${colour(i)}" stroke-width="2.5" stroke-dasharray="${dash(i, dashed)}"/>`
          : `<circle cx="${pixel(left + 13)}" cy="${at - 4}" r="3" fill="${colour(i)}"/>`,
        `<text x="${pixel(left + 32)}" y="${at}" fill="#333">${escaped(name)}</text>`,
      )
    })
  }
  return parts.join('\n')
}

const colour = (i: number) => COLOURS[i % COLOURS.length]
const dash = (i: number, dashed = false) =>
  DASHES[(Math.floor(i / COLOURS.length) + Number(dashed)) % DASHES.length]
const pixel = (value: number) => Math.round(value * 10) / 10
const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

function label(value: number): string {
  const size = Math.abs(value)
  if (value !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(0).replace('e+', 'e')
  return String(Number(value.toPrecision(6)))
}

interface Scale {
  readonly at: (value: number) => number
  readonly ticks: number[]
}

function scaleOf(axis: Axis, values: readonly number[], from: number, to: number): Scale {
  let low = axis.min ?? values.reduce((a, b) => Math.min(a, b), Infinity)
  let high = axis.max ?? values.reduce((a, b) => Math.max(a, b), -Infinity)
  if (axis.logarithmic) {
    if (!(low > 0)) throw new RangeError(`the axis '${axis.label}' is logarithmic; it cannot show ${low}`)
    const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
    low = axis.min ?? 10 ** first
    high = axis.max ?? 10 ** Math.max(last, first + 1)
    const decades = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i))
    const span = Math.log(high / low)
    return {
      at: (value) => from + ((to - from) * Math.log(Math.max(value, low) / low)) / span,
      ticks: decades.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001),
    }
  }
  if (low === high) [low, high] = [low - 0.5, high + 0.5]
  const step = niceStep(high - low)
  low = axis.min ?? Math.floor(low / step) * step
  high = axis.max ?? Math.ceil(high / step) * step
  const first = Math.ceil(low / step - 1e-9)
  const count = Math.floor(high / step + 1e-9) - first + 1
  return {
    at: (value) => from + ((to - from) * (Math.min(Math.max(value, low), high) - low)) / (high - low),
    ticks: Array.from({ length: count }, (_, i) => (first + i) * step),
  }
}

/** 1, 2 or 5 times a power of ten, for some five steps. */
function niceStep(span: number): number {
  const rough = span / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const digit = rough / power
  return power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10)
}

function runsOf(points: Series['points']): (readonly [number, number])[][] {
  const runs: (readonly [number, number])[][] = [[]]
  for (const point of points) {
    if (point.every(Number.isFinite)) runs[runs.length - 1].push(point)
    else if (runs[runs.length - 1].length > 0) runs.push([])
  }
  return runs.filter((run) => run.length > 0)
}
