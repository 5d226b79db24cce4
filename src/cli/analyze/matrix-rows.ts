import { dequantize, type GgufFile, type MatrixTypeName } from '../../format/index.js'

/** Rows of a model's matrix as numbers, [rows · cols]. */
export interface MatrixRows {
  readonly type: MatrixTypeName
  readonly rows: number
  readonly cols: number
  readonly weights: Float64Array
}

/**
 * Reads a matrix, or of a larger one so many rows, evenly spread.
 * @throws FormatError if there is none of that name or the file fails
 */
export async function readMatrixRows(file: GgufFile, name: string, most: number): Promise<MatrixRows> {
  const matrix = file.matrix(name)
  const { type, cols, rowBytes } = matrix
  const rows = Math.min(most, matrix.rows)
  const bytes = new Uint8Array(rows * rowBytes)
  for (let i = 0; i < rows; i++) {
    const row = Math.floor((i * matrix.rows) / rows)
    await matrix.readRows(row, row + 1, bytes.subarray(i * rowBytes))
  }
  return { type, rows, cols, weights: dequantize(type, bytes, rows, cols, { file: file.name, name }) }
}
