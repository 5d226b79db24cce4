import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Backend,
  backendCandidates,
  createReferenceBackend,
  type Tensor,
} from '../../src/backend/index.js'
import type { Check } from '../../src/cli/doctor/check.js'
import { selfTest, selfTestChecks } from '../../src/cli/doctor/self-test.js'

let checks: Check[]
beforeAll(async () => {
  checks = await selfTestChecks()
})

/** The reference backend, whose every read passes through `change`; the checks it should fail see the change. */
function broken(change: (values: Float32Array, tensor: Tensor) => void): Backend {
  const reference = createReferenceBackend()
  return new Proxy(reference, {
    get(target, property) {
      if (property === 'read') {
        return async (tensor: Tensor) => {
          const values = await target.read(tensor)
          change(values, tensor)
          return values
        }
      }
      const value = Reflect.get(target, property)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('the self-test', () => {
  const candidates = backendCandidates().filter(({ compiled, supported }) => compiled && supported)

  test.each(candidates)('$backend $variant passes', async ({ create }) => {
    const backend = create(2)
    const result = await selfTest(backend, checks)
    expect(result).toMatchObject({ passed: true, checks: checks.length, failures: [] })
    backend.close()
  })

  test('native variants have one digest', async () => {
    const digests = new Set<string | null>()
    for (const { backend: name, create } of candidates) {
      if (name !== 'native') continue
      const backend = create(1)
      digests.add((await selfTest(backend, checks)).digest)
      backend.close()
    }
    expect(digests.size).toBeLessThanOrEqual(1)
  })

  test('its exact sums are exact: integers that float32 holds', () => {
    const exact = checks.filter(({ name }) => /^integers, [12] /.test(name))
    expect(exact).toHaveLength(4)
    for (const { expected } of exact) {
      expect(expected.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 24)).toBe(true)
      expect(new Set(expected).size).toBeGreaterThan(expected.length / 2)
    }
  })

  test('one wrong value in each result: every check fails and says where', async () => {
    const result = await selfTest(
      broken((values) => {
        values[7] = -values[7]
      }),
      checks,
    )
    expect(result.passed).toBe(false)
    expect(result.failures.map(({ check }) => check)).toEqual(checks.map(({ name }) => name))
    for (const { message } of result.failures) {
      expect(message).toMatch(/^1 of \d+ values are wrong; value 7 is \S+ and should be \S+, /)
    }
  })

  test('the last bit of an exact result counts, a bound of a float result is not far from it', async () => {
    const exact = await selfTest(
      broken((values) => {
        const bits = new Uint32Array(values.buffer)
        bits[3] ^= 1
      }),
      checks,
    )
    expect(exact.failures.map(({ check }) => check)).toEqual(
      checks.filter(({ bounds }) => bounds === null).map(({ name }) => name),
    )
    // A thousandth of the largest value is an error that no bound may hide.
    const coarse = await selfTest(
      broken((values) => {
        const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
        values[3] += largest / 1000
      }),
      checks,
    )
    expect(coarse.failures).toHaveLength(checks.length)
  })

  test('NaN and an operation that throws are failures', async () => {
    const nan = await selfTest(
      broken((values) => values.fill(Number.NaN)),
      checks,
    )
    expect(nan.failures).toHaveLength(checks.length)
    const thrown = await selfTest(
      broken(() => {
        throw new Error('illegal instruction')
      }),
      checks,
    )
    expect(thrown.failures[0]).toEqual({ check: checks[0].name, message: 'Error: illegal instruction' })
  })
})
