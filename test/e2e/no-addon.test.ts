import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyWithoutAddon, expectFailure, multiscale } from '../helpers/cli.js'
import { goldens, skipWithoutData, storiesPath } from '../helpers/stories.js'

let folder: string
let main: string
beforeAll(() => {
  ;({ folder, main } = copyWithoutAddon())
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.skipIf(skipWithoutData)('without the addon', () => {
  const [golden] = goldens
  const run = (...flags: string[]) => {
    const always = ['--model', storiesPath('f32'), '--greedy', '-n', '20', '--json']
    return multiscale(['run', golden.text, ...always, ...flags], { main })
  }

  const HELP = String.raw`.*C\+\+20 compiler.*npm rebuild multiscale.*\n$`

  test('WebAssembly gives the same tokens; one line says what it costs and what helps', async () => {
    const { status, stdout, stderr } = await run()
    expect(status).toBe(0)
    const { tokens, stats } = JSON.parse(stdout)
    expect(tokens).toEqual(golden.greedy_ids.slice(0, 20))
    expect(stats.backend).toBe('wasm')
    expect(['simd128', 'relaxed-simd']).toContain(stats.variant)
    expect(stderr).toMatch(
      new RegExp(`^multiscale: the native addon is not built, .*WebAssembly.*times slower${HELP}`),
    )
  })

  test.each([
    { flags: ['--backend', 'wasm'], variant: /simd/ },
    { flags: ['--backend', 'wasm', '--variant', 'simd128', '--threads', '1'], variant: /^simd128$/ },
  ])('who asks for it is told nothing: $flags', async ({ flags, variant }) => {
    const { status, stdout, stderr } = await run(...flags)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { tokens, stats } = JSON.parse(stdout)
    expect(tokens).toEqual(golden.greedy_ids.slice(0, 20))
    expect(stats).toMatchObject({ backend: 'wasm', variant: expect.stringMatching(variant) })
  })

  test('without the kernels too, the reference backend gives the same tokens', async () => {
    const hidden = `${folder}/hidden`
    renameSync(join(folder, 'dist/wasm'), hidden)
    const { status, stdout, stderr } = await run()
    const asked = await run('--backend', 'wasm')
    renameSync(hidden, join(folder, 'dist/wasm'))
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      tokens: golden.greedy_ids.slice(0, 20),
      stats: { backend: 'reference', variant: 'typescript' },
    })
    expect(stderr).toMatch(
      new RegExp(`^multiscale: the native addon is not built .*a hundred times slower and more${HELP}`),
    )
    expectFailure(asked, /simd.*wasm is missing; npm run build:wasm makes it/)
  })

  test('who asks for the reference backend is told nothing', async () => {
    expect(await run('--backend', 'reference')).toMatchObject({ status: 0, stderr: '' })
  })

  test('who asks for the native backend gets one clear error', async () => {
    expectFailure(await run('--backend', 'native'), /the native backend is not available: .*npm rebuild/)
  })

  test('inspect needs no addon', async () => {
    const inspected = await multiscale(['inspect', storiesPath('f32')], { main })
    expect(inspected).toMatchObject({ status: 0, stderr: '' })
  })
})
