import { rmSync } from 'node:fs'
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

  test('the reference backend gives the same tokens; one line says what it costs and what helps', async () => {
    const { status, stdout, stderr } = await run()
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      tokens: golden.greedy_ids.slice(0, 20),
      stats: { backend: 'reference', variant: 'typescript' },
    })
    expect(stderr).toMatch(
      /^multiscale: the native addon is not built, .*a hundred times slower and more.*C\+\+20 compiler.*npm rebuild multiscale.*\n$/,
    )
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
