import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tinyGguf } from '../helpers/tiny-model.js'

/** bench/soak.mjs in small: it fails by itself if memory grows or a thread stays. The full counts are its defaults. */

const SCRIPT = fileURLToPath(new URL('../../bench/soak.mjs', import.meta.url))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-soak-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('loading, closing and aborting again and again leaves no memory and no thread', async () => {
  const model = join(folder, 'tiny.gguf')
  writeFileSync(model, tinyGguf({ type: 'Q4_0', context: 64 }))
  const counts = ['--cycles', '500', '--workers', '20', '--aborts', '100']
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', SCRIPT, model, ...counts])
  expect(stdout.match(/(0 threads more|threads unknown)/g)).toHaveLength(3)
}, 60_000)
