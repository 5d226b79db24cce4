import { FormatError } from './error.js'

/**
 * No header is longer: Llama 3's, with 128 k tokens and 280 k merges, takes 8 MB. The limit keeps a hostile header
 * of a large file from claiming memory for itself.
 */
const MAX_HEADER_BYTES = 128 * 2 ** 20
/** Longest single string; the longest real ones are chat templates of some 10 kB. */
const MAX_STRING_BYTES = 64 * 2 ** 20

/** Thrown by a cursor that has to look past its buffer: `end` is the file offset it must hold up to. */
export class NeedBytes {
  readonly end: number
  constructor(end: number) {
    this.end = end
  }
}

/**
 * Reads little-endian values from the growing prefix of a file. Every length is compared with the file's size
 * before anything is allocated for it; what is not inside the file is a FormatError, what is not in the buffer
 * yet throws NeedBytes.
 */
export class HeaderCursor {
  readonly file: string
  readonly size: number
  /** Offset of the next byte. */
  position = 0
  /** What is being read, for messages. */
  subject = 'the header'
  #bytes = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  /** @param file name for messages @param size bytes of the whole file */
  constructor(file: string, size: number) {
    this.file = file
    this.size = size
  }

  /** Replaces the buffer by a longer prefix of the same file. */
  extend(prefix: Uint8Array<ArrayBuffer>): void {
    this.#bytes = prefix
    this.#view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength)
  }

  fail(problem: string): never {
    throw new FormatError(this.file, `${this.subject} (offset ${this.position}): ${problem}`)
  }

  /** Passes over `length` bytes and returns where they start. */
  take(length: number): number {
    const start = this.position
    this.#require(start + length)
    this.position = start + length
    return start
  }

  u8(): number {
    return this.#view.getUint8(this.take(1))
  }

  i8(): number {
    return this.#view.getInt8(this.take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.take(2), true)
  }

  i16(): number {
    return this.#view.getInt16(this.take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.take(4), true)
  }

  i32(): number {
    return this.#view.getInt32(this.take(4), true)
  }

  f32(): number {
    return this.#view.getFloat32(this.take(4), true)
  }

  f64(): number {
    return this.#view.getFloat64(this.take(8), true)
  }

  u64(): number | bigint {
    return narrow(this.#view.getBigUint64(this.take(8), true))
  }

  i64(): number | bigint {
    return narrow(this.#view.getBigInt64(this.take(8), true))
  }

  /** One byte, 0 or 1. */
  bool(): boolean {
    const value = this.u8()
    if (value > 1) this.fail(`a boolean is 0 or 1, not ${value}; the file is damaged`)
    return value === 1
  }

  /** A u64 count of things that take at least `minBytes` each, so that the rest of the file bounds it. */
  count(what: string, minBytes: number, max = Number.POSITIVE_INFINITY): number {
    const start = this.take(8)
    const count = this.#length(start)
    const left = this.size - this.position
    if (count > max || count * minBytes > left) {
      this.position = start
      const limit = count > max ? `at most ${max} are possible` : `${left} bytes are left`
      this.fail(`claims ${count} ${what}, but ${limit}; the file is damaged or truncated`)
    }
    return count
  }

  string(): string {
    const start = this.#stringStart()
    return this.#decode(this.#bytes.subarray(start, this.position))
  }

  /**
   * `count` strings. They are decoded as one text and then cut, which for the vocabularies that fill a header is
   * twice as fast as decoding each. All are valid UTF-8 exactly when the joined bytes are and none starts with a
   * continuation byte (a character split between two strings).
   */
  strings(count: number): string[] {
    const first = this.position
    let total = 0
    for (let i = 0; i < count; i++) {
      const start = this.#stringStart()
      total += this.position - start
    }
    if (total > MAX_HEADER_BYTES) this.fail('the strings are too long')
    this.position = first
    const joined = new Uint8Array(total)
    const ends = new Uint32Array(count)
    const bytes = this.#bytes
    let length = 0
    let units = 0 // UTF-16 units so far
    for (let i = 0; i < count; i++) {
      const start = this.#stringStart()
      if (start < this.position && isContinuation(bytes[start]!)) {
        this.fail(`string ${i} is not valid UTF-8; the file is damaged`)
      }
      for (let j = start; j < this.position; j++) {
        const byte = bytes[j]!
        joined[length++] = byte
        if (!isContinuation(byte)) units += byte >= 0xf0 ? 2 : 1
      }
      ends[i] = units
    }
    const text = this.#decode(joined)
    let start = 0
    return Array.from(ends, (end) => {
      const piece = text.slice(start, end)
      start = end
      return piece
    })
  }

  /** A copy of the next `length` bytes, aligned for any typed array. */
  copy(length: number): ArrayBuffer {
    const start = this.take(length)
    return this.#bytes.slice(start, start + length).buffer
  }

  /** Passes over a string's length and bytes; returns where the bytes start. */
  #stringStart(): number {
    const at = this.take(8)
    const length = this.#length(at)
    if (length > MAX_STRING_BYTES || length > this.size - this.position) {
      this.position = at
      this.fail(`claims a string of ${length} bytes; the file is damaged or truncated`)
    }
    return this.take(length)
  }

  /** The u64 at `at`, rounded where it passes 2^53: enough to be compared with a file size. */
  #length(at: number): number {
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true)
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#utf8.decode(bytes)
    } catch {
      this.fail('is not valid UTF-8; the file is damaged')
    }
  }

  #require(end: number): void {
    if (end <= this.#bytes.byteLength) return
    if (end > this.size) this.fail(`truncated: the file ends at ${this.size}; download it again`)
    if (end > MAX_HEADER_BYTES) this.fail(`the header is longer than ${MAX_HEADER_BYTES} bytes`)
    throw new NeedBytes(end)
  }
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
