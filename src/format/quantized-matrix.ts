import { FormatError } from './error.js'
import { type ByteSource, MemorySource } from './source.js'
import {
  type CodeTypeName,
  type FloatTypeName,
  rowByteLength,
  supportedTypeNames,
  type TensorTypeName,
  tensorType,
} from './tensor-types.js'

/** Types whose matrices can be used. */
export type MatrixTypeName = FloatTypeName | CodeTypeName

/**
 * A weight matrix [rows, cols] as its file stores it, row-major, read in pieces: a backend packs it chunk by chunk
 * into its own layout without holding the file twice.
 */
export interface QuantizedMatrix {
  readonly name: string
  readonly type: MatrixTypeName
  readonly rows: number
  readonly cols: number
  readonly rowBytes: number
  /** rows · rowBytes. */
  readonly byteLength: number
  /**
   * The stored bytes of rows begin … end − 1, (end − begin) · rowBytes of them.
   * @param into buffer to use, at least that long; the result is its beginning
   * @throws RangeError for rows that do not exist or a short buffer; FormatError when the file fails
   */
  readRows(begin: number, end: number, into?: Uint8Array): Promise<Uint8Array>
}

/** A matrix whose bytes start at `offset` of a source; the range has been checked. */
export class SourceMatrix implements QuantizedMatrix {
  readonly name: string
  readonly type: MatrixTypeName
  readonly rows: number
  readonly cols: number
  readonly rowBytes: number
  readonly byteLength: number
  readonly #source: ByteSource
  readonly #offset: number

  constructor(
    source: ByteSource,
    offset: number,
    name: string,
    type: MatrixTypeName,
    rows: number,
    cols: number,
  ) {
    this.name = name
    this.type = type
    this.rows = rows
    this.cols = cols
    this.rowBytes = rowByteLength(tensorType(type), cols)
    this.byteLength = rows * this.rowBytes
    this.#source = source
    this.#offset = offset
  }

  async readRows(begin: number, end: number, into?: Uint8Array): Promise<Uint8Array> {
    const whole = Number.isInteger(begin) && Number.isInteger(end)
    if (!whole || begin < 0 || end < begin || end > this.rows) {
      throw new RangeError(`${this.name}: rows ${begin} to ${end} of ${this.rows} do not exist`)
    }
    const length = (end - begin) * this.rowBytes
    if (into !== undefined && into.byteLength < length) {
      throw new RangeError(`${this.name}: ${length} bytes do not fit a buffer of ${into.byteLength}`)
    }
    const target = into?.subarray(0, length) ?? new Uint8Array(length)
    await this.#source.read(this.#offset + begin * this.rowBytes, target)
    return target
  }
}

/**
 * A matrix over bytes in memory, laid out as in a GGUF file; they are not copied.
 * @throws FormatError when the type is unsupported or the byte count is not that of the shape
 */
export function quantizedMatrixFromBytes(
  name: string,
  type: TensorTypeName,
  rows: number,
  cols: number,
  bytes: Uint8Array,
): QuantizedMatrix {
  const usable = matrixType(name, name, type)
  checkByteLength(name, usable, bytes.byteLength, rows, cols)
  return new SourceMatrix(new MemorySource(bytes, name), 0, name, usable, rows, cols)
}

/** Narrows a type name to the supported ones, or throws a FormatError that lists them. */
export function matrixType(file: string, name: string, type: TensorTypeName): MatrixTypeName {
  if (isMatrixType(type)) return type
  throw new FormatError(
    file,
    `tensor ${JSON.stringify(name)} is ${type}, which is not supported; take a file with ${supportedTypeNames()}`,
  )
}

function isMatrixType(type: TensorTypeName): type is MatrixTypeName {
  return tensorType(type).kind !== 'unsupported'
}

/** Throws unless `byteLength` is what a [rows, cols] matrix of the type takes. */
export function checkByteLength(
  name: string,
  typeName: MatrixTypeName,
  byteLength: number,
  rows: number,
  cols: number,
): void {
  const type = tensorType(typeName)
  if (!(Number.isInteger(rows) && Number.isInteger(cols) && rows > 0 && cols > 0)) {
    throw new FormatError(name, `a matrix of ${rows} × ${cols} is impossible`)
  }
  if (cols % type.blockSize !== 0) {
    throw new FormatError(
      name,
      `rows of ${cols} weights are not whole ${typeName} blocks of ${type.blockSize}`,
    )
  }
  const expected = rows * rowByteLength(type, cols)
  if (byteLength !== expected) {
    throw new FormatError(
      name,
      `${rows} × ${cols} ${typeName} weights take ${expected} bytes, not ${byteLength}`,
    )
  }
}
