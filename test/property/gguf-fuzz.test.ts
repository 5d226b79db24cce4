import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FormatError, openGguf } from '../../src/format/index.js'
import { writeGguf } from '../helpers/gguf-writer.js'
import { u64 } from '../helpers/hostile-gguf.js'
import { seededRandom } from '../helpers/quants.js'

const data = new URL('../../../shared/data/stories260K/', import.meta.url)
const real = existsSync(data) ? ['f32', 'f16', 'q8_0', 'q4_0'] : []
if (real.length === 0 && process.env.CI !== undefined) throw new Error('shared/data/stories260K is missing')

const synthetic = writeGguf({
  metadata: {
    'general.architecture': 'llama',
    'general.alignment': { u32: 32 },
    flag: true,
    strings: ['one', 'two', 'é', ''],
    numbers: Float32Array.of(1, 2, 3),
    bools: { bools: [true, false] },
    large: { u64: 2n ** 63n },
  },
  tensors: [
    { name: 'a', type: 'Q4_K', dims: [256, 2], bytes: new Uint8Array(288) },
    { name: 'b', type: 'F32', dims: [3, 2, 1, 1], bytes: new Uint8Array(24) },
  ],
})

/** Each file, with the length of its header: what comes before the first tensor. */
const FILES: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['synthetic', synthetic],
  ...real.map((type) => {
    const name = `stories260K-${type}.gguf`
    return [name, new Uint8Array(readFileSync(new URL(name, data)))] as const
  }),
]

interface Tally {
  opened: number
  refused: number
}

/** Opens the bytes; anything but a file that keeps its promises or a FormatError fails the test. */
async function attempt(bytes: Uint8Array, what: string, tally: Tally): Promise<void> {
  try {
    const file = await openGguf(bytes)
    for (const { offset, byteLength, shape, name } of file.tensors.values()) {
      const inside = offset >= 0 && byteLength > 0 && offset + byteLength <= bytes.length
      if (!inside || !(shape[0] >= 1 && shape[1] >= 1))
        throw new Error(`${what}: ${name} lies outside the file`)
    }
    tally.opened++
  } catch (error) {
    if (!(error instanceof FormatError)) throw new Error(`${what}: ${error}`, { cause: error })
    tally.refused++
  }
}

async function headerLength(bytes: Uint8Array): Promise<number> {
  return Math.min(...[...(await openGguf(bytes)).tensors.values()].map((tensor) => tensor.offset))
}

/** What lies where a count may be: huge, just wrong, and negative as a signed number. */
const COUNTS = [2n ** 60n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 53n, 2n ** 32n, 2n ** 31n, 10n ** 6n, 0n].map(u64)

describe.each(FILES)('%s, changed', (_, original) => {
  test('by random bytes', async () => {
    const length = await headerLength(original)
    const tally = { opened: 0, refused: 0 }
    for (let seed = 0; seed < 1500; seed++) {
      const random = seededRandom(seed)
      const bytes = original.subarray()
      const changes = 1 + Math.floor(4 * random())
      const places = Array.from({ length: changes }, () => Math.floor(length * random()))
      const kept = places.map((place) => bytes[place]!)
      for (const place of places) {
        // Half flip one bit, half become any byte.
        bytes[place]! ^= random() < 0.5 ? 1 << Math.floor(8 * random()) : Math.floor(256 * random())
      }
      await attempt(bytes, `seed ${seed}`, tally)
      for (let i = changes - 1; i >= 0; i--) bytes[places[i]!] = kept[i]!
    }
    // Bytes of names and scores may be anything; lengths and types may not.
    expect(tally.opened).toBeGreaterThan(100)
    expect(tally.refused).toBeGreaterThan(100)
  })

  test('by cutting it off', async () => {
    const length = await headerLength(original)
    const tally = { opened: 0, refused: 0 }
    const step = Math.max(1, Math.floor(length / 700))
    for (let end = 0; end < length; end += step)
      await attempt(original.subarray(0, end), `cut at ${end}`, tally)
    await attempt(original.subarray(0, original.length - 32), 'last 32 bytes cut', tally)
    expect(tally.opened).toBe(0)
  })

  test('by writing counts over every length, dimension and offset', async () => {
    const tally = { opened: 0, refused: 0 }
    const places = sizeFields(original)
    expect(places.length).toBeGreaterThan(20)
    for (const place of places) {
      const kept = original.slice(place, place + 8)
      for (const count of COUNTS) {
        original.set(count, place)
        await attempt(original, `count at ${place}`, tally)
      }
      original.set(kept, place)
    }
    // What may stay open: a zero or small offset, and the first token's length if the rest happens to fit.
    expect(tally.refused).toBeGreaterThan(0.95 * places.length * COUNTS.length)
  })

  test('is unchanged in the end', async () => {
    expect((await openGguf(original)).tensors.size).toBeGreaterThan(1)
  })
})

/** Where a well-formed header holds a u64: counts, string lengths, array lengths, dimensions, offsets. */
function sizeFields(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const places: number[] = []
  let at = 8
  const u32 = () => {
    at += 4
    return view.getUint32(at - 4, true)
  }
  const size = () => {
    places.push(at)
    at += 8
    return Number(view.getBigUint64(at - 8, true))
  }
  const string = () => {
    const length = size()
    at += length
  }
  const value = (type: number): void => {
    if (type === 8) string()
    else if (type !== 9) at += [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][type]!
    else for (let element = u32(), left = size(); left > 0; left--) value(element)
  }
  const tensors = size()
  for (let left = size(); left > 0; left--) {
    string()
    value(u32())
  }
  for (let left = tensors; left > 0; left--) {
    string()
    for (let dims = u32(); dims > 0; dims--) size()
    at += 4
    size()
  }
  return places
}
