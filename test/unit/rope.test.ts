import { describe, expect, test } from 'vitest'
import { type RopeScaling, ropeFrequencies, ropeScaling, ropeTable } from '../../src/engine/rope.js'
import { FormatError, openGguf } from '../../src/format/index.js'
import { type WriterValue, writeGguf } from '../helpers/gguf-writer.js'

const NONE = { type: 'none' } as const

/** Each number is a handful of float64 operations: powers, logarithms, quotients. */
const OPERATIONS = 16
const near = (actual: ArrayLike<number>, expected: readonly number[]) => {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i] - value), `[${i}]`).toBeLessThanOrEqual(OPERATIONS * 2 ** -53 * Math.abs(value))
  })
}

describe('ropeFrequencies', () => {
  test('without scaling: base^(−2i / width)', () => {
    const { frequencies, magnitude } = ropeFrequencies(8, 10000, NONE)
    near(frequencies, [1, 0.1, 0.01, 0.001])
    expect(magnitude).toBe(1)
  })

  test('linear: every frequency divided', () => {
    const { frequencies, magnitude } = ropeFrequencies(8, 10000, { type: 'linear', factor: 4 })
    near(frequencies, [0.25, 0.025, 0.0025, 0.00025])
    expect(magnitude).toBe(1)
  })

  test("Llama 3: each frequency by the file's own divisor", () => {
    near(ropeFrequencies(8, 10000, NONE, [1, 2, 5, 8]).frequencies, [1, 0.05, 0.002, 0.000125])
  })

  test("the divisors of Llama 3.1 8B give Hugging Face's frequencies", () => {
    // As llama.cpp's converter: factor 8, low and high frequency factors 1 and 4, 8192 positions.
    const divisors = Array.from({ length: 64 }, (_, i) => {
      const turns = 8192 / (2 * Math.PI * 500000 ** (i / 64))
      if (turns >= 4) return 1
      if (turns <= 1) return 8
      const smooth = (turns - 1) / (4 - 1)
      return 1 / ((1 - smooth) / 8 + smooth)
    })
    expect(new Set(divisors).size).toBeGreaterThan(3)
    const { frequencies } = ropeFrequencies(128, 500000, NONE, divisors)
    // _compute_llama3_parameters: the same by wavelength instead of by turns.
    const expected = Array.from({ length: 64 }, (_, i) => {
      const frequency = 1 / 500000 ** ((2 * i) / 128)
      const wavelength = (2 * Math.PI) / frequency
      if (wavelength < 8192 / 4) return frequency
      if (wavelength > 8192 / 1) return frequency / 8
      const smooth = (8192 / wavelength - 1) / (4 - 1)
      return ((1 - smooth) * frequency) / 8 + smooth * frequency
    })
    near(frequencies, expected)
  })

  /*
   * Expected numbers by numpy, after the formulas of YaRN's own code (jquesnelle/yarn):
   *
   *   def yarn(dim, base, factor, length, fast=32, slow=1):
   *       extrapolated = base ** (-np.arange(0, dim, 2) / dim)
   *       interpolated = extrapolated / factor
   *       pair = lambda turns: dim * np.log(length / (turns * 2 * np.pi)) / (2 * np.log(base))
   *       low, high = max(np.floor(pair(fast)), 0), min(np.ceil(pair(slow)), dim - 1)
   *       ramp = np.clip((np.arange(dim // 2) - low) / (high - low), 0, 1)
   *       return interpolated * ramp + extrapolated * (1 - ramp), 0.1 * np.log(factor) + 1
   */
  test('yarn(32, 10000, 4, 2048)', () => {
    const { frequencies, magnitude } = ropeFrequencies(32, 10000, yarn(4, 2048))
    near(frequencies, YARN_32)
    near([magnitude], [1.138629436111989])
  })

  test('yarn(128, 1e6, 4, 32768), as Qwen 2.5 is stretched', () => {
    const { frequencies } = ropeFrequencies(128, 1e6, yarn(4, 32768))
    near(
      [0, 20, 30, 31, 32, 40, 45, 60, 63].map((i) => frequencies[i]),
      YARN_128,
    )
  })

  test('yarn: an attention factor multiplies the magnitude, betas move the ramp', () => {
    const plain = yarn(4, 2048)
    near([ropeFrequencies(32, 10000, { ...plain, attentionFactor: 2 }).magnitude], [2 * 1.138629436111989])
    const moved = ropeFrequencies(32, 10000, { ...plain, betaFast: 4 }).frequencies
    // Fewer turns suffice to keep a frequency: some of those that were stretched are not any more.
    expect(moved.filter((f, i) => f > YARN_32[i] * 1.01).length).toBeGreaterThan(0)
    expect(moved.filter((f, i) => f < YARN_32[i] * 0.99)).toHaveLength(0)
  })
})

const yarn = (factor: number, originalContext: number) =>
  ({ type: 'yarn', factor, originalContext, attentionFactor: 1, betaFast: 32, betaSlow: 1 }) as const

const YARN_32 = [
  1.0, 0.5623413251903491, 0.31622776601683794, 0.1778279410038923, 0.1, 0.05020904689199546,
  0.024846467329894407, 0.012066895996692691, 0.005714285714285714, 0.0026108704383837637,
  0.0011293848786315642, 0.0004445698525097307, 0.00025, 0.00014058533129758727, 7.905694150420948e-5,
  4.445698525097307e-5,
]
const YARN_128 = [
  1.0, 0.01333521432163324, 0.001064360981247002, 0.0008029597275452302, 0.0006029411764705882,
  4.445698525097307e-5, 1.510740975595332e-5, 5.928434264154138e-7, 3.102344401879299e-7,
]

test('ropeTable: cosines then sines of position · frequency, times the magnitude', () => {
  const table = ropeTable({ frequencies: Float64Array.of(1, 0.5), magnitude: 2 }, 3)
  const expected = [0, 1, 2].flatMap((p) => [Math.cos(p), Math.cos(p / 2), Math.sin(p), Math.sin(p / 2)])
  expect(Array.from(table)).toEqual(expected.map((value) => Math.fround(2 * value)))
})

describe('ropeScaling', () => {
  const scaling = async (keys: Record<string, WriterValue>): Promise<RopeScaling> => {
    const metadata = Object.fromEntries(
      Object.entries(keys).map(([key, value]) => [`llama.rope.${key}`, value]),
    )
    await using file = await openGguf(writeGguf({ metadata }))
    return ropeScaling(file, 'llama', 4096)
  }

  test.each<[string, Record<string, WriterValue>, RopeScaling]>([
    ['no keys', {}, NONE],
    ['none', { 'scaling.type': 'none', 'scaling.factor': { f32: 8 } }, NONE],
    ['linear', { 'scaling.type': 'linear', 'scaling.factor': { f32: 8 } }, { type: 'linear', factor: 8 }],
    ['linear by the old key', { scale_linear: { f32: 2 } }, { type: 'linear', factor: 2 }],
    ['factor 1', { 'scaling.type': 'yarn', 'scaling.factor': { f32: 1 } }, NONE],
    ['yarn with defaults', { 'scaling.type': 'yarn', 'scaling.factor': { f32: 4 } }, { ...yarn(4, 4096) }],
    [
      'yarn with everything',
      {
        'scaling.type': 'yarn',
        'scaling.factor': { f32: 4 },
        'scaling.original_context_length': { u32: 1024 },
        'scaling.attn_factor': { f32: 0.5 },
        'scaling.yarn_beta_fast': { f32: 16 },
        'scaling.yarn_beta_slow': { f32: 2 },
      },
      { type: 'yarn', factor: 4, originalContext: 1024, attentionFactor: 0.5, betaFast: 16, betaSlow: 2 },
    ],
  ])('%s', async (_, keys, expected) => {
    expect(await scaling(keys)).toEqual(expected)
  })

  test.each<[string, Record<string, WriterValue>, RegExp]>([
    [
      'zero',
      { 'scaling.type': 'linear', 'scaling.factor': { f32: 0 } },
      /llama\.rope\.scaling\.factor' is 0/,
    ],
    ['negative', { 'scaling.factor': { f32: -2 } }, /llama\.rope\.scaling\.factor' is -2/],
    ['NaN', { 'scaling.factor': { f32: Number.NaN } }, /llama\.rope\.scaling\.factor' is NaN/],
    ['text', { 'scaling.factor': 'four' }, /llama\.rope\.scaling\.factor" is the string "four"/],
    ['another type', { 'scaling.type': 'longrope', 'scaling.factor': { f32: 4 } }, /'longrope' is not/],
    // Its factors would be elsewhere: that it has no `scaling.factor` does not make it none.
    ['another type without a factor', { 'scaling.type': 'longrope' }, /'longrope' is not supported/],
  ])('%s is refused', async (_, keys, message) => {
    const error = await scaling(keys).catch((reason) => reason)
    expect(error).toBeInstanceOf(FormatError)
    expect(error.message).toMatch(message)
  })
})
