import { describe, expect, test } from 'vitest'
import {
  applyKernel1d,
  barycentricProjection,
  denseSinkhorn,
  exactW1,
  type Measures1d,
  planRows,
  sinkhorn1d,
  sinkhornGrid,
  sparsePlanRows,
} from '../../src/transport/index.js'
import { normalized, potentialTolerance, randomMeasures } from '../helpers/transport.js'

const measures = (): Measures1d => ({ x: [0, 1], a: [0.5, 0.5], y: [0.25, 2], b: [0.25, 0.75] })

describe('exact Wasserstein-1', () => {
  test('by hand', () => {
    // Of 0.5 at 0, 0.25 goes to 0.25 and 0.25 to 2; of 1, 0.5 goes to 2. All are sums of powers of two: exact.
    expect(exactW1(measures())).toBe(0.25 * 0.25 + 0.25 * 2 + 0.5)
    expect(exactW1({ x: [3, 1, 2], a: [1, 1, 1], y: [1, 2, 3], b: [1, 1, 1] })).toBe(0)
    expect(exactW1({ x: [0], a: [2], y: [-1, 1], b: [1, 1] })).toBe(2)
  })

  test('is what sorting gives for equal weights, in any order', () => {
    const count = 257
    const { x, y } = randomMeasures('uniform', 'logarithmic', count, count, 1)
    const ascending = (values: number[]) => values.toSorted((p, q) => p - q)
    const expected = ascending(x).reduce((sum, at, i) => sum + Math.abs(at - ascending(y)[i]), 0)
    const ones = x.map(() => 1)
    // Both add at most 2 · count terms of non-negative sums below `count`; differences of whole numbers are exact.
    expect(Math.abs(exactW1({ x, a: ones, y, b: ones }) - expected)).toBeLessThan(
      4 * count * 2 ** -53 * count,
    )
  })
})

describe('what Sinkhorn gives', () => {
  test('keeps the order of points that came in any order', async () => {
    const { x, a, y, b } = randomMeasures('uniform', 'clustered', 20, 15, 2)
    const options = { epsilon: 0.05 }
    const order = x.map((_, i) => i).toSorted((i, j) => x[i] - x[j])
    const shuffled = await sinkhorn1d({ x, a, y, b }, options)
    const sorted = await sinkhorn1d({ x: order.map((i) => x[i]), a: order.map((i) => a[i]), y, b }, options)
    expect(order.map((i) => shuffled.f[i])).toEqual(Array.from(sorted.f))
    expect(shuffled.g).toEqual(sorted.g)
  })

  test('a plan whose rows are a, and whose columns miss b by the marginal error', async () => {
    const input = randomMeasures('repeated', 'uniform', 30, 40, 3)
    const result = await sinkhorn1d(input, { epsilon: 0.01, tolerance: 1e-3 })
    expect(result.converged).toBe(true)
    const columns = new Float64Array(40)
    // Exponents are differences of potentials and points up to 1 in size, divided by ε: three roundings of it, one of the quotient, and
    // the potentials' own, which are sums of two numbers; sums of 40 entries.
    const relative = (8 / 0.01 + 40) * 2 ** -53
    let cost = 0
    let row = 0
    for (const masses of planRows(input, result)) {
      expect(Math.abs(masses.reduce((sum, mass) => sum + mass) - input.a[row])).toBeLessThan(
        4 * relative * input.a[row],
      )
      masses.forEach((mass, j) => {
        columns[j] += mass
        cost += mass * Math.abs(input.x[row] - input.y[j])
      })
      row++
    }
    const violation = columns.reduce((sum, mass, j) => sum + Math.abs(mass - input.b[j]), 0)
    expect(Math.abs(violation - result.marginalError)).toBeLessThan(8 * relative)
    expect(result.marginalError).toBeGreaterThan(1000 * relative)
    expect(Math.abs(cost - result.cost)).toBeLessThan(8 * relative)
  })

  test('sparse rows are the large entries of the dense ones', async () => {
    const input = randomMeasures('uniform', 'logarithmic', 25, 35, 4)
    for (const epsilon of [0.5, 0.01]) {
      const result = await sinkhorn1d(input, { epsilon })
      const threshold = 1e-4
      const sparse = [...sparsePlanRows(input, result, threshold)]
      const dense = [...planRows(input, result)]
      expect(sparse.map(({ row }) => row)).toEqual(dense.map((_, i) => i))
      let entries = 0
      for (const { row, columns, masses } of sparse) {
        const large = Array.from(dense[row].keys()).filter((j) => dense[row][j] >= threshold)
        expect(Array.from(columns)).toEqual(large)
        expect(Array.from(masses)).toEqual(large.map((j) => dense[row][j]))
        entries += large.length
      }
      expect(entries).toBeGreaterThan(0)
      expect(entries).toBeLessThan(25 * 35)
    }
  })

  test('weights of 0 have no potential, and change nothing', async () => {
    const options = { epsilon: 1, tolerance: 1e-12 }
    const { f, g, cost } = await sinkhorn1d(
      { x: [0, 0.5, 1], a: [0.5, 0, 0.5], y: [9, 0.25, 2], b: [0, 0.25, 0.75] },
      options,
    )
    const without = await sinkhorn1d(measures(), options)
    expect([f[1], g[0]]).toEqual([-Infinity, -Infinity])
    expect([f[0], f[2], g[1], g[2]].every(Number.isFinite)).toBe(true)
    // As in test/property: masses off by a factor of e^(4 · tolerance/ε), with all mass within a span of 2 and ε = 1.
    const tolerance = potentialTolerance(1e-12, [0.25, 0.75], 2, 1)
    expect(Math.abs(cost - without.cost)).toBeLessThan(2 * Math.expm1(4 * tolerance))
    const grid = {
      axes: [
        { x: [0, 1], y: [0, 1] },
        { x: [0, 1], y: [0, 1] },
      ],
      a: [1, 0, 0, 0],
      b: [0, 0, 0, 1],
    }
    const corner = await sinkhornGrid(grid, { epsilon: 0.5 })
    expect(corner).toMatchObject({ cost: 2, converged: true })
  })

  test('the barycentric projection of a measure to itself is the identity as ε goes to 0', async () => {
    const { x, a } = randomMeasures('uniform', 'uniform', 12, 1, 5)
    const input = { x, a, y: x, b: a }
    const far = async (epsilon: number) => {
      const [images] = barycentricProjection(input, await sinkhorn1d(input, { epsilon }))
      return images.reduce((largest, image, i) => Math.max(largest, Math.abs(image - x[i])), 0)
    }
    const sorted = x.toSorted((p, q) => p - q)
    const gap = Math.min(...sorted.slice(1).map((at, i) => at - sorted[i]))
    expect(await far(0.1)).toBeGreaterThan(0.01)
    // The nearest other points have e^(−2 gap/ε) of the mass, e^−80 here.
    expect(await far(gap / 40)).toBeLessThan(4 * 2 ** -53)
  })

  test('the barycentric projection is the mean of each row, on grids of every axis', async () => {
    const axes = [
      { x: [0.5, 0], y: [0, 1, 2] },
      { x: [1, 0, 3], y: [2, 0.5] },
    ]
    const input = { axes, a: normalized([1, 2, 3, 4, 5, 6]), b: normalized([3, 1, 2, 1, 1, 2]) }
    const result = await sinkhornGrid(input, { epsilon: 0.4 })
    const images = barycentricProjection(input, result)
    let i = 0
    for (const row of planRows(input, result)) {
      const mean = (of: (j: number) => number) =>
        row.reduce((sum, mass, j) => sum + mass * of(j), 0) / row.reduce((p, q) => p + q)
      // Sums of 6 terms up to 3 in size, exponents up to 20 in size.
      const tolerance = 3 * (6 + 4 * 20) * 2 ** -52
      expect(Math.abs(images[0][i] - mean((j) => axes[0].y[j >> 1]))).toBeLessThan(tolerance)
      expect(Math.abs(images[1][i] - mean((j) => axes[1].y[j & 1]))).toBeLessThan(tolerance)
      i++
    }
    expect(i).toBe(6)
  })
})

describe('extremes', () => {
  const finite = (values: ArrayLike<number>) => Array.from(values).every(Number.isFinite)

  test.each([1e-300, 5e-324, 1e-100, 1e-12, 1e-6, 1, 1e6, 1e100, 1e300])(
    'ε of %d overflows nowhere',
    async (epsilon) => {
      for (const scale of [1, 1e-200, 1e200]) {
        const { x, a, y, b } = randomMeasures('clustered', 'logarithmic', 30, 40, 6)
        const input = { x: x.map((at) => at * scale), a, y: y.map((at) => at * scale), b }
        const result = await sinkhorn1d(input, { epsilon, maxIterations: 50 })
        expect(finite(result.f) && finite(result.g)).toBe(true)
        expect(result.marginalError).toBeLessThanOrEqual(2)
        const independent = a.reduce(
          (sum, p, i) => sum + p * b.reduce((s, q, j) => s + q * Math.abs(x[i] - y[j]), 0),
          0,
        )
        // Sums of 30 · 40 terms, of distances up to 1.
        const rounding = 30 * 40 * 2 ** -52
        // A plan's cost is between the cheapest one's and, as ε grows, that of sending every part everywhere.
        expect(result.cost / scale).toBeGreaterThan(
          (1 - 2 * result.marginalError) * exactW1({ x, a, y, b }) - result.marginalError,
        )
        expect(result.cost / scale).toBeLessThan(independent + result.marginalError + rounding)
        expect(finite(applyKernel1d(input.x, input.y, b, epsilon))).toBe(true)
      }
    },
  )

  test('ε as large as can be is the independent plan, as small as can be the exact one', async () => {
    const input = measures()
    const independent = 0.5 * (0.25 * 0.25 + 0.75 * 2) + 0.5 * (0.25 * 0.75 + 0.75 * 1)
    // A handful of operations on numbers below 2.
    expect(Math.abs((await sinkhorn1d(input, { epsilon: 1e300 })).cost - independent)).toBeLessThan(
      16 * 2 ** -52,
    )
    const { cost, epsilon, marginalError } = await sinkhorn1d(input, { epsilon: 1e-300 })
    expect(epsilon).toBe(2 * 2 ** -40)
    expect(Math.abs(cost - exactW1(input))).toBeLessThanOrEqual(2 * marginalError + 16 * 2 ** -52)
  })

  test('totals need not be 1, and tiny weights count', async () => {
    const input = { x: [0, 1, 2], a: [1e-300, 3, 5], y: [0, 1], b: [4, 4] }
    const { converged, f, cost } = await sinkhorn1d(input, { epsilon: 0.02, tolerance: 1e-9 })
    expect(converged && finite(f)).toBe(true)
    // All of 1 and, of 2, 1 stay above the middle: e^(−1/ε) leaks. The tolerance is relative to a total of 8, at distances up to 2.
    expect(Math.abs(cost - exactW1(input))).toBeLessThan(8 * 2 * 1e-9 + 8 * 2 * Math.exp(-1 / 0.02))
  })
})

describe('work that takes long', () => {
  const large = () => randomMeasures('uniform', 'uniform', 3000, 3000, 7)

  test('tells its progress, and how far it came', async () => {
    const told: { iteration: number; epsilon: number; marginalError: number }[] = []
    const result = await sinkhorn1d(large(), {
      epsilon: 0.05,
      tolerance: 1e-300,
      maxIterations: 100,
      onProgress: (now) => told.push(now),
    })
    expect(result).toMatchObject({ iterations: 100, converged: false, epsilon: 0.05 })
    expect(told.map(({ iteration }) => iteration)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(told.every(({ epsilon }, i) => i === 0 || epsilon <= told[i - 1].epsilon)).toBe(true)
    expect(told.at(-1)).toMatchObject({ epsilon: 0.05, marginalError: result.marginalError })
  })

  test('stopped on the way to a small ε, gives what it has at that ε', async () => {
    const input = randomMeasures('uniform', 'uniform', 20, 20, 8)
    const result = await sinkhorn1d(input, { epsilon: 0.01, maxIterations: 2 })
    const columns = [...planRows(input, result)].reduce((sum, row) => sum.map((mass, j) => mass + row[j]))
    const violation = columns.reduce((sum, mass, j) => sum + Math.abs(mass - input.b[j]), 0)
    expect(result).toMatchObject({ epsilon: 0.01, converged: false })
    // As for the rows of a plan above.
    expect(Math.abs(violation - result.marginalError)).toBeLessThan(8 * (8 / 0.01 + 20) * 2 ** -53)
  })

  test('can be aborted, also by a timer while it computes', async () => {
    const options = { epsilon: 1e-4, tolerance: 1e-300, maxIterations: 1e9 }
    await expect(
      sinkhorn1d(measures(), { ...options, signal: AbortSignal.abort(new Error('no')) }),
    ).rejects.toThrow('no')
    const timer = new AbortController()
    setTimeout(() => timer.abort(new Error('enough')), 5)
    await expect(sinkhorn1d(large(), { ...options, signal: timer.signal })).rejects.toThrow('enough')
    const inner = new AbortController()
    let last = 0
    const onProgress = ({ iteration }: { iteration: number }) => {
      last = iteration
      if (iteration === 3) inner.abort(new Error('three'))
    }
    await expect(sinkhorn1d(large(), { ...options, signal: inner.signal, onProgress })).rejects.toThrow(
      'three',
    )
    expect(last).toBe(3)
  })
})

describe('errors', () => {
  const faults: [string, Partial<Record<keyof Measures1d, number[]>>, RegExp][] = [
    ['no points', { x: [], a: [] }, /x is empty/],
    ['a point that is no number', { y: [0, NaN] }, /y\[1\] is NaN/],
    ['an infinite point', { x: [-Infinity, 0] }, /x\[0\] is -Infinity/],
    ['a weight below 0', { b: [1.5, -0.5] }, /b\[1\] is -0\.5; weights are finite and at least 0/],
    ['a weight that is no number', { a: [NaN, 1] }, /a\[0\] is NaN/],
    ['another number of weights', { a: [1] }, /a has 1 weights, but x has 2 points/],
    ['totals that differ', { a: [0.5, 0.5001] }, /totals of a \(1\.0001\) and b \(1\) differ/],
    ['no mass', { a: [0, 0] }, /weights a add up to 0/],
    ['infinite mass', { a: [1e308, 1e308] }, /weights a add up to Infinity/],
    ['points too far apart', { x: [-1e308, 1e308] }, /too far apart/],
  ]
  test.each(faults)('%s', async (_, change, message) => {
    const input = { ...measures(), ...change }
    await expect(sinkhorn1d(input, { epsilon: 1 })).rejects.toThrow(message)
    await expect(sinkhorn1d(input, { epsilon: 1 })).rejects.toThrow(/^sinkhorn1d: /)
    expect(() => exactW1(input)).toThrow(RangeError)
  })

  test('options out of range', async () => {
    for (const epsilon of [0, -1, NaN, Infinity, 1e301])
      await expect(sinkhorn1d(measures(), { epsilon })).rejects.toThrow(
        /epsilon must be above 0 and at most 1e\+?300/,
      )
    await expect(sinkhorn1d(measures(), { epsilon: 1, tolerance: 0 })).rejects.toThrow(
      /tolerance must be above 0/,
    )
    await expect(sinkhorn1d(measures(), { epsilon: 1, maxIterations: 0.5 })).rejects.toThrow(
      /maxIterations must be/,
    )
    expect(() => applyKernel1d([0], [0], [1], 0)).toThrow(/epsilon/)
    expect(() => applyKernel1d([0], [0, 1], [1], 1)).toThrow(/v has 1 numbers, but y has 2 points/)
    expect(() => applyKernel1d([0], [0], [NaN], 1)).toThrow(/v\[0\] is NaN/)
    expect(() => denseSinkhorn({ cost: [1], a: [1], b: [0.5, 0.5] }, { epsilon: 1 })).toThrow(
      /cost has 1 numbers/,
    )
  })

  test('grids and potentials', async () => {
    const axes = [
      { x: [0, 1], y: [0] },
      { x: [0], y: [NaN] },
    ]
    await expect(sinkhornGrid({ axes, a: [1, 1], b: [2] }, { epsilon: 1 })).rejects.toThrow(
      'y of axis 1[0] is NaN',
    )
    await expect(sinkhornGrid({ axes: [], a: [1], b: [1] }, { epsilon: 1 })).rejects.toThrow(
      'there are no axes',
    )
    const potentials = { f: [0], g: [0, 0], epsilon: 1 }
    expect(() => [...planRows(measures(), potentials)]).toThrow(
      /potentials are of 1 and 2 points, the measures of 2 and 2/,
    )
    expect(() => [...sparsePlanRows(measures(), { ...potentials, f: [0, 0] }, 0)]).toThrow(
      /threshold must be above 0/,
    )
    expect(() => barycentricProjection(measures(), potentials)).toThrow(/potentials are of 1 and 2/)
  })
})
