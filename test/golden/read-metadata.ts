import { existsSync, readFileSync } from 'node:fs'

/**
 * Metadata of a GGUF file (v2, v3), as plain values; the tensors are not looked at. Kept apart from
 * src/format, so that the tokenizer's tests rest on nothing but the tokenizer.
 */
export function readMetadata(path: URL): Map<string, unknown> {
  const bytes = readFileSync(path)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(0, false) !== 0x47475546) throw new Error(`${path} is not a GGUF file`)
  let at = 8
  const take = (size: number) => {
    at += size
    return at - size
  }
  const u64 = () => Number(view.getBigUint64(take(8), true))
  const text = () => {
    const length = u64()
    return bytes.toString('utf8', take(length), at)
  }
  const array = () => {
    const type = view.getUint32(take(4), true)
    return Array.from({ length: u64() }, () => value(type))
  }
  const value = (type: number): unknown => {
    switch (type) {
      case 0:
        return view.getUint8(take(1))
      case 1:
        return view.getInt8(take(1))
      case 2:
        return view.getUint16(take(2), true)
      case 3:
        return view.getInt16(take(2), true)
      case 4:
        return view.getUint32(take(4), true)
      case 5:
        return view.getInt32(take(4), true)
      case 6:
        return view.getFloat32(take(4), true)
      case 7:
        return view.getUint8(take(1)) !== 0
      case 8:
        return text()
      case 9:
        return array()
      case 10:
        return view.getBigUint64(take(8), true)
      case 11:
        return view.getBigInt64(take(8), true)
      case 12:
        return view.getFloat64(take(8), true)
      default:
        throw new Error(`${path}: unknown GGUF value type ${type}`)
    }
  }
  const tensors = u64()
  const entries = u64()
  if (tensors < 0) throw new Error(`${path} is damaged`)
  return new Map(Array.from({ length: entries }, () => [text(), value(view.getUint32(take(4), true))]))
}

/** The project's shared test data: always there in CI, where a test that lacks it must fail. */
export const sharedData = new URL('../../../shared/data/', import.meta.url)
export const skipWithoutData = !process.env.CI && !existsSync(sharedData)
