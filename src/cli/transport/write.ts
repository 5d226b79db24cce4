import { writeFile } from 'node:fs/promises'
import {
  type GridMeasures,
  planRows,
  type SinkhornResult,
  type SparseRow,
  sparsePlanRows,
} from '../../transport/index.js'

/** Entries of a plan below this part of all mass are not written. */
export const SMALLEST_MASS = 1e-9
/** A plan between grids is looked through pair by pair. */
const MOST_PAIRS = 1e9
/** Characters that are written at once. */
const PIECE = 1 << 16

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

/** What a file has of the plan. */
export interface WrittenPlan {
  readonly entries: number
  /** Part of all mass that the entries have. */
  readonly share: number
}

/** @throws Error if the plan has too many pairs */
export async function writePlan(
  file: string,
  measures: GridMeasures,
  result: SinkhornResult,
): Promise<WrittenPlan> {
  const { axes, a, b } = measures
  if (axes.length > 1 && a.length * b.length > MOST_PAIRS)
    throw new Error(
      `${file}: a plan of ${a.length} × ${b.length} pairs is too long to be written; --potentials writes what gives it`,
    )
  const total = Array.from(a).reduce((sum, weight) => sum + weight, 0)
  const [from, to] = [coordinates(axes.map(({ x }) => x)), coordinates(axes.map(({ y }) => y))]
  let entries = 0
  let mass = 0
  const rows = function* () {
    yield `${heading('from_', axes.length)},${heading('to_', axes.length)},mass\n`
    for (const { row, columns, masses } of largeEntries(measures, result, SMALLEST_MASS * total)) {
      entries += columns.length
      const start = from(row)
      for (let k = 0; k < columns.length; k++) {
        mass += masses[k]
        yield `${start},${to(columns[k])},${masses[k]}\n`
      }
    }
  }
  await writeFile(file, joined(rows()))
  return { entries, share: mass / total }
}

function* largeEntries(measures: GridMeasures, result: SinkhornResult, least: number): Generator<SparseRow> {
  const { axes, a, b } = measures
  if (axes.length === 1) return yield* sparsePlanRows({ ...axes[0], a, b }, result, least)
  let row = 0
  for (const all of planRows(measures, result)) {
    const columns = Uint32Array.from(all.keys()).filter((j) => all[j] >= least)
    yield { row, columns, masses: Float64Array.from(columns, (j) => all[j]) }
    row++
  }
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
  await writeFile(file, joined(rows()))
}

/** Lines in pieces that are worth a system call each. */
function* joined(lines: Iterable<string>): Generator<string> {
  let piece = ''
  for (const line of lines) {
    piece += line
    if (piece.length < PIECE) continue
    yield piece
    piece = ''
  }
  yield piece
}
