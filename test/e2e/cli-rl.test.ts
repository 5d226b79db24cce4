import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectFailure, multiscale } from '../helpers/cli.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-rl-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SMALL = ['rl', '--rounds', '2', '--tasks', '4', '--group', '4']

describe('multiscale rl', () => {
  test('lets the built-in model learn, says what happened, writes a model that runs', async () => {
    const [out, svg] = [join(folder, 'better.gguf'), join(folder, 'reward.svg')]
    const { status, stdout, stderr } = await multiscale([...SMALL, '--json', '--out', out, '--svg', svg])
    expect(status, stderr).toBe(0)
    const { before, after, rounds, recipe } = JSON.parse(stdout)
    for (const share of [before, after]) {
      expect(share).toBeGreaterThan(0)
      expect(share).toBeLessThanOrEqual(1)
    }
    expect(recipe).toMatchObject({ tasks: 4, group: 4, correction: 'ais' })
    expect(rounds).toHaveLength(2)
    for (const { reward, diagnostics, lambda } of rounds) {
      expect(reward).toBeGreaterThanOrEqual(0)
      // Quantised rollouts differ from the policy that learns, though not much.
      expect(diagnostics.essRatio).toBeGreaterThan(0.5)
      expect(diagnostics.essRatio).toBeLessThan(1)
      expect(lambda).toBeGreaterThan(0)
    }
    expect(readFileSync(svg, 'utf8')).toContain('mean reward')
    const run = await multiscale(['run', 'Once', '-m', out, '-n', '4', '--json'])
    expect(JSON.parse(run.stdout).tokens).toHaveLength(4)
  })

  test('float32 rollouts are the trained policy itself', async () => {
    const { stdout } = await multiscale([...SMALL, '--rollouts', 'F32', '--seed', '2', '--json'])
    for (const { diagnostics } of JSON.parse(stdout).rounds) {
      // κ = d²/2 for log-probabilities that are d apart; in float32 d is some 1e-6.
      expect(diagnostics.divergence).toBeLessThan(1e-9)
    }
  })

  test('for people there is a summary', async () => {
    const { stdout, stderr } = await multiscale(SMALL)
    expect(stdout).toMatch(
      /^right answers to \d+ problems that were not trained: [\d.]+ % before, [\d.]+ % after 2 rounds\n$/,
    )
    expect(stderr).toMatch(/round 1 \| reward [\d.]+ \| ESS [\d.]+, κ \S+, CV [\d.]+ → λ [\d.]+/)
  })

  test.each([
    [['--model', 'nowhere.gguf'], /nowhere\.gguf.*no such file/],
    [['--group', '1'], /a group needs two completions/],
    [['--temp', '0'], /temperature must be above 0/],
  ])('%j is refused', async (more, message) => {
    expectFailure(await multiscale([...SMALL, ...more]), message)
  })
})
