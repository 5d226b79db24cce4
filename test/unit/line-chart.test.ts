import { describe, expect, test } from 'vitest'
import { lineChart } from '../../src/cli/line-chart.js'

const chart = { title: 'A & B', x: { label: 'round' }, y: { label: 'reward' } }
const numbers = (text: string) => [...text.matchAll(/-?\d+(\.\d+)?/g)].map(([number]) => Number(number))

describe('lineChart', () => {
  test('puts points where they belong', () => {
    const svg = lineChart({
      ...chart,
      series: [
        {
          name: 'a',
          points: [
            [0, 0],
            [5, 10],
            [10, 5],
          ],
        },
      ],
    })
    const [path] = svg.match(/<path d="(M[^"]*L[^"]*)" fill="none"/) ?? []
    const [x0, y0, x1, y1, x2, y2] = numbers(path as string)
    expect(x1 - x0).toBeCloseTo(x2 - x1, 6)
    expect(y0 - y1).toBeCloseTo(2 * (y0 - y2), 6)
    expect(y1).toBeLessThan(y0)
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 640 360"/)
    expect(svg).toContain('<title>A &amp; B</title>')
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
  })

  test('a logarithmic axis gives decades equal steps', () => {
    const y = { label: 'κ', logarithmic: true }
    const svg = lineChart({
      ...chart,
      y,
      series: [
        {
          name: 'a',
          points: [
            [0, 0.01],
            [1, 0.1],
            [2, 1],
          ],
        },
      ],
    })
    const [path] = svg.match(/<path d="(M[^"]*L[^"]*)" fill="none"/) ?? []
    const [, y0, , y1, , y2] = numbers(path as string)
    expect(y0 - y1).toBeCloseTo(y1 - y2, 6)
    expect(() => lineChart({ ...chart, y, series: [{ name: 'a', points: [[0, 0]] }] })).toThrow(/logarithmic/)
  })

  test('breaks the line at what is not finite, draws bands and a legend', () => {
    const points = [
      [0, 1],
      [1, 2],
      [2, Number.NaN],
      [3, 2],
      [4, 1],
    ] as const
    const series = [
      {
        name: 'with <band>',
        points,
        band: [
          [0, 0, 2],
          [4, 0, 3],
        ] as const,
      },
      {
        name: 'other',
        points: [
          [0, 1],
          [4, 1],
        ] as const,
      },
    ]
    const svg = lineChart({ ...chart, series })
    expect(svg.match(/<path d="(M[^"]*)" fill="none" stroke="#0072b2"/)?.[1].match(/M/g)).toHaveLength(2)
    expect(svg).toContain('opacity="0.15"')
    expect(svg).toContain('with &lt;band&gt;')
    expect(svg).not.toMatch(/NaN|undefined/)
  })

  test('one value, and none', () => {
    expect(lineChart({ ...chart, series: [{ name: 'a', points: [[1, 3]] }] })).not.toMatch(/NaN|Infinity/)
    expect(() => lineChart({ ...chart, series: [] })).toThrow(/has no points/)
  })
})
