export { checkScales, decodeCodes, dequantize, type Place } from './decode.js'
export { FormatError } from './error.js'
export { GgufFile, type NumberArray, type OpenOptions, openGguf } from './gguf.js'
export type { GgufArray, GgufValue } from './gguf-header.js'
export type { TensorInfo } from './gguf-tensors.js'
export type { GgufWritable } from './gguf-writable.js'
export { type QuantizableTypeName, quantizeMatrix } from './quantize.js'
export { type MatrixTypeName, type QuantizedMatrix, quantizedMatrixFromBytes } from './quantized-matrix.js'
export { BlobSource, type ByteSource, type ByteSourceInput, MemorySource, openByteSource } from './source.js'
export {
  type GgufSummary,
  type MemoryPieces,
  type RopeSummary,
  summarizeGguf,
  type TypeShare,
} from './summary.js'
export {
  type CodeTypeName,
  type FloatTypeName,
  supportedTypeNames,
  TENSOR_TYPES,
  type TensorType,
  type TensorTypeName,
  tensorType,
  tensorTypeById,
} from './tensor-types.js'
export {
  type ByteSink,
  type GgufInput,
  type GgufTensorInput,
  ggufBytes,
  type WriteOptions,
  writeGguf,
} from './write-gguf.js'
