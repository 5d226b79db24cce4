/** Pieces of a hand-made GGUF file, little-endian. */
export const u8 = (value: number): number[] => [value]
export const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255)
export const u64 = (value: number | bigint): number[] => {
  const big = BigInt(value)
  return [...u32(Number(big & 0xffffffffn)), ...u32(Number(big >> 32n))]
}
export const text = (value: string): number[] => {
  const bytes = [...new TextEncoder().encode(value)]
  return [...u64(bytes.length), ...bytes]
}
/** Magic, version and counts, then what is given. */
export const header = (tensors: number | bigint, pairs: number | bigint, ...rest: number[][]): Uint8Array =>
  Uint8Array.from([
    ...new TextEncoder().encode('GGUF'),
    ...u32(3),
    ...u64(tensors),
    ...u64(pairs),
    ...rest.flat(),
  ])
/** A tensor's declaration. */
export const tensor = (
  name: string,
  dims: readonly (number | bigint)[],
  type = 0,
  offset: number | bigint = 0,
): number[] => [...text(name), ...u32(dims.length), ...dims.flatMap(u64), ...u32(type), ...u64(offset)]
const zeros = (count: number): number[] => new Array(count).fill(0)
/** A key with a u32. */
const pair = (key: string, value: number): number[] => [...text(key), ...u32(4), ...u32(value)]
const ascii = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Files that must be refused: what is wrong, the bytes, and part of the message. */
export const HOSTILE: readonly (readonly [what: string, bytes: Uint8Array, message: string])[] = [
  ['nothing', new Uint8Array(0), 'is empty'],
  ['three bytes', ascii('GGU'), 'is empty or a few bytes long'],
  ['text', ascii('hello, world, this is no model'), 'starts with "hell"'],
  ['a Git LFS pointer', ascii('version https://git-lfs.github.com/spec/v1\n'), 'Git LFS pointer'],
  ['a web page', ascii('<!DOCTYPE html>'), 'looks like a web page'],
  ['a PyTorch checkpoint', ascii('PK\x03\x04……'), 'PyTorch'],
  ['a GGML file', ascii('tjgg\x03\0\0\0'), 'before GGUF'],
  ['the magic alone', ascii('GGUF'), 'truncated: the file ends at 4'],
  ['no counts', ascii('GGUF\x03\0\0\0\0\0\0'), 'truncated: the file ends at 11'],
  ['version 0', Uint8Array.from([...ascii('GGUF'), ...u32(0), ...zeros(16)]), 'is GGUF version 0'],
  ['version 1', Uint8Array.from([...ascii('GGUF'), ...u32(1), ...zeros(16)]), 'is GGUF version 1'],
  ['version 4', Uint8Array.from([...ascii('GGUF'), ...u32(4), ...zeros(16)]), 'is GGUF version 4'],
  ['big-endian', Uint8Array.from([...ascii('GGUF'), 0, 0, 0, 3, ...zeros(16)]), 'big-endian'],
  ['2^60 tensors', header(2n ** 60n, 0), 'the tensor count (offset 8): claims 1152921504606847000 tensors'],
  ['2^64 − 1 tensors', header(2n ** 64n - 1n, 0), 'tensors, but at most 1048576 are possible'],
  ['2^60 pairs', header(0, 2n ** 60n), 'the metadata count (offset 16): claims'],
  ['more pairs than bytes', header(0, 3, zeros(20)), 'claims 3 key-value pairs, but 20 bytes are left'],
  ['more tensors than bytes', header(9, 0, zeros(20)), 'claims 9 tensors, but 28 bytes are left'],
  [
    'a key of 2^60 bytes',
    header(0, 1, u64(2n ** 60n), zeros(9)),
    'metadata key 1 of 1 (offset 24): claims a string',
  ],
  ['a key past the end', header(0, 1, u64(100), zeros(9)), 'claims a string of 100 bytes'],
  [
    'a string value of 2^60 bytes',
    header(0, 1, text('k'), u32(8), u64(2n ** 60n)),
    'key "k" (offset 37): claims',
  ],
  [
    'an array of 2^60',
    header(0, 1, text('k'), u32(9), u32(4), u64(2n ** 60n)),
    'u32 elements, but 0 bytes are left',
  ],
  [
    'an array of 2^60 strings',
    header(0, 1, text('k'), u32(9), u32(8), u64(2n ** 60n)),
    'strings, but 0 bytes',
  ],
  [
    'an array string past the end',
    header(0, 1, text('k'), u32(9), u32(8), u64(1), u64(1)),
    'a string of 1 bytes',
  ],
  ['a nested array', header(0, 1, text('k'), u32(9), u32(9), u64(0)), 'arrays of arrays are not supported'],
  ['an unknown value type', header(0, 1, text('k'), u32(13), zeros(8)), 'unknown value type 13'],
  ['an unknown element type', header(0, 1, text('k'), u32(9), u32(99), u64(0)), 'unknown value type 99'],
  ['a boolean of 2', header(0, 1, text('k'), u32(7), u8(2)), 'a boolean is 0 or 1, not 2'],
  ['an array boolean of 2', header(0, 1, text('k'), u32(9), u32(7), u64(2), [1, 2]), 'other than 0 and 1'],
  ['a key twice', header(0, 2, pair('k', 1), pair('k', 2)), 'metadata key "k" (offset 50): occurs twice'],
  ['a key cut off', header(0, 1, text('some.key'), u32(4), [1, 2]), '"some.key" (offset 44): truncated'],
  ['a key that is not UTF-8', header(0, 1, u64(2), [0xc3, 0x28], u32(4), u32(1)), 'is not valid UTF-8'],
  ['a string that is not UTF-8', header(0, 1, text('k'), u32(8), u64(1), [0xff]), 'key "k"'],
  [
    'an array string that is not UTF-8',
    header(0, 1, text('k'), u32(9), u32(8), u64(1), u64(1), [0xff]),
    'is not valid UTF-8',
  ],
  [
    'a character split between two strings',
    header(0, 1, text('k'), u32(9), u32(8), u64(2), u64(1), [0xc3], u64(1), [0xa9]),
    'string 1 is not valid UTF-8',
  ],
  [
    'an alignment of 0',
    header(0, 1, pair('general.alignment', 0)),
    '"general.alignment" is not a power of two',
  ],
  [
    'an alignment of 48',
    header(0, 1, pair('general.alignment', 48)),
    '"general.alignment" is not a power of two',
  ],
  ['an alignment of 2^31', header(0, 1, pair('general.alignment', 2 ** 31)), 'not a power of two up to'],
  [
    'a text as alignment',
    header(0, 1, text('general.alignment'), u32(8), text('32')),
    'is not a power of two',
  ],
  [
    'an alignment of 2.5',
    header(0, 1, text('general.alignment'), u32(6), [0, 0, 0x20, 0x40]),
    'is not a power of two',
  ],
  ['five dimensions', header(1, 0, tensor('t', [1, 1, 1, 1, 1])), 'tensor "t" (offset 37): has 5 dimensions'],
  ['2^32 − 1 dimensions', header(1, 0, text('t'), u32(2 ** 32 - 1), zeros(20)), 'has 4294967295 dimensions'],
  ['a dimension of 2^63', header(1, 0, tensor('t', [2n ** 63n])), 'tensor "t" has impossible dimensions'],
  ['dimensions that overflow', header(1, 0, tensor('t', [2 ** 32, 2 ** 32])), 'has impossible dimensions'],
  [
    'dimensions whose product is 2^64',
    header(1, 0, tensor('t', [2 ** 16, 2 ** 16, 2 ** 16, 2 ** 16])),
    'impossible',
  ],
  ['an empty dimension', header(1, 0, tensor('t', [4, 0]), zeros(64)), 'has an empty dimension: [4, 0]'],
  [
    'an unknown tensor type',
    header(1, 0, tensor('t', [4], 77), zeros(64)),
    'tensor "t" has the unknown type 77',
  ],
  [
    'half a block',
    header(1, 0, tensor('t', [48], 2), zeros(64)),
    'rows of 48 weights, which Q4_0 blocks of 32',
  ],
  [
    'data past the end',
    header(1, 0, tensor('t', [64]), zeros(64)),
    'tensor "t" ends at byte 320, but the file has',
  ],
  ['an offset of 2^60', header(1, 0, tensor('t', [4], 0, 2n ** 60n), zeros(64)), 'tensor "t" ends at byte'],
  ['an offset of 2^64 − 32', header(1, 0, tensor('t', [4], 0, 2n ** 64n - 32n)), 'tensor "t" ends at byte'],
  ['a crooked offset', header(1, 0, tensor('t', [4], 0, 8), zeros(99)), 'not a multiple of the alignment 32'],
  [
    'a tensor twice',
    header(2, 0, tensor('t', [4]), tensor('t', [4], 0, 32), zeros(99)),
    'tensor "t" (offset',
  ],
  [
    'tensors that overlap',
    header(2, 0, tensor('a', [16]), tensor('b', [4], 0, 32), zeros(128)),
    'tensors "a" and "b" overlap at byte 128',
  ],
  ['a declaration cut off', header(1, 0, tensor('tensor', [1, 2, 3]).slice(0, 40)), '"tensor" (offset'],
]
