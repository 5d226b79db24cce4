import { describe, expect, test } from 'vitest'
import { type ByteSource, FormatError, openGguf } from '../../src/format/index.js'
import { HOSTILE, header, tensor, text, u32, u64 } from '../helpers/hostile-gguf.js'

describe('a hostile header is one clear error', () => {
  test.each(HOSTILE)('%s', async (_, bytes, message) => {
    const error = await openGguf(bytes).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(FormatError)
    expect((error as Error).message).toMatch(/^\(memory\): /)
    expect((error as Error).message).toContain(message)
  })
})

test('odd but valid headers open', async () => {
  const valid = [
    header(0, 0),
    header(0, 1, text('general.alignment'), u32(4), u32(1)),
    header(0, 1, text('general.alignment'), u32(10), u64(2 ** 30)),
    header(0, 1, text('__proto__'), u32(9), u32(8), u64(0)),
    header(1, 0, tensor('scalar', []), new Array(64).fill(0)),
    header(1, 0, tensor('', [1, 1, 1, 1]), new Array(64).fill(0)),
  ]
  for (const bytes of valid) await openGguf(bytes)
  expect((await openGguf(valid[3]!)).strings('__proto__')).toEqual([])
  expect((await openGguf(valid[4]!)).tensor('scalar').shape).toEqual([1, 1])
})

/** A file of `size` bytes that starts with `bytes` and goes on in zeros; counts what is read of it. */
function vast(bytes: Uint8Array, size: number): ByteSource & { readonly taken: () => number } {
  let taken = 0
  return {
    name: 'vast',
    size,
    read: async (offset, into) => {
      taken += into.length
      into.set(bytes.subarray(offset, offset + into.length))
    },
    close: async () => {},
    taken: () => taken,
  }
}

// A huge file would justify huge counts; the limits of a plausible header hold all the same.
test.each([
  [
    'a string of 1 TB',
    header(0, 1, text('k'), u32(8), u64(2 ** 40)),
    'claims a string of 1099511627776 bytes',
  ],
  ['10^9 tensors', header(10 ** 9, 0), 'at most 1048576 are possible'],
  ['10^9 keys', header(0, 10 ** 9), 'at most 65536 are possible'],
  [
    'an array of 10^10 bytes',
    header(0, 1, text('k'), u32(9), u32(0), u64(10 ** 10)),
    'the header is longer than',
  ],
])('%s in a file of 2 TB', async (_, bytes, message) => {
  const source = vast(bytes, 2 ** 41)
  await expect(openGguf(source)).rejects.toThrow(message)
  expect(source.taken()).toBeLessThanOrEqual(2 ** 20)
})

test('10^10 strings in a file of 2 TB end at the longest header there can be', async () => {
  const source = vast(header(0, 1, text('k'), u32(9), u32(8), u64(10 ** 10)), 2 ** 41)
  await expect(openGguf(source)).rejects.toThrow('the header is longer than 134217728 bytes')
  expect(source.taken()).toBeLessThanOrEqual(2 ** 27)
})
