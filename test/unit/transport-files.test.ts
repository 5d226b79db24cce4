import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readMeasure } from '../../src/cli/transport/read.js'

const folder = mkdtempSync(join(tmpdir(), 'multiscale-measures-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (content: string) => {
  writeFileSync(join(folder, 'bad.csv'), content)
  return join(folder, 'bad.csv')
}

describe('files of measures', () => {
  test.each([
    ['a word', '1,2\n3,abc\n', /bad\.csv:2: "abc" is no finite number/],
    ['an empty cell', '1,2\n\n3,\n', /bad\.csv:3: "" is no finite number/],
    ['an infinite number', 'x,w\n1e999,1\n', /bad\.csv:2: "1e999" is no finite number/],
    ['a negative weight', '1,2\n2,-0.5\n', /bad\.csv:2: the weight -0\.5 is below 0/],
    ['another number of columns', '# x\n1,2\n2\n', /bad\.csv:3: 1 columns, but 2 in line 2/],
    [
      'too many columns',
      '1,2,3,4,5\n',
      /bad\.csv:1: 5 columns; there are at most three coordinates and a weight/,
    ],
    ['nothing', 'x,weight\n', /bad\.csv: there are no numbers in it/],
    [
      'no grid',
      Array.from({ length: 9000 }, (_, i) => `${i} ${-i} 1\n`).join(''),
      /bad\.csv: 9000 rows on no grid/,
    ],
  ])('an error for %s', async (_, content, message) => {
    await expect(readMeasure(file(content))).rejects.toThrow(message)
  })

  test('separators, a byte order mark, a heading, remarks', async () => {
    const { axes, weights } = await readMeasure(file('\uFEFFx;w\r\n# remark\r\n 2 ; 1e-3\r\n\r\n1\t0\r\n'))
    expect(axes.map((axis) => Array.from(axis))).toEqual([[2, 1]])
    expect(Array.from(weights)).toEqual([1e-3, 0])
  })

  test('a grid in any order, with cells left out and given twice', async () => {
    const { axes, weights } = await readMeasure(file('5 1 0.5\n-2 3 1\n5 1 0.25\n'))
    expect(axes.map((axis) => Array.from(axis))).toEqual([
      [-2, 5],
      [1, 3],
    ])
    expect(Array.from(weights)).toEqual([0, 1, 0.75, 0])
  })
})
