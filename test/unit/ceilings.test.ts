import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { measureCeilings, nativeVariants } from '../../src/backend/index.js'

/** That the probes run and count; never how fast they are, which is the machine's. */

const CPUINFO = '/proc/cpuinfo'
const usable = nativeVariants().filter(({ compiled, supported }) => compiled && supported)

describe.skipIf(usable.length === 0)('ceilings', () => {
  test.each(usable.flatMap(({ name }) => [1, 2].map((threads) => ({ name, threads }))))(
    '$name, $threads threads: positive and finite',
    ({ name, threads }) => {
      const ceilings = measureCeilings({ variant: name, threads, milliseconds: 1 })
      expect(ceilings).toEqual({
        variant: name,
        threads,
        readBandwidth: expect.any(Number),
        int8Peak: expect.any(Number),
        floatPeak: expect.any(Number),
        bf16Peak: ceilings?.bf16Peak === null ? null : expect.any(Number),
        conversionRate: expect.any(Number),
      })
      for (const rate of [
        ceilings?.readBandwidth,
        ceilings?.int8Peak,
        ceilings?.floatPeak,
        ceilings?.conversionRate,
        ceilings?.bf16Peak ?? 1,
      ]) {
        expect(rate).toBeGreaterThan(0)
        expect(rate).toBeLessThan(1e18)
      }
    },
  )

  test('the widest variant and all cores are the default', () => {
    expect(measureCeilings({ milliseconds: 0 })).toMatchObject({ variant: usable.at(-1)?.name })
  })

  test('bfloat16 is measured where the CPU has it, by the widest variant only', () => {
    const has = / avx512_bf16 /.test(existsSync(CPUINFO) ? readFileSync(CPUINFO, 'utf8') : '')
    for (const { name } of usable) {
      const { bf16Peak } = measureCeilings({ variant: name, milliseconds: 0 })!
      expect(bf16Peak !== null, name).toBe(has && name === 'avx512vnni')
    }
  })

  test('what cannot be is refused', () => {
    expect(() => measureCeilings({ variant: 'none' })).toThrow('none')
    for (const threads of [0, 1.5, 1025]) expect(() => measureCeilings({ threads })).toThrow(RangeError)
    expect(() => measureCeilings({ milliseconds: -1 })).toThrow('milliseconds')
  })
})
