import { describe, expect, test } from 'vitest'
import { cpuLimit, machineFacts } from '../../src/cli/machine.js'

describe('the limit of CPU time', () => {
  const unified = '0::/user.slice\n'
  const older = '4:memory:/box\n3:cpu,cpuacct:/box\n'
  test.each([
    ['none', {}, null],
    ['version 2, no limit', { '/proc/self/cgroup': unified, 'user.slice/cpu.max': 'max 100000\n' }, null],
    ['version 2', { '/proc/self/cgroup': unified, 'user.slice/cpu.max': '150000 100000\n' }, 1.5],
    ['version 2, in a container', { '/proc/self/cgroup': '0::/\n', 'cgroup/cpu.max': '400000 100000\n' }, 4],
    [
      'version 1',
      {
        '/proc/self/cgroup': older,
        'cpu/box/cpu.cfs_quota_us': '50000\n',
        'cpu/box/cpu.cfs_period_us': '100000\n',
      },
      0.5,
    ],
    [
      'version 1, no limit',
      {
        '/proc/self/cgroup': older,
        'cpu/cpu.cfs_quota_us': '-1\n',
        'cpu/cpu.cfs_period_us': '100000\n',
      },
      null,
    ],
  ])('%s', (_, files: Record<string, string>, expected) => {
    const read = (path: string) => Object.entries(files).find(([end]) => path.endsWith(end))?.[1] ?? null
    expect(cpuLimit(read)).toBe(expected)
  })
})

test('the facts of this machine are filled in', () => {
  const facts = machineFacts()
  expect(facts).toMatchObject({ node: process.version, multiscale: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  for (const key of ['cores', 'parallelism', 'memoryBytes', 'availableBytes'] as const) {
    expect(facts[key], key).toBeGreaterThan(0)
  }
})
