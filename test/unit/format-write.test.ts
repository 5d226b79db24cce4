import { mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { GGMLQuantizationType, gguf } from '@huggingface/gguf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ByteSink,
  FormatError,
  type GgufInput,
  type GgufTensorInput,
  type GgufWritable,
  ggufBytes,
  openGguf,
  TENSOR_TYPES,
  writeGguf,
} from '../../src/format/index.js'
import { tokenizerFromGguf, trainBpe } from '../../src/tokenizer/index.js'
import { writeGguf as writeByHelper } from '../helpers/gguf-writer.js'
import { seededRandom } from '../helpers/quants.js'

/** Every kind of value: what is written, what is read. */
const VALUES: readonly (readonly [GgufWritable, unknown])[] = [
  ['text 🙂 \ufeff', 'text 🙂 \ufeff'],
  ['', ''],
  [true, true],
  [false, false],
  [7, 7],
  [2 ** 32 - 1, 2 ** 32 - 1],
  [{ u8: 255 }, 255],
  [{ i8: -128 }, -128],
  [{ u16: 65535 }, 65535],
  [{ i16: -32768 }, -32768],
  [{ u32: 4294967295 }, 4294967295],
  [{ i32: -(2 ** 31) }, -(2 ** 31)],
  [{ u64: 2n ** 64n - 1n }, 2n ** 64n - 1n],
  [{ u64: 2 ** 53 - 1 }, 2 ** 53 - 1],
  [{ i64: -(2n ** 63n) }, -(2n ** 63n)],
  [{ f32: 0.1 }, Math.fround(0.1)],
  [{ f32: -Infinity }, -Infinity],
  [{ f64: 0.1 }, 0.1],
  [
    ['a', '', 'é'],
    ['a', '', 'é'],
  ],
  [[], []],
  [{ bools: [true, false] }, Uint8Array.of(1, 0)],
  ...[
    Uint8Array.of(0, 255),
    Int8Array.of(-1, 1),
    Uint16Array.of(65535),
    Int16Array.of(-5, 5),
    Uint32Array.of(2 ** 32 - 1),
    Int32Array.of(-7),
    BigUint64Array.of(2n ** 64n - 1n),
    BigInt64Array.of(-1n),
    Float32Array.of(1.5, -0),
    Float64Array.of(0.1),
    new Float32Array(0),
  ].map((array) => [array, array] as const),
]
const metadata = Object.fromEntries(VALUES.map(([value], i) => [`test.value_${i}`, value]))

/** Two rows of two blocks of each type, and shapes of one to four dimensions. */
const random = seededRandom(5)
const noise = (length: number) => Uint8Array.from({ length }, () => 256 * random())
const tensors = [
  ...TENSOR_TYPES.map(({ name, blockSize, blockBytes }) => ({
    name: `as.${name}`,
    type: name,
    rows: 2,
    cols: 2 * blockSize,
    bytes: noise(4 * blockBytes),
  })),
  { name: 'one', type: 'F32', dims: [3], bytes: noise(12) },
  { name: 'four', type: 'F16', dims: [3, 2, 1, 5], bytes: noise(60) },
  { name: 'x'.repeat(63), type: 'F32', dims: [1], bytes: noise(4) },
] as const satisfies GgufTensorInput[]
const input: GgufInput = { metadata, tensors }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'multiscale-write-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a written file', () => {
  test('is read with all its metadata and tensors', async () => {
    const bytes = await ggufBytes(input)
    expect(bytes.length % 32).toBe(0)
    await using file = await openGguf(bytes)
    expect([file.version, file.alignment]).toEqual([3, 32])
    expect([...file.metadata]).toEqual(VALUES.map(([, value], i) => [`test.value_${i}`, value]))
    expect([...file.tensors.keys()]).toEqual(tensors.map(({ name }) => name))
    for (const tensor of tensors) {
      const { type, dims, offset, byteLength } = file.tensor(tensor.name)
      expect([type, dims]).toEqual([tensor.type, 'dims' in tensor ? tensor.dims : [tensor.cols, tensor.rows]])
      expect(offset % 32).toBe(0)
      expect(bytes.subarray(offset, offset + byteLength)).toEqual(tensor.bytes)
    }
  })

  test('is the same by path, URL, sink, in memory and by the helper of the tests', async () => {
    const bytes = await ggufBytes(input)
    const path = join(folder, 'same.gguf')
    expect(await writeGguf(path, input)).toBe(bytes.length)
    expect(new Uint8Array(await readFile(path))).toEqual(bytes)
    await writeGguf(pathToFileURL(path), { ...input, metadata: new Map(Object.entries(metadata)) })
    expect(new Uint8Array(await readFile(path))).toEqual(bytes)
    const pieces: Uint8Array[] = []
    const sink: ByteSink = { write: async (piece) => void pieces.push(piece.slice()) }
    expect(await writeGguf(sink, input)).toBe(bytes.length)
    expect(new Uint8Array(Buffer.concat(pieces))).toEqual(bytes)
    const byHelper = tensors.map((tensor) => ({
      ...tensor,
      dims: 'dims' in tensor ? tensor.dims : [tensor.cols, tensor.rows],
    }))
    expect(writeByHelper({ metadata, tensors: byHelper })).toEqual(bytes)
  })

  test('is read by @huggingface/gguf, an implementation of its own, in the same way', async () => {
    const path = join(folder, 'crosscheck.gguf')
    await writeGguf(path, input)
    const theirs = await gguf(path, { allowLocalFile: true, typedMetadata: true })
    await using ours = await openGguf(path)
    expect(Number(theirs.metadata.kv_count)).toBe(VALUES.length)
    for (const [key, value] of ours.metadata) {
      const their = (theirs.metadata as Record<string, unknown>)[key]
      // They drop byte-order marks, and give plain arrays, of booleans too.
      if (typeof value === 'string') expect(their).toBe(value)
      else expect(Array.from([their].flat() as number[], Number)).toEqual(numbers(value))
    }
    expect(
      theirs.tensorInfos.map(({ name, shape, dtype, offset }) => ({
        name,
        dims: shape.map(Number),
        type: GGMLQuantizationType[dtype] ?? ours.tensor(name).type,
        offset: Number(theirs.tensorDataOffset + offset),
      })),
    ).toEqual(
      [...ours.tensors.values()].map(({ name, dims, type, offset }) => ({ name, dims, type, offset })),
    )
  })

  test('holds a vocabulary as trained', async () => {
    const { metadata, tokens } = await trainBpe(['the cat and the hat'], { vocabularySize: 262 })
    await using file = await openGguf(await ggufBytes({ metadata, tensors: [] }))
    const tokenizer = tokenizerFromGguf(file.metadata)
    expect(tokenizer.vocabSize).toBe(tokens.length)
    expect(tokenizer.encode('the hat')).toEqual(tokenizerFromGguf(metadata).encode('the hat'))
  })

  test('takes one tensor after the other', async () => {
    const events: string[] = []
    const one = (name: string): GgufTensorInput => ({
      name,
      type: 'F32',
      dims: [8],
      bytes: async () => {
        events.push(`${name} begins`)
        return new Uint8Array(32)
      },
    })
    const sink: ByteSink = { write: (bytes) => void events.push(`${bytes.length}`) }
    await writeGguf(sink, { metadata: {}, tensors: new Set([one('a'), one('b')]) })
    expect(events).toEqual(['96', 'a begins', '32', 'b begins', '32'])
  })
})

function numbers(value: unknown): number[] {
  if (typeof value === 'object') return Array.from(value as ArrayLike<number>, Number)
  return [Number(value)]
}

describe('when writing fails', () => {
  const old = 'the old file'
  const path = () => join(folder, 'kept.gguf')
  const ten = { name: 'ten', type: 'F32', dims: [10], bytes: new Uint8Array(40) } as const
  const failing: [string, GgufTensorInput, RegExp][] = [
    [
      'a tensor that throws',
      {
        ...ten,
        name: 'b',
        bytes: () => {
          throw new Error('no weights')
        },
      },
      /^no weights$/,
    ],
    [
      'a tensor of another length',
      { ...ten, name: 'b', bytes: () => new Uint8Array(41) },
      /kept\.gguf: tensor "b" takes 40 bytes, not 41/,
    ],
  ]

  test.each(failing)('for %s the old file stays and nothing else', async (_, tensor, message) => {
    await writeFile(path(), old)
    await expect(writeGguf(path(), { metadata: {}, tensors: [ten, tensor] })).rejects.toThrow(message)
    expect(await readFile(path(), 'utf8')).toBe(old)
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('by an abort too; and while it is written there is the old file', async () => {
    await writeFile(path(), old)
    const controller = new AbortController()
    const seen: string[] = []
    const bytes = async () => {
      seen.push(await readFile(path(), 'utf8'))
      controller.abort(new Error('enough'))
      return ten.bytes
    }
    const writing = writeGguf(
      path(),
      { metadata: {}, tensors: [{ ...ten, bytes }] },
      { signal: controller.signal },
    )
    await expect(writing).rejects.toThrow('enough')
    expect([...seen, await readFile(path(), 'utf8')]).toEqual([old, old])
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('says so in one line', async () => {
    const empty = { metadata: {}, tensors: [] }
    const missing = join(folder, 'none', 'x.gguf')
    await expect(writeGguf(missing, empty)).rejects.toThrow(
      `${missing}: cannot be written: no such file or folder`,
    )
    await expect(writeGguf(folder, empty)).rejects.toThrow(/cannot be written/)
    expect((await readdir(join(folder, '..'))).filter((name) => /multiscale-write.*tmp$/.test(name))).toEqual(
      [],
    )
  })

  test('a symbolic link stays one', async () => {
    const link = join(folder, 'link.gguf')
    await writeFile(path(), old)
    await symlink(path(), link)
    await writeGguf(link, { metadata: {}, tensors: [ten] })
    expect(await readlink(link)).toBe(path())
    expect((await openGguf(path())).tensors.size).toBe(1)
  })
})

describe('refuses', () => {
  const f32 = (name: string, dims: number[], length: number): GgufTensorInput => ({
    name,
    type: 'F32',
    dims,
    bytes: new Uint8Array(length),
  })
  test.each<[string, GgufTensorInput[], RegExp]>([
    ['a name twice', [f32('a', [1], 4), f32('a', [2], 8)], /\(memory\): tensor "a" occurs twice/],
    ['no name', [f32('', [1], 4)], /1 to 63 are possible/],
    ['a long name', [f32('é'.repeat(32), [1], 4)], /a name of 64 bytes; 1 to 63/],
    [
      'bytes of another shape',
      [f32('a', [3, 2], 20)],
      /tensor "a" takes 24 bytes as \[3, 2\] of F32, not 20/,
    ],
    ['no dimensions', [f32('a', [], 0)], /impossible dimensions \[\]/],
    ['five', [f32('a', [1, 1, 1, 1, 1], 4)], /impossible dimensions/],
    ['an empty one', [f32('a', [2, 0], 0)], /impossible dimensions \[2, 0\]/],
    ['a fraction', [f32('a', [1.5], 6)], /impossible dimensions/],
    ['beyond 2^53', [f32('a', [2 ** 30, 2 ** 30], 4)], /impossible dimensions/],
    [
      'cut blocks',
      [{ name: 'a', type: 'Q4_0', rows: 2, cols: 48, bytes: new Uint8Array(54) }],
      /rows of 48 weights, which Q4_0 blocks of 32 do not divide/,
    ],
  ])('%s', async (_, tensors, message) => {
    const writing = ggufBytes({ metadata: {}, tensors })
    await expect(writing).rejects.toThrow(message)
    await expect(writing).rejects.toThrow(FormatError)
  })

  test.each<[string, unknown, RegExp]>([
    ['key', 0.5, /metadata key "key": 0.5 is no u32; say what it is: \{ f32: 0.5 \}/],
    ['key', -1, /-1 is no u32/],
    ['key', 2 ** 32, /is no u32/],
    ['key', { u8: 256 }, /256 is no u8/],
    ['key', { i8: -129 }, /is no i8/],
    ['key', { u64: -1n }, /is no u64/],
    ['key', { i64: 2n ** 63n }, /is no i64/],
    ['key', { u32: Number.NaN }, /NaN is no u32/],
    ['key', { f32: 1e39 }, /too large/],
    ['key', { f32: 1n }, /is no f32/],
    ['key', { f16: 1 }, /\{"f16":1\} has no GGUF type/],
    ['key', {}, /has no GGUF type/],
    ['key', new Uint8ClampedArray(1), /cannot be written/],
    ['', 1, /a name of 0 bytes/],
    ['k'.repeat(65536), 1, /1 to 65535 are possible/],
    ['general.alignment', 64, /"general.alignment" must be 32/],
  ])('metadata %.20s = %o', async (key, value, message) => {
    const metadata = { [key]: value as GgufWritable }
    await expect(ggufBytes({ metadata, tensors: [] })).rejects.toThrow(message)
  })

  test('but not an alignment of 32', async () => {
    const bytes = await ggufBytes({ metadata: { 'general.alignment': { u32: 32 } }, tensors: [] })
    expect((await openGguf(bytes)).alignment).toBe(32)
  })
})
