import { FormatError, quote } from './error.js'
import { rowByteLength, type TensorTypeName, tensorTypeById } from './tensor-types.js'

/** Where a tensor lies in its file, checked against the file's size. */
export interface TensorInfo {
  readonly name: string
  readonly type: TensorTypeName
  /** [rows, cols]: a row is contiguous. Vectors have one row; higher dimensions are joined into the rows. */
  readonly shape: readonly [rows: number, cols: number]
  /** As stored: the row length first, at most four. */
  readonly dims: readonly number[]
  /** Bytes from the start of the file. */
  readonly offset: number
  readonly byteLength: number
}

/** A tensor as the header declares it, nothing checked. */
export interface TensorDeclaration {
  readonly name: string
  readonly dims: readonly number[]
  readonly typeId: number
  /** Bytes from the start of the tensor data. */
  readonly offset: number
}

/**
 * Checks every declared tensor: a known type, dimensions whose product is exact, whole blocks in a row, an
 * aligned range inside the file, and no two ranges overlapping.
 * @param dataStart bytes from the start of the file to the tensor data
 * @throws FormatError naming the tensor
 */
export function resolveTensors(
  file: string,
  fileSize: number,
  declarations: readonly TensorDeclaration[],
  dataStart: number,
  alignment: number,
): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>()
  for (const declaration of declarations) {
    const info = resolve(file, declaration, dataStart, alignment)
    if (!(info.offset + info.byteLength <= fileSize)) {
      throw new FormatError(
        file,
        `tensor ${quote(info.name)} ends at byte ${info.offset + info.byteLength}, but the file has ${fileSize}; ` +
          'it is truncated or damaged: download it again',
      )
    }
    tensors.set(info.name, info)
  }
  const inOrder = [...tensors.values()].sort((a, b) => a.offset - b.offset)
  for (let i = 1; i < inOrder.length; i++) {
    const before = inOrder[i - 1]!
    const after = inOrder[i]!
    if (before.offset + before.byteLength > after.offset) {
      throw new FormatError(
        file,
        `tensors ${quote(before.name)} and ${quote(after.name)} overlap at byte ${after.offset}; the file is damaged`,
      )
    }
  }
  return tensors
}

function resolve(
  file: string,
  declared: TensorDeclaration,
  dataStart: number,
  alignment: number,
): TensorInfo {
  const { name, dims } = declared
  const fail = (problem: string): never => {
    throw new FormatError(file, `tensor ${quote(name)} ${problem}`)
  }
  const type =
    tensorTypeById(declared.typeId) ??
    fail(`has the unknown type ${declared.typeId}; the file is damaged or newer than this reader`)
  const shown = `[${dims.join(', ')}]`
  if (dims.includes(0)) fail(`has an empty dimension: ${shown}`)
  const cols = dims[0] ?? 1
  const rows = dims.slice(1).reduce((product, dim) => product * dim, 1)
  if (cols % type.blockSize !== 0) {
    fail(`has rows of ${cols} weights, which ${type.name} blocks of ${type.blockSize} do not divide`)
  }
  const byteLength = rows * rowByteLength(type, cols)
  // A product that passes 2^53 at any step stays above it, so one look at the end is enough.
  if (!Number.isSafeInteger(rows * cols) || !Number.isSafeInteger(byteLength)) {
    fail(`has impossible dimensions: ${shown}; the file is damaged`)
  }
  if (declared.offset % alignment !== 0) {
    fail(`starts at ${declared.offset}, not a multiple of the alignment ${alignment}; the file is damaged`)
  }
  return { name, type: type.name, shape: [rows, cols], dims, offset: dataStart + declared.offset, byteLength }
}
