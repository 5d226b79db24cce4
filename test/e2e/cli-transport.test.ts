import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exactW1 } from '../../src/transport/index.js'
import { expectFailure, interrupted, multiscale } from '../helpers/cli.js'
import { normalized } from '../helpers/transport.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-transport-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)
const file = (name: string, content: string) => {
  writeFileSync(path(name), content)
  return path(name)
}
const written = (name: string) =>
  readFileSync(path(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => row.split(','))

const X = Array.from({ length: 50 }, (_, i) => ((i * 37) % 50) / 50)
const [A, B] = [0.3, 0.7].map((centre) => normalized(X.map((at) => Math.exp(-20 * (at - centre) ** 2))))
const csv = (weights: readonly number[], heading = '') =>
  heading + X.map((at, i) => `${at},${weights[i]}\n`).join('')
const EXACT = exactW1({ x: X, a: A, y: X, b: B })

describe('measures on a line', () => {
  test('cost, exact value, plan, potentials and a drawing', async () => {
    const [a, b] = [file('a.csv', csv(A, 'x,weight\n')), file('b.csv', csv(B, '# comment\n\n'))]
    const outputs = [
      '--plan',
      path('plan.csv'),
      '--potentials',
      path('potentials.csv'),
      '--svg',
      path('moved.svg'),
    ]
    const { status, stdout, stderr } = await multiscale([
      'transport',
      a,
      b,
      '--eps',
      '0.02',
      '--json',
      ...outputs,
    ])
    expect([status, stderr]).toEqual([0, ''])
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      dimensions: 1,
      points: [50, 50],
      epsilon: 0.02,
      converged: true,
      exact: EXACT,
    })
    expect(report.cost).toBeGreaterThan(EXACT - report.marginalError)
    expect(report.cost).toBeLessThan(1.01 * EXACT)

    const [heading, ...plan] = written('plan.csv')
    expect(heading).toEqual(['from_x', 'to_x', 'mass'])
    expect(report.plan.entries).toBe(plan.length)
    // As below: of 50 rows.
    expect(Math.abs(report.plan.share - 1)).toBeLessThan(50 * 50e-9)
    const sent = new Map<number, number>()
    for (const [from, , mass] of plan) sent.set(Number(from), (sent.get(Number(from)) ?? 0) + Number(mass))
    // What is not written is below 1e-9 an entry, of 50 in a row.
    X.forEach((at, i) => {
      expect(Math.abs((sent.get(at) ?? 0) - A[i])).toBeLessThan(50e-9)
    })
    const [, ...potentials] = written('potentials.csv')
    expect(potentials.map(([side]) => side)).toEqual([...X.map(() => 'a'), ...X.map(() => 'b')])
    expect(potentials.map(([, at]) => Number(at))).toEqual([...X, ...X])
    const drawing = readFileSync(path('moved.svg'), 'utf8')
    expect(drawing.match(/<svg /g)).toHaveLength(3)
    expect(drawing.match(/<\/svg>/g)).toHaveLength(3)
    expect(drawing).toContain('Transport of a.csv to b.csv')
    expect(drawing).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('a table, by default at a hundredth of the largest distance', async () => {
    const [a, b] = [file('a.csv', csv(A)), file('b.csv', csv(B))]
    const { status, stdout, stderr } = await multiscale(['transport', a, b])
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^points {2}50 and 50\nmass .*\ncost .*ε = 0\.00980\nexact .*\nerror .*\nwork {4}\d+ iterations, /,
    )
  })

  test('--exact alone; a file of points; --normalize', async () => {
    const [a, b] = [file('three.csv', '3\n1\n2\n'), file('one.csv', '0;2\n')]
    const { stdout } = await multiscale(['transport', a, b, '--normalize', '--exact'])
    // (1 + 2 + 3) / 3 in four roundings of numbers up to 2.
    expect(Math.abs(Number(stdout) - 2)).toBeLessThan(8 * 2 ** -52)
    const json = JSON.parse(
      (await multiscale(['transport', a, b, '--normalize', '--exact', '--json'])).stdout,
    )
    expect(json).toMatchObject({ dimensions: 1, points: [3, 1], exact: Number(stdout) })
    expectFailure(
      await multiscale(['transport', a, b]),
      /weights of .*three\.csv add up to 3, those of .*one\.csv to 2; --normalize divides/,
    )
  })

  test('says when it did not converge, and when ε is too small', async () => {
    const [a, b] = [file('a.csv', csv(A)), file('b.csv', csv(B))]
    const stopped = await multiscale(['transport', a, b, '--max-iterations', '3', '--json'])
    expect(stopped.stderr).toMatch(/^multiscale: not converged: after 3 iterations, .*--max-iterations/)
    expect(JSON.parse(stopped.stdout)).toMatchObject({ iterations: 3, converged: false })
    const small = await multiscale(['transport', a, a, '--eps', '1e-300', '--tolerance', '0.1'])
    expect(small.stderr).toMatch(/ε = 1e-300 is too small for numbers to tell; 8\.91e-13 is taken/)
  })
})

describe('measures on grids', () => {
  test('rows in any order, cells left out', async () => {
    const [a, b] = [file('p.csv', '1 1 0.5\n0 0 0.5\n'), file('q.csv', '0,1,0.25\n1,0,0.5\n0,1,0.25\n')]
    const outputs = ['--plan', path('grid.csv'), '--potentials', path('grid-potentials.csv')]
    const { status, stdout } = await multiscale(['transport', a, b, '--eps', '0.01', '--json', ...outputs])
    expect(status).toBe(0)
    const { cost, ...report } = JSON.parse(stdout)
    expect(report).toMatchObject({ dimensions: 2, points: [4, 4], exact: null, converged: true })
    // Each half is 1 from either place; nothing else has weight.
    expect(Math.abs(cost - 1)).toBeLessThanOrEqual(2 * report.marginalError + 16 * 2 ** -52)
    const [heading, ...plan] = written('grid.csv')
    expect(heading).toEqual(['from_x', 'from_y', 'to_x', 'to_y', 'mass'])
    expect(plan.map((row) => row.slice(0, 4).join(' '))).toEqual(['0 0 0 1', '0 0 1 0', '1 1 0 1', '1 1 1 0'])
    expect(written('grid-potentials.csv')).toContainEqual(['a', '0', '1', '0', '-Infinity'])
  })

  test('--mesh gives the coordinates', async () => {
    const mesh = file('mesh.csv', '0,1,3\n2\n0,10\n')
    const [a, b] = [file('v.csv', '1 0 0\n0 0 0'), file('w.csv', '0\n0\n0\n0\n0\n1\n')]
    const { stdout } = await multiscale(['transport', a, b, '--mesh', mesh, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ dimensions: 3, points: [6, 6], cost: 13 })
    expectFailure(await multiscale(['transport', a, a, '--mesh', b]), /w\.csv:4: a fourth axis/)
    const three = file('three.csv', '1,2,3')
    expectFailure(
      await multiscale(['transport', a, three, '--mesh', mesh]),
      /three\.csv: 3 weights, but the mesh has 3 × 1 × 2/,
    )
  })

  test('refuse what is for a line', async () => {
    const grid = file('p.csv', '0 0 1\n')
    expectFailure(await multiscale(['transport', grid, grid, '--exact']), '--exact is for measures on a line')
    expectFailure(
      await multiscale(['transport', grid, grid, '--svg', path('no.svg')]),
      '--svg is for measures on a line',
    )
    expectFailure(
      await multiscale(['transport', grid, file('a.csv', csv(A))]),
      /p\.csv has 2 coordinates a point, .*a\.csv has 1/,
    )
  })
})

describe('errors', () => {
  test('name file and line', async () => {
    const bad = file('bad.csv', '1,2\n3,abc\n')
    expectFailure(
      await multiscale(['transport', file('a.csv', csv(A)), bad]),
      `${bad}:2: "abc" is no finite number`,
    )
  })

  test('no file, and options out of range', async () => {
    const a = file('a.csv', csv(A))
    expectFailure(await multiscale(['transport', a, path('none.csv')]), /no such file.*none\.csv/)
    expectFailure(await multiscale(['transport', a, a, '--eps', '0']), /epsilon must be above 0/)
    expect((await multiscale(['transport', a, a, '--exact', '--eps', '1'])).status).toBe(1)
  })
})

test('Ctrl-C ends with 130, at once', async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `${i},${1 + ((i * 7919) % 13)}\n`)
  const [a, b] = [
    file('many.csv', many.join('')),
    file('reverse.csv', many.map((row, i) => row.replace(/,\d+/, `,${1 + (i % 3)}`)).join('')),
  ]
  const flags = ['--normalize', '--eps', '1', '--tolerance', '1e-12', '--max-iterations', '1000000', '--json']
  expect(await interrupted(['transport', a, b, ...flags])).toMatchObject({
    status: 130,
    signal: null,
    stdout: '',
  })
})
