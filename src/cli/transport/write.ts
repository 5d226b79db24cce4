import { writeFile } from 'node:fs/promises'
import { type GridMeasures, planRows, type SinkhornResult, sparsePlanRows } from '../../transport/index.js'

/** Entries of a plan below this part of all mass are not written. */
export const SMALLEST_MASS = 1e-9
/** A plan between grids is looked through pair by pair. */
const MOST_PAIRS = 1e9

const LETTERS = ['x', 'y', 'z']

/** Coordinates of every point, as cells of a CSV row. */
function coordinates(axes: readonly ArrayLike<number>[]): (i: number) => string {
  return (i) => {
    const cells = []
    for (let k = axes.length - 1, rest = i; k >= 0; k--) {
      cells.unshift(axes[k][rest % axes[k].length])
      rest = Math.floor(rest / axes[k].length)
    }
    return cells.join(',')
  }
}

const heading = (prefix: string, dimensions: number) =>
  LETTERS.slice(0, dimensions)
    .map((letter) => prefix + letter)
    .join(',')

/** @throws Error if the plan has too many pairs */
export async function writePlan(file: string, measures: GridMeasures, result: SinkhornResult): Promise<void> {
  const { axes, a, b } = measures
  if (axes.length > 1 && a.length * b.length > MOST_PAIRS)
    throw new Error(
      `${file}: a plan of ${a.length} × ${b.length} pairs is too long to be written; --potentials writes what gives it`,
    )
  const least = SMALLEST_MASS * Array.from(a).reduce((sum, weight) => sum + weight, 0)
  const [from, to] = [coordinates(axes.map(({ x }) => x)), coordinates(axes.map(({ y }) => y))]
  const rows = function* () {
    yield `${heading('from_', axes.length)},${heading('to_', axes.length)},mass\n`
    if (axes.length === 1) {
      for (const { row, columns, masses } of sparsePlanRows({ ...axes[0], a, b }, result, least))
        yield Array.from(columns, (j, k) => `${from(row)},${to(j)},${masses[k]}\n`).join('')
      return
    }
    let row = 0
    for (const masses of planRows(measures, result)) {
      let text = ''
      for (let j = 0; j < masses.length; j++)
        if (masses[j] >= least) text += `${from(row)},${to(j)},${masses[j]}\n`
      yield text
      row++
    }
  }
  await writeFile(file, rows())
}

export async function writePotentials(
  file: string,
  { axes, a, b }: GridMeasures,
  { f, g }: SinkhornResult,
): Promise<void> {
  const sides = [
    { side: 'a', place: coordinates(axes.map(({ x }) => x)), weights: a, potentials: f },
    { side: 'b', place: coordinates(axes.map(({ y }) => y)), weights: b, potentials: g },
  ]
  const rows = function* () {
    yield `side,${heading('', axes.length)},weight,potential\n`
    for (const { side, place, weights, potentials } of sides)
      for (let i = 0; i < weights.length; i++) yield `${side},${place(i)},${weights[i]},${potentials[i]}\n`
  }
  await writeFile(file, rows())
}
