import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { nativeVariants } from 'multiscale/backend'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyWithoutAddon, expectFailure, multiscale, packageRoot } from '../helpers/cli.js'

let without: { folder: string; main: string }
beforeAll(() => {
  without = copyWithoutAddon()
})
afterAll(() => rmSync(without.folder, { recursive: true }))

const built = nativeVariants().length > 0

describe.skipIf(!built)('doctor', () => {
  test('--json: the machine, every variant with its self-test, the ceilings', async () => {
    const { status, stdout, stderr } = await multiscale(['doctor', '--json'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { machine, addon, backends, sameBits, ceilings, ...rest } = JSON.parse(stdout)
    expect(rest).toEqual({ healthy: true, notice: null })
    expect(machine).toMatchObject({ node: process.version, v8: process.versions.v8 })
    expect(addon).toEqual({ loads: true, compiler: expect.stringMatching(/\d+\.\d+/) })
    const seen = backends.filter(({ backend }: { backend: string }) => backend === 'native')
    expect(
      seen.map(({ variant, compiled, supported }: Record<string, unknown>) => ({
        name: variant,
        compiled,
        supported,
      })),
    ).toEqual(nativeVariants())
    for (const { compiled, supported, selfTest } of backends) {
      if (compiled && supported) expect(selfTest).toMatchObject({ passed: true, failures: [] })
      else expect(selfTest).toBeNull()
    }
    expect(backends.filter(({ chosen }: { chosen: boolean }) => chosen)).toHaveLength(1)
    expect(sameBits).toHaveLength(1)
    expect(ceilings[0]).toMatchObject({ threads: 1 })
    for (const { readBandwidth, int8Peak, floatPeak } of ceilings) {
      expect(Math.min(readBandwidth, int8Peak, floatPeak)).toBeGreaterThan(0)
    }
  })

  test('as text, without a path or a name of this machine', async () => {
    const { status, stdout, stderr } = await multiscale(['doctor'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^multiscale {2}\d+\.\d+\.\d+$/m)
    expect(stdout).toMatch(/^addon +built with .+$/m)
    expect(stdout).toMatch(/^native +generic +yes +yes +\d+ checks passed/m)
    expect(stdout).toMatch(/^reading memory +[\d.]+ GB\/s/m)
    expect(stdout).toMatch(
      /\nEverything that runs here computes what it should\.\nFor a bug report paste all of this.*\n$/,
    )
    for (const secret of [packageRoot, homedir(), hostname()]) {
      if (secret.length > 2) expect(stdout).not.toContain(secret)
    }
  })
})

describe('doctor without the addon', () => {
  test('says why, what it costs and what helps', async () => {
    const never = await multiscale(['doctor'], { main: without.main })
    expect(never).toMatchObject({ status: 0, stderr: '' })
    expect(never.stdout).toMatch(/^addon +none: it was never built/m)
    expect(never.stdout).toMatch(/^notice +.*C\+\+20 compiler.*npm rebuild multiscale/m)
    expect(never.stdout).not.toContain('ceilings')
    mkdirSync(join(without.folder, 'build'))
    writeFileSync(join(without.folder, 'build/failure'), `no luck in ${without.folder}/kernels\n`)
    const { stdout } = await multiscale(['doctor', '--json'], { main: without.main })
    const { addon, backends, ceilings, healthy } = JSON.parse(stdout)
    expect(addon).toEqual({ loads: false, reason: 'no luck in <multiscale>/kernels' })
    expect(backends).toContainEqual(expect.objectContaining({ backend: 'wasm', chosen: true }))
    expect({ ceilings, healthy }).toEqual({ ceilings: [], healthy: true })
  })

  test('one that does not load is told apart', async () => {
    mkdirSync(join(without.folder, 'build'), { recursive: true })
    writeFileSync(join(without.folder, 'build/multiscale.node'), 'for another system')
    const { status, stdout } = await multiscale(['doctor'], { main: without.main })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^addon +none: it was built, but does not load: /m)
    expect(stdout).not.toContain(without.folder)
  })

  test('what it does not know is an error', async () => {
    expectFailure(await multiscale(['doctor', '--cure']), "unknown option '--cure'")
  })
})
