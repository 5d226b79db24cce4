import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.js'

describe('Random', () => {
  test('the numbers of the reference implementation (xoshiro128starstar.c 1.1, state 1 2 3 4)', () => {
    const random = new Random(0)
    random.state = [1, 2, 3, 4]
    const numbers = Array.from({ length: 10 }, () => random.nextUint32())
    expect(numbers).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ])
  })

  test('the same seed, the same numbers; every bit of the seed counts', () => {
    const first = (seed: number) => new Random(seed).nextDouble()
    expect(first(7)).toBe(first(7))
    const seeds = [0, ...Array.from({ length: 53 }, (_, bit) => 2 ** bit)]
    expect(new Set(seeds.map(first)).size).toBe(seeds.length)
    expect(new Random().state).not.toEqual(new Random().state)
  })

  test('a saved state goes on where it was', () => {
    const random = new Random(1)
    random.nextDouble()
    const { state } = random
    const expected = [random.nextDouble(), random.nextDouble()]
    random.state = state
    expect([random.nextDouble(), random.nextDouble()]).toEqual(expected)
  })

  test('doubles fill [0, 1) evenly, down to 53 bits', () => {
    const random = new Random(3)
    const n = 100_000
    let sum = 0
    let low = 0
    let isInside = true
    for (let i = 0; i < n; i++) {
      const value = random.nextDouble()
      isInside &&= value >= 0 && value < 1
      sum += value
      low += (value * 2 ** 53) % 2
    }
    expect(isInside).toBe(true)
    // Six standard deviations of the mean: of a uniform variable 1/√12, of a fair bit 1/2.
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(6 / Math.sqrt(12 * n))
    expect(Math.abs(low / n - 0.5)).toBeLessThan(6 / Math.sqrt(4 * n))
  })

  test.each([-1, 0.5, Number.NaN, 2 ** 53])('the seed %s is an error', (seed) => {
    expect(() => new Random(seed)).toThrow('The seed must be an integer from 0')
  })

  test.each([[[1, 2, 3]], [[0, 0, 0, 0]]])('the state %j is an error', (state) => {
    expect(() => {
      new Random(1).state = state
    }).toThrow('is 4 words, not all of them 0')
  })
})
