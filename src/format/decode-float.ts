import { bf16, fp16 } from '../dtype/index.js'
import type { FloatTypeName } from './tensor-types.js'

/**
 * Numbers of a float type as float32, exactly. The result of F32 may share the memory of `bytes`.
 * @param bytes whole little-endian numbers, at any alignment
 */
export function floatsFromBytes(type: FloatTypeName, bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  if (type === 'F32') return new Float32Array(buffer, byteOffset, byteLength / 4)
  const codes = new Uint16Array(buffer, byteOffset, byteLength / 2)
  return (type === 'F16' ? fp16 : bf16).decodeArray(codes)
}

/** The fp16 number at bytes[at], bytes[at + 1]. */
export function halfAt(bytes: Uint8Array, at: number): number {
  return fp16.decode(bytes[at]! | (bytes[at + 1]! << 8))
}
