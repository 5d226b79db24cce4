/**
 * The one table of ggml tensor types (ggml/include/ggml.h `enum ggml_type`; sizes: ggml/src/ggml-common.h).
 * Sizes are known for unsupported types too, because tensor ranges are checked when a file is opened and
 * `inspect` shows every file. A block is `blockSize` consecutive weights of one row in `blockBytes` bytes.
 */
export interface TensorType {
  readonly id: number
  readonly name: TensorTypeName
  /** Weights in a block; row lengths are multiples of it. */
  readonly blockSize: number
  readonly blockBytes: number
  /** float: the numbers themselves. codes: small integers with scales, multiplied as stored. */
  readonly kind: 'float' | 'codes' | 'unsupported'
}

/** Number formats kept as they are. */
export type FloatTypeName = 'F32' | 'F16' | 'BF16'
/** Formats with an integer-code view (see `decodeCodes`). */
export type CodeTypeName =
  | 'Q4_0'
  | 'Q4_1'
  | 'Q5_0'
  | 'Q5_1'
  | 'Q8_0'
  | 'Q2_K'
  | 'Q3_K'
  | 'Q4_K'
  | 'Q5_K'
  | 'Q6_K'
  | 'IQ4_NL'
  | 'IQ4_XS'
  | 'MXFP4'
  | 'NVFP4'
/** Formats that are recognised by name and size only. */
export type UnsupportedTypeName = (typeof UNSUPPORTED)[number][1]
export type TensorTypeName = FloatTypeName | CodeTypeName | UnsupportedTypeName

type Row<Name extends string = string> = readonly [
  id: number,
  name: Name,
  blockSize: number,
  blockBytes: number,
]

const FLOAT: readonly Row<FloatTypeName>[] = [
  [0, 'F32', 1, 4],
  [1, 'F16', 1, 2],
  [30, 'BF16', 1, 2],
]

const CODES: readonly Row<CodeTypeName>[] = [
  [2, 'Q4_0', 32, 18],
  [3, 'Q4_1', 32, 20],
  [6, 'Q5_0', 32, 22],
  [7, 'Q5_1', 32, 24],
  [8, 'Q8_0', 32, 34],
  [10, 'Q2_K', 256, 84],
  [11, 'Q3_K', 256, 110],
  [12, 'Q4_K', 256, 144],
  [13, 'Q5_K', 256, 176],
  [14, 'Q6_K', 256, 210],
  [20, 'IQ4_NL', 32, 18],
  [23, 'IQ4_XS', 256, 136],
  [39, 'MXFP4', 32, 17],
  [40, 'NVFP4', 64, 36],
]

// Ids 4 and 5 (Q4_2, Q4_3) were removed before GGUF existed. 31–33 and 36–38 are repacked layouts that ggml has
// removed since; files with them exist.
const UNSUPPORTED = [
  [9, 'Q8_1', 32, 36],
  [15, 'Q8_K', 256, 292],
  [16, 'IQ2_XXS', 256, 66],
  [17, 'IQ2_XS', 256, 74],
  [18, 'IQ3_XXS', 256, 98],
  [19, 'IQ1_S', 256, 50],
  [21, 'IQ3_S', 256, 110],
  [22, 'IQ2_S', 256, 82],
  [24, 'I8', 1, 1],
  [25, 'I16', 1, 2],
  [26, 'I32', 1, 4],
  [27, 'I64', 1, 8],
  [28, 'F64', 1, 8],
  [29, 'IQ1_M', 256, 56],
  [31, 'Q4_0_4_4', 32, 18],
  [32, 'Q4_0_4_8', 32, 18],
  [33, 'Q4_0_8_8', 32, 18],
  [34, 'TQ1_0', 256, 54],
  [35, 'TQ2_0', 256, 66],
  [36, 'IQ4_NL_4_4', 32, 18],
  [37, 'IQ4_NL_4_8', 32, 18],
  [38, 'IQ4_NL_8_8', 32, 18],
  [41, 'Q1_0', 128, 18],
] as const satisfies readonly Row[]

function rows(table: readonly Row<TensorTypeName>[], kind: TensorType['kind']): TensorType[] {
  return table.map(([id, name, blockSize, blockBytes]) => ({ id, name, blockSize, blockBytes, kind }))
}

/** Every known type, by id. */
export const TENSOR_TYPES: readonly TensorType[] = [
  ...rows(FLOAT, 'float'),
  ...rows(CODES, 'codes'),
  ...rows(UNSUPPORTED, 'unsupported'),
].sort((a, b) => a.id - b.id)

const byId = new Map(TENSOR_TYPES.map((type) => [type.id, type]))
const byName = new Map<string, TensorType>(TENSOR_TYPES.map((type) => [type.name, type]))

/** The type with that ggml id, or undefined when the id is unknown. */
export function tensorTypeById(id: number): TensorType | undefined {
  return byId.get(id)
}

/**
 * The type of that name.
 * @throws TypeError for a name that the table does not hold (a mistake of the caller, not of a file)
 */
export function tensorType(name: TensorTypeName): TensorType {
  const type = byName.get(name)
  if (type === undefined) throw new TypeError(`no tensor type is called ${JSON.stringify(name)}`)
  return type
}

/** Names of the types whose matrices can be used, for messages. */
export function supportedTypeNames(): string {
  return TENSOR_TYPES.filter((type) => type.kind !== 'unsupported')
    .map((type) => type.name)
    .join(', ')
}

/** Bytes of one row of `cols` weights; `cols` must be a multiple of the block size. */
export function rowByteLength(type: Pick<TensorType, 'blockSize' | 'blockBytes'>, cols: number): number {
  return (cols / type.blockSize) * type.blockBytes
}
