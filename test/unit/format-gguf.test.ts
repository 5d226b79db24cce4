import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ByteSource,
  FormatError,
  MemorySource,
  openByteSource,
  openGguf,
  quantizedMatrixFromBytes,
  tensorType,
} from '../../src/format/index.js'
import { type WriterInput, writeGguf } from '../helpers/gguf-writer.js'
import { encodeQuantized, randomBlocks, randomNormal } from '../helpers/quants.js'

const q8 = encodeQuantized('Q8_0', randomNormal(6 * 64, 1), 6, 64)
const f32 = Float32Array.from([1.5, -2, 0.25])
const model: WriterInput = {
  metadata: {
    'general.architecture': 'llama',
    'llama.block_count': { u32: 2 },
    'test.negative': { i32: -5 },
    'test.exact': { u64: 2n ** 53n - 1n },
    'test.large': { u64: 2n ** 63n },
    'test.half': { f32: 0.5 },
    'test.mark': '\ufefftext',
    'test.flag': true,
    'test.strings': ['\ufeffbom', '', 'é', '𝒳y', '日本'],
    'test.f32s': Float32Array.of(1, 2.5),
    'test.i32s': Int32Array.of(-1, 7),
    'test.bools': { bools: [true, false] },
  },
  tensors: [
    { name: 'q8', type: 'Q8_0', dims: [64, 3, 2], bytes: q8 },
    { name: 'norm', type: 'F32', dims: [3], bytes: new Uint8Array(f32.buffer) },
    { name: 'f16', type: 'F16', dims: [2, 1], bytes: Uint8Array.of(0x00, 0x3c, 0x01, 0x80) },
    { name: 'bf16', type: 'BF16', dims: [2], bytes: Uint8Array.of(0xc0, 0x3f, 0x00, 0xc0) },
    { name: 'iq', type: 'IQ2_XS', dims: [256, 2], bytes: new Uint8Array(148) },
  ],
}
const bytes = writeGguf(model)

describe('an open file', () => {
  test('gives metadata of every type', async () => {
    const file = await openGguf(bytes)
    expect(file.version).toBe(3)
    expect(file.size).toBe(bytes.length)
    expect(Object.fromEntries(file.metadata)).toEqual({
      'general.architecture': 'llama',
      'llama.block_count': 2,
      'test.negative': -5,
      'test.exact': 2 ** 53 - 1,
      'test.large': 2n ** 63n,
      'test.half': 0.5,
      'test.mark': '\ufefftext',
      'test.flag': true,
      'test.strings': ['\ufeffbom', '', 'é', '𝒳y', '日本'],
      'test.f32s': Float32Array.of(1, 2.5),
      'test.i32s': Int32Array.of(-1, 7),
      'test.bools': Uint8Array.of(1, 0),
    })
    expect([...file.metadata.keys()]).toEqual(Object.keys(model.metadata!))
  })

  test('gives typed metadata or says what is wrong with it', async () => {
    const file = await openGguf(bytes)
    expect(file.number('llama.block_count')).toBe(2)
    expect(file.string('general.architecture')).toBe('llama')
    expect(file.strings('test.strings')).toHaveLength(5)
    expect(file.optionalNumbers('test.i32s')).toEqual(Int32Array.of(-1, 7))
    expect(file.optionalBoolean('test.flag')).toBe(true)
    expect(file.optionalNumber('absent')).toBeUndefined()
    expect(file.optionalStrings('absent')).toBeUndefined()
    expect(() => file.number('absent')).toThrow('(memory): metadata key "absent" is missing')
    expect(() => file.number('test.large')).toThrow(
      '"test.large" is the bigint 9223372036854775808, but a number is needed',
    )
    expect(() => file.string('test.flag')).toThrow('is the boolean true, but a string is needed')
    expect(() => file.strings('test.f32s')).toThrow('is a Float32Array, but an array of strings is needed')
    expect(() => file.optionalNumbers('test.strings')).toThrow('is an array of strings')
  })

  test('places tensors', async () => {
    const file = await openGguf(bytes)
    const { offset, ...info } = file.tensor('q8')
    expect(info).toEqual({ name: 'q8', type: 'Q8_0', shape: [6, 64], dims: [64, 3, 2], byteLength: 6 * 68 })
    expect(offset % file.alignment).toBe(0)
    expect(bytes.subarray(offset, offset + q8.length)).toEqual(q8)
    expect(file.tensor('norm').shape).toEqual([1, 3])
    expect([...file.tensors.keys()]).toEqual(['q8', 'norm', 'f16', 'bf16', 'iq'])
    expect(() => file.tensor('lost')).toThrow('(memory): has no tensor "lost"')
  })

  test('says that a lost tensor may be in another part', async () => {
    const file = await openGguf(writeGguf({ metadata: { 'split.count': { u32: 3 } } }))
    expect(() => file.matrix('lost')).toThrow('one of 3 parts; merge them')
  })

  test('reads float tensors exactly', async () => {
    const file = await openGguf(bytes)
    expect(await file.floats('norm')).toEqual(f32)
    expect(await file.floats('f16')).toEqual(Float32Array.of(1, -(2 ** -24)))
    expect(await file.floats('bf16')).toEqual(Float32Array.of(1.5, -2))
    await expect(file.floats('q8')).rejects.toThrow('tensor "q8" is Q8_0, but F32, F16 or BF16 is needed')
  })

  test('opens with unsupported types, and names them when they are used', async () => {
    const file = await openGguf(bytes)
    expect(file.tensor('iq')).toMatchObject({ type: 'IQ2_XS', byteLength: 148 })
    expect(() => file.matrix('iq')).toThrow(
      'tensor "iq" is IQ2_XS, which is not supported; take a file with F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K',
    )
  })

  test('reads version 2 as well', async () => {
    expect((await openGguf(writeGguf({ ...model, version: 2 }))).version).toBe(2)
  })
})

describe('a matrix', () => {
  test('is read by rows, in parallel, into a buffer or a new one', async () => {
    const matrix = (await openGguf(bytes)).matrix('q8')
    expect(matrix).toMatchObject({
      name: 'q8',
      type: 'Q8_0',
      rows: 6,
      cols: 64,
      rowBytes: 68,
      byteLength: 408,
    })
    const [all, some, none] = await Promise.all([
      matrix.readRows(0, 6),
      matrix.readRows(2, 4, new Uint8Array(1000)),
      matrix.readRows(6, 6),
    ])
    expect(all).toEqual(q8)
    expect(some).toEqual(q8.subarray(2 * 68, 4 * 68))
    expect(none).toHaveLength(0)
  })

  test.each([
    [-1, 2],
    [3, 2],
    [0, 7],
    [0.5, 1],
    [0, Number.NaN],
  ])('refuses rows %d to %d', async (begin, end) => {
    await expect((await openGguf(bytes)).matrix('q8').readRows(begin, end)).rejects.toThrow(RangeError)
  })

  test('refuses a short buffer', async () => {
    const matrix = (await openGguf(bytes)).matrix('q8')
    await expect(matrix.readRows(0, 2, new Uint8Array(135))).rejects.toThrow('136 bytes do not fit')
  })

  test('can be made from bytes', async () => {
    const blocks = randomBlocks('Q6_K', 3, 512, 1)
    const matrix = quantizedMatrixFromBytes('w', 'Q6_K', 3, 512, blocks)
    expect(await matrix.readRows(1, 2)).toEqual(blocks.subarray(420, 840))
    expect(() => quantizedMatrixFromBytes('w', 'Q6_K', 4, 512, blocks)).toThrow(
      'w: 4 × 512 Q6_K weights take 1680 bytes, not 1260',
    )
    expect(() => quantizedMatrixFromBytes('w', 'Q6_K', 3, 500, blocks)).toThrow(
      'not whole Q6_K blocks of 256',
    )
    expect(() => quantizedMatrixFromBytes('w', 'Q6_K', 0, 512, blocks)).toThrow('0 × 512 is impossible')
    expect(() => quantizedMatrixFromBytes('w', 'IQ2_S', 3, 512, blocks)).toThrow(
      'is IQ2_S, which is not supported',
    )
    expect(() => tensorType('Q9' as 'F32')).toThrow(TypeError)
  })
})

describe('sources', () => {
  let folder: string
  let path: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gguf-'))
    path = join(folder, 'model.gguf')
    await writeFile(path, bytes)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each([
    ['a path', () => path],
    ['a file: URL', () => pathToFileURL(path)],
    ['a file: URL as text', () => pathToFileURL(path).href],
    ['a Blob', () => new Blob([bytes as Uint8Array<ArrayBuffer>])],
    ['bytes', () => bytes],
    ['a source', () => new MemorySource(bytes, 'mine')],
  ])('%s', async (_, input) => {
    await using file = await openGguf(input())
    expect(await file.matrix('q8').readRows(0, 6)).toEqual(q8)
  })

  test.each([
    ['/no/such/model.gguf', '/no/such/model.gguf: cannot be opened: no such file'],
    [tmpdir(), 'is not a regular file'],
    ['file://elsewhere/model.gguf', 'is not the URL of a local file'],
    ['https://example.org/model.gguf', 'https: URLs are not read directly; download the file first'],
  ])('%s is refused', async (input, message) => {
    const error = await openGguf(input).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(FormatError)
    expect((error as Error).message).toContain(message)
  })

  test.each([
    ['file', () => openByteSource(path)],
    ['memory', () => openByteSource(bytes)],
    ['blob', () => openByteSource(new Blob([bytes as Uint8Array<ArrayBuffer>]))],
  ])('%s: reads past the end or after close are errors', async (_, open) => {
    const source = await open()
    await expect(source.read(source.size - 1, new Uint8Array(2))).rejects.toThrow('truncated')
    await expect(source.read(-1, new Uint8Array(2))).rejects.toThrow(FormatError)
    await source.close()
    await source.close()
    await expect(source.read(0, new Uint8Array(1))).rejects.toThrow('read after close')
  })

  test('a file that shrank while open is an error', async () => {
    const shrinking = join(folder, 'shrinking.gguf')
    await writeFile(shrinking, bytes)
    await using file = await openGguf(shrinking)
    const end = file.tensor('q8').offset + 100
    await writeFile(shrinking, bytes.subarray(0, end))
    await expect(file.matrix('q8').readRows(0, 6)).rejects.toThrow(`the file ended at offset ${end}`)
  })

  test('a source of the caller stays open when opening fails, and is closed with the file', async () => {
    const broken = new MemorySource(new Uint8Array(100))
    await expect(openGguf(broken)).rejects.toThrow(FormatError)
    await broken.read(0, new Uint8Array(1))
    const source = new MemorySource(bytes)
    await (await openGguf(source)).close()
    await expect(source.read(0, new Uint8Array(1))).rejects.toThrow('read after close')
  })
})

describe('aborting', () => {
  test('before opening', async () => {
    await expect(openGguf(bytes, { signal: AbortSignal.abort('stop') })).rejects.toBe('stop')
  })

  test('while a slow source is read', async () => {
    const slow: ByteSource = {
      name: 'slow',
      size: 1e6,
      read: () => new Promise(() => {}),
      close: async () => {},
    }
    const controller = new AbortController()
    const opening = openGguf(slow, { signal: controller.signal })
    setTimeout(() => controller.abort('stop'), 5)
    await expect(opening).rejects.toBe('stop')
  })
})

test('a long header is read in growing pieces, not the whole file', async () => {
  const header = writeGguf({
    metadata: { words: Array.from({ length: 150_000 }, (_, i) => `word ${i}`) },
    tensors: [{ name: 't', type: 'F32', dims: [8_000_000], bytes: new Uint8Array(32_000_000) }],
  })
  const reads: number[] = []
  const memory = new MemorySource(header)
  const source: ByteSource = {
    name: 'counted',
    size: memory.size,
    read: (offset, into) => {
      reads.push(offset + into.length)
      return memory.read(offset, into)
    },
    close: () => memory.close(),
  }
  expect((await openGguf(source)).strings('words')[149_999]).toBe('word 149999')
  expect(reads).toEqual([18, 19, 20, 21, 22].map((power) => 2 ** power))
})
