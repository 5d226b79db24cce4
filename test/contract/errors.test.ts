import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend, Digits, KvCache, Pass, Tensor, Weight } from '../../src/backend/index.js'
import { tensorOf, weightOf } from '../helpers/contract.js'
import { randomBlocks, randomNormal } from '../helpers/quants.js'
import { NATIVE, REFERENCE, SUBJECTS } from './backends.js'

/** Mistakes of a caller end in an error that says what does not fit: never in a crash, never in numbers. */

const ATTENTION = { scale: 1, layer: 0, heads: 4 }
const OPTIONS = { passes: 2, granularity: 'group' } as const

interface Objects {
  readonly x: Tensor
  readonly y: Tensor
  readonly gain: Tensor
  readonly digits: Digits
  /** [48, 64] */
  readonly codes: Weight
  readonly floats: Weight
  /** Two key heads of 16, 64 positions, three layers. */
  readonly cache: KvCache
  /** Its first four positions. */
  readonly pass: Pass
}

/** x [4, 64], y [4, 48]. */
async function objectsOf(backend: Backend): Promise<Objects> {
  const x = tensorOf(backend, 4, 64, randomNormal(256, 1))
  const cache = backend.cache({ type: 'f16', layers: 3, kvHeads: 2, headSize: 16, capacity: 8 })
  const digits = backend.digits(4, 64, OPTIONS)
  backend.decompose(x, digits)
  return {
    x,
    y: backend.tensor(4, 48),
    gain: backend.tensor(1, 64),
    digits,
    codes: await weightOf(backend, 'Q4_0', 48, 64, randomBlocks('Q4_0', 48, 64, 2)),
    floats: await weightOf(backend, 'F32', 48, 64, new Uint8Array(randomNormal(48 * 64, 3).buffer)),
    cache,
    pass: backend.pass([{ cache, position: 0, tokens: 4 }]),
  }
}

const TURN = { angles: new Float32Array(4), pairs: 'half' } as const

/** What is wrong, the call, and what the message must name. */
type Mistake = readonly [string, (b: Backend, o: Objects) => unknown, RegExp]

const MISTAKES: readonly Mistake[] = [
  ['a tensor without rows', (b) => b.tensor(0, 3), /\[0, 3\]/],
  [
    'a cache of codes of long heads',
    (b) => b.cache({ type: 'int8', layers: 1, kvHeads: 1, headSize: 520, capacity: 1 }),
    /heads of 520 elements are too long for a cache of codes/,
  ],
  [
    'shifted keys of no codes',
    (b) => b.cache({ type: 'f32', layers: 1, kvHeads: 1, headSize: 16, capacity: 1, keyShift: TURN }),
    /codes only, not in 'f32'/,
  ],
  ['half a column', (b) => b.tensor(2, 1.5), /\[2, 1\.5\]/],
  ['rows beyond a tensor', (b, { x }) => b.rows(x, 2, 5), /2 to 5.*\[4, 64\]/],
  ['no rows of a tensor', (b, { x }) => b.rows(x, 2, 2), /2 to 2.*\[4, 64\]/],
  ['too few values', (b, { x }) => b.upload(x, new Float32Array(255)), /255.*\[4, 64\]/],
  ['4 passes', (b) => b.digits(4, 64, { ...OPTIONS, passes: 4 as 3 }), /passes.*4/],
  ['an unknown granularity', (b) => b.digits(4, 64, { ...OPTIONS, granularity: 'g' as 'row' }), /"g"/],
  ['digits of no columns', (b) => b.digits(4, 0, OPTIONS), /\[4, 0\]/],
  ['decompose: other columns', (b, { y, digits }) => b.decompose(y, digits), /\[4, 48\].*\[4, 64\]/],
  [
    'decompose: too many rows',
    (b, { digits }) => b.decompose(b.tensor(5, 64), digits),
    /\[5, 64\].*\[4, 64\]/,
  ],
  [
    'linear: too few rows out',
    (b, o) => b.linear(o.digits, o.codes, b.tensor(3, 48)),
    /\[4, 48\].*\[3, 48\]/,
  ],
  [
    'linear: too few columns out',
    (b, o) => b.linear(o.digits, o.codes, b.tensor(4, 47)),
    /\[4, 48\].*\[4, 47\]/,
  ],
  [
    'linear: other activations',
    (b, o) => {
      const digits = b.digits(1, 32, OPTIONS)
      b.decompose(b.tensor(1, 32), digits)
      b.linear(digits, o.codes, b.tensor(1, 48))
    },
    /\[48, 64\].*\[1, 32\]/,
  ],
  [
    'linear: floats, other columns',
    (b, o) => b.linear(o.y, o.floats, b.tensor(4, 48)),
    /\[48, 64\].*\[4, 48\]/,
  ],
  ['linear: a short bias', (b, o) => b.linear(o.digits, o.codes, o.y, b.tensor(1, 47)), /\[1, 47\]/],
  ['linear: a bias of many rows', (b, o) => b.linear(o.x, o.floats, o.y, b.tensor(4, 48)), /\[4, 48\]/],
  ['linear: codes times floats', (b, o) => b.linear(o.x, o.codes, o.y), /weights is Q4_0.*digits/],
  ['linear: floats times digits', (b, o) => b.linear(o.digits, o.floats, o.y), /weights is F32.*digits/],
  [
    'linear: digits of nothing',
    (b, o) => b.linear(b.digits(4, 64, OPTIONS), o.codes, o.y),
    /decompose|\[0, 64\]/,
  ],
  ['embed: too few rows out', (b, o) => b.embed(o.codes, [1, 2, 3], b.tensor(2, 64)), /3 rows.*\[2, 64\]/],
  ['embed: other columns', (b, o) => b.embed(o.codes, [1], b.tensor(1, 48)), /\[48, 64\].*\[1, 48\]/],
  ['embed: beyond the vocabulary', (b, o) => b.embed(o.codes, [47, 48], b.tensor(2, 64)), /48.*48 tokens/],
  ['embed: a negative id', (b, o) => b.embed(o.floats, [-1], b.tensor(1, 64)), /-1/],
  ['embed: half an id', (b, o) => b.embed(o.codes, [1.5], b.tensor(1, 64)), /1\.5/],
  ['embed: NaN', (b, o) => b.embed(o.codes, [Number.NaN], b.tensor(1, 64)), /NaN/],
  ['rmsNorm: a long gain', (b, o) => b.rmsNorm(o.y, o.gain, 1e-5, o.y), /\[1, 64\].*\[4, 48\]/],
  ['rmsNorm: other output', (b, o) => b.rmsNorm(o.x, o.gain, 1e-5, o.y), /\[4, 64\].*\[4, 48\]/],
  ['gatedActivation: other shapes', (b, o) => b.gatedActivation(o.x, o.x, o.y), /\[4, 64\].*\[4, 48\]/],
  ['add: other shapes', (b, o) => b.add(o.x, b.tensor(64, 4)), /\[4, 64\].*\[64, 4\]/],
  ['rope: heads that do not divide', (b, o) => rope(b, o.x, 5, 8, 0), /64.*5/],
  ['rope: no heads', (b, o) => rope(b, o.x, 0, 8, 0), /64.*0/],
  ['rope: a wide table', (b, o) => rope(b, o.x, 4, 18, 0), /18.*16/],
  ['rope: an odd table', (b, o) => rope(b, o.x, 4, 7, 0), /7/],
  ['rope: beyond the table', (b, o) => rope(b, o.x, 4, 8, 7), /position 10 .* context of 10/],
  ['rope: before the table', (b, o) => rope(b, o.x, 4, 8, -1), /-1/],
  ['rope: too few positions', (b) => rope(b, b.tensor(5, 64), 4, 8, 0), /4 positions for 5 rows/],
  ['cache: unknown numbers', (b) => b.cache({ ...CACHE, type: 'f8' as 'f16' }), /"f8"/],
  ['cache: no positions', (b) => b.cache({ ...CACHE, capacity: 0 }), /"capacity":0/],
  ['pass: nothing', (b) => b.pass([]), /needs a sequence/],
  ['pass: no tokens', (b, { cache }) => b.pass([{ cache, position: 0, tokens: 0 }]), /0 tokens/],
  ['pass: a gap', (b, { cache }) => b.pass([{ cache, position: 5, tokens: 1 }]), /position 5 .* 4 that/],
  ['pass: before', (b, { cache }) => b.pass([{ cache, position: -1, tokens: 1 }]), /position -1/],
  ['pass: twice', (b, o) => b.pass([one(o.cache), one(o.cache)]), /once only/],
  ['pass: of two pools', (b, o) => b.pass([one(o.cache), one(b.cache(CACHE))]), /forks of one cache/],
  ['fork: more than there is', (_, { cache }) => cache.fork(5), /5 positions of a sequence of 4/],
  ['truncate: half', (_, { cache }) => cache.truncate(1.5), /1.5 positions/],
  ['append: k and v differ', (b, o) => b.append(o.pass, 0, kv(b, 2), kv(b, 3)), /\[2, 32\].*\[3, 32\]/],
  ['append: other heads', (b, o) => b.append(o.pass, 0, o.x, o.x), /\[4, 64\].*2 heads of 16/],
  ['append: other rows', (b, o) => b.append(o.pass, 0, kv(b, 3), kv(b, 3)), /\[3, 32\].*4 rows/],
  ['append: a layer too many', (b, o) => b.append(o.pass, 3, kv(b, 4), kv(b, 4)), /layer 3.*3/],
  [
    'attention: heads that do not divide',
    (b, o) => b.attention(o.x, o.pass, o.x, { ...ATTENTION, heads: 3 }),
    /3 heads/,
  ],
  ['attention: other width', (b, o) => b.attention(o.y, o.pass, o.y, ATTENTION), /\[4, 48\].*4 heads of 16/],
  ['attention: other output', (b, o) => b.attention(o.x, o.pass, o.y, ATTENTION), /\[4, 64\].*\[4, 48\]/],
  [
    'attention: other rows',
    (b, o) => b.attention(b.tensor(3, 64), o.pass, b.tensor(3, 64), ATTENTION),
    /\[3, 64\].*4 rows/,
  ],
  ...[0, -1, 1.5].map(
    (window): Mistake => [
      `attention: a window of ${window}`,
      (b, o) => b.attention(o.x, o.pass, b.tensor(4, 64), { ...ATTENTION, window }),
      new RegExp(`window .*not ${window}`),
    ],
  ),
  ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].map(
    (softcap): Mistake => [
      `attention: scores capped at ${softcap}`,
      (b, o) => b.attention(o.x, o.pass, b.tensor(4, 64), { ...ATTENTION, softcap }),
      new RegExp(`softcap .*not ${softcap}`),
    ],
  ),
  [
    'attention: a negative layer',
    (b, o) => b.attention(o.x, o.pass, b.tensor(4, 64), { ...ATTENTION, layer: -1 }),
    /-1/,
  ],
]

const CACHE = { type: 'f32', layers: 1, kvHeads: 1, headSize: 8, capacity: 4 } as const

const kv = (backend: Backend, rows: number) => backend.tensor(rows, 32)

const one = (cache: KvCache) => ({ cache, position: 0, tokens: 1 })

/** Of four rows. */
function rope(backend: Backend, x: Tensor, heads: number, width: number, position: number): void {
  const positions = Int32Array.from({ length: 4 }, (_, row) => position + row)
  backend.rope(x, { heads, table: backend.tensor(10, width), positions, pairs: 'half' })
}

/** Each takes one object of another backend, the rest of its own. */
const FOREIGN: Readonly<Record<string, (b: Backend, own: Objects, other: Objects) => unknown>> = {
  'rows of its tensor': (b, _, { x }) => b.rows(x, 0, 1),
  'upload to its tensor': (b, _, { x }) => b.upload(x, new Float32Array(256)),
  'decompose its tensor': (b, { digits }, { x }) => b.decompose(x, digits),
  'decompose into its digits': (b, { x }, { digits }) => b.decompose(x, digits),
  'linear of its digits': (b, { codes, y }, { digits }) => b.linear(digits, codes, y),
  'linear of its tensor': (b, { floats, y }, { x }) => b.linear(x, floats, y),
  'linear with its weight': (b, { digits, y }, { codes }) => b.linear(digits, codes, y),
  'linear into its tensor': (b, { digits, codes }, { y }) => b.linear(digits, codes, y),
  'embed from its weight': (b, { x }, { codes }) => b.embed(codes, [0, 1, 2, 3], x),
  'rmsNorm with its gain': (b, { x }, { gain }) => b.rmsNorm(x, gain, 1e-5, x),
  'rope of its tensor': (b, _, { x }) => rope(b, x, 4, 8, 0),
  'gatedActivation of its tensor': (b, { x }, { x: other }) => b.gatedActivation(x, other, x),
  'add its tensor': (b, { x }, { x: other }) => b.add(x, other),
  'a pass over its cache': (b, _, { cache }) => b.pass([one(cache)]),
  'append to its cache': (b, _, { pass }) => b.append(pass, 0, kv(b, 4), kv(b, 4)),
  'attention over its cache': (b, { x }, { pass }) => b.attention(x, pass, b.tensor(4, 64), ATTENTION),
}

describe.each(SUBJECTS)('$label refuses', ({ create, kind }) => {
  let backend: Backend
  let own: Objects
  beforeAll(async () => {
    backend = create()
    own = await objectsOf(backend)
  })
  afterAll(() => backend.close())

  test.each(MISTAKES)('%s', (_, call, names) => {
    const error = thrownBy(() => call(backend, own))
    expect(error).toBeInstanceOf(RangeError)
    expect(error?.message).toMatch(names)
  })

  test.each(Object.entries(FOREIGN))('what belongs to another kind of backend: %s', async (_, call) => {
    const other = kind === 'reference' ? NATIVE[0] : REFERENCE
    expect(other, 'two kinds of backend').toBeDefined()
    const stranger = other.create()
    const foreign = await objectsOf(stranger)
    const error = thrownBy(() => call(backend, own, foreign))
    stranger.close()
    expect(error).toBeInstanceOf(RangeError)
  })
})

function thrownBy(action: () => unknown): Error | undefined {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  return undefined
}
