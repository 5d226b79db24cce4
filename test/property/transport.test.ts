import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyKernel1d, denseSinkhorn, sinkhorn1d, sinkhornGrid } from '../../src/transport/index.js'
import { seededRandom } from '../helpers/quants.js'
import { largestDifference } from '../helpers/tolerance.js'
import {
  distances,
  gridDistances,
  gridPoints,
  MESHES,
  normalized,
  potentialTolerance,
} from '../helpers/transport.js'

/** What docs/papers/finom.md proves. TRANSPORT_RUNS makes the tests as thorough as wanted. */
const numRuns = Number(process.env.TRANSPORT_RUNS ?? 150)

const mesh = fc.constantFrom(...Object.keys(MESHES))
const seed = fc.integer({ min: 0, max: 1e9 })

describe('the sweeps', () => {
  test('are the dense product on any meshes', () => {
    const size = fc.integer({ min: 1, max: 200 })
    const exponent = fc.double({ min: -9, max: 3, noNaN: true })
    fc.assert(
      fc.property(
        mesh,
        mesh,
        size,
        size,
        exponent,
        fc.boolean(),
        seed,
        (one, other, n, m, power, isSigned, seed) => {
          const random = seededRandom(seed)
          const [x, y] = [MESHES[one](random, n), MESHES[other](random, m)]
          const v = y.map(() => (isSigned ? random() - 0.5 : random()))
          const epsilon = 10 ** power
          const sums = applyKernel1d(x, y, v, epsilon)
          for (let i = 0; i < n; i++) {
            let [expected, magnitude] = [0, 0]
            for (let j = 0; j < m; j++) {
              const term = Math.exp(-Math.abs(x[i] - y[j]) / epsilon) * v[j]
              expected += term
              magnitude += Math.abs(term)
            }
            // The sweeps' bound (applyKernel1d), and as much for the dense sum: m additions, and exponents up to 745 in size that are
            // rounded twice. Below 2^-1022, where numbers have fewer digits, each of m + n factors may lose 2^-1074.
            const bound = (3 * (n + m) + 2000 + m + 2000) * 2 ** -53 * magnitude + (n + m) * 2 ** -1060
            expect(Math.abs(sums[i] - expected)).toBeLessThanOrEqual(bound)
          }
        },
      ),
      { numRuns },
    )
  })
})

/** Potentials are those of another constant: f + c, g − c. */
function expectSame(
  result: Awaited<ReturnType<typeof sinkhorn1d>>,
  expected: ReturnType<typeof denseSinkhorn>,
  tolerance: number,
  span: number,
  epsilon: number,
): void {
  expect(result.converged && expected.converged).toBe(true)
  const shift = result.f[0] - expected.f[0]
  const f = expected.f.map((potential) => potential + shift)
  const g = expected.g.map((potential) => potential - shift)
  expect(largestDifference(result.f, f)).toBeLessThan(tolerance)
  expect(largestDifference(result.g, g)).toBeLessThan(tolerance)
  // Masses are then off by a factor of e^(2 · tolerance/ε) at most.
  expect(Math.abs(result.cost - expected.cost)).toBeLessThan(span * Math.expm1((4 * tolerance) / epsilon))
}

describe('Sinkhorn', () => {
  const tolerance = 1e-12
  const weights = (random: () => number, count: number) =>
    normalized(Array.from({ length: count }, () => 0.2 + random()))

  test('on a line is the dense one', async () => {
    const size = fc.integer({ min: 1, max: 30 })
    await fc.assert(
      fc.asyncProperty(
        mesh,
        mesh,
        size,
        size,
        fc.constantFrom(0.15, 0.4, 2, 100),
        seed,
        async (one, other, n, m, epsilon, seed) => {
          const random = seededRandom(seed)
          const [x, y] = [MESHES[one](random, n), MESHES[other](random, m)]
          const [a, b] = [weights(random, n), weights(random, m)]
          const result = await sinkhorn1d({ x, a, y, b }, { epsilon, tolerance })
          const expected = denseSinkhorn({ cost: distances(x, y), a, b }, { epsilon, tolerance })
          expectSame(result, expected, potentialTolerance(tolerance, b, 1, epsilon), 1, epsilon)
        },
      ),
      { numRuns: numRuns / 5 },
    )
  })

  test.each([
    [2, [4, 3], [5, 6]],
    [2, [1, 7], [6, 1]],
    [3, [2, 4, 3], [3, 2, 4]],
    [3, [3, 1, 2], [1, 5, 2]],
  ])('on grids in %d dimensions, %j to %j points, is the dense one', async (_, n, m) => {
    for (const epsilon of [0.3, 1.5]) {
      const random = seededRandom(n[0] + 10 * m[0])
      const axes = n.map((count, k) => ({
        x: MESHES.uniform(random, count),
        y: MESHES.logarithmic(random, m[k]),
      }))
      const [p, q] = [gridPoints(axes.map(({ x }) => x)), gridPoints(axes.map(({ y }) => y))]
      const [a, b] = [weights(random, p.length), weights(random, q.length)]
      const result = await sinkhornGrid({ axes, a, b }, { epsilon, tolerance })
      const expected = denseSinkhorn({ cost: gridDistances(p, q), a, b }, { epsilon, tolerance })
      const span = axes.length
      expectSame(result, expected, potentialTolerance(tolerance, b, span, epsilon), span, epsilon)
    }
  })
})
