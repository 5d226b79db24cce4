import { readFile } from 'node:fs/promises'

/** A measure on a tensor-product grid, with the file that it came from; on a line there is one axis. */
export interface FileMeasure {
  readonly file: string
  readonly axes: readonly Float64Array[]
  /** Row-major. */
  readonly weights: Float64Array
}

interface Row {
  readonly line: number
  readonly numbers: readonly number[]
}

/** More cells would not fit into memory with what is computed on them. */
const MOST_CELLS = 2 ** 26

/**
 * Points with weights: `x` or `x,weight` on a line, `x,y,weight` and `x,y,z,weight` on grids, whose missing cells weigh nothing.
 * @throws Error that names file and line
 */
export async function readMeasure(file: string): Promise<FileMeasure> {
  const rows = await readRows(file)
  const columns = rows[0].numbers.length
  if (columns > 4)
    throw new Error(
      `${file}:${rows[0].line}: ${columns} columns; there are at most three coordinates and a weight`,
    )
  for (const { line, numbers } of rows)
    if (numbers.length !== columns)
      throw new Error(`${file}:${line}: ${numbers.length} columns, but ${columns} in line ${rows[0].line}`)
  for (const row of rows) if (columns > 1) checkWeight(file, row.line, row.numbers[columns - 1])
  if (columns <= 2) {
    const weights = Float64Array.from(rows, ({ numbers }) => numbers[1] ?? 1)
    return { file, axes: [Float64Array.from(rows, ({ numbers }) => numbers[0])], weights }
  }
  return gridOf(file, rows, columns - 1)
}

function gridOf(file: string, rows: readonly Row[], dimensions: number): FileMeasure {
  const axes = Array.from({ length: dimensions }, (_, k) =>
    Float64Array.from(new Set(rows.map(({ numbers }) => numbers[k]))).sort(),
  )
  const cells = axes.reduce((all, { length }) => all * length, 1)
  if (cells > MOST_CELLS)
    throw new Error(
      `${file}: ${rows.length} rows on no grid: their coordinates would make one of ${axes.map(({ length }) => length).join(' × ')} points`,
    )
  const places = axes.map((axis) => new Map(Array.from(axis, (at, i) => [at, i])))
  const weights = new Float64Array(cells)
  for (const { numbers } of rows) {
    const cell = places.reduce((at, place, k) => at * axes[k].length + place.get(numbers[k])!, 0)
    weights[cell] += numbers[dimensions]
  }
  return { file, axes, weights }
}

/** The axes' coordinates, a line each. @throws Error that names file and line */
export async function readMesh(file: string): Promise<Float64Array[]> {
  const rows = await readRows(file)
  if (rows.length > 3)
    throw new Error(`${file}:${rows[3].line}: a fourth axis; a mesh has one line for each of one to three`)
  return rows.map(({ numbers }) => Float64Array.from(numbers))
}

/** Weights alone, in row-major order, as many a line as one likes. @throws Error that names file and line */
export async function readWeights(file: string, axes: readonly Float64Array[]): Promise<FileMeasure> {
  const rows = await readRows(file)
  for (const { line, numbers } of rows) for (const weight of numbers) checkWeight(file, line, weight)
  const weights = Float64Array.from(rows.flatMap(({ numbers }) => numbers))
  const cells = axes.reduce((all, { length }) => all * length, 1)
  if (weights.length !== cells)
    throw new Error(
      `${file}: ${weights.length} weights, but the mesh has ${axes.map(({ length }) => length).join(' × ')} points`,
    )
  return { file, axes, weights }
}

function checkWeight(file: string, line: number, weight: number): void {
  if (weight < 0) throw new Error(`${file}:${line}: the weight ${weight} is below 0`)
}

/** Numbers between commas, semicolons or blanks; a heading, empty lines and lines that begin with # are left out. */
async function readRows(file: string): Promise<Row[]> {
  const rows: Row[] = []
  let mayBeHeading = true
  for (const [i, text] of (await readFile(file, 'utf8')).split(/\r?\n/).entries()) {
    const trimmed = text.replace(/^\uFEFF/, '').trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const cells = trimmed.split(/\s*[,;]\s*|\s+/)
    const numbers = cells.map((cell) => (cell === '' ? Number.NaN : Number(cell)))
    const isHeading = mayBeHeading && numbers.every(Number.isNaN)
    mayBeHeading = false
    if (isHeading) continue
    const wrong = numbers.findIndex((number) => !Number.isFinite(number))
    if (wrong >= 0) throw new Error(`${file}:${i + 1}: ${JSON.stringify(cells[wrong])} is no finite number`)
    rows.push({ line: i + 1, numbers })
  }
  if (rows.length === 0) throw new Error(`${file}: there are no numbers in it`)
  return rows
}
