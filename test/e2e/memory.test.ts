import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { multiscale, runModule } from '../helpers/cli.js'
import { LARGE, writeSyntheticGguf } from '../helpers/synthetic-gguf.js'

/** How much memory a model of some 600 MB takes, in a process of its own. */

let folder: string
let model: string
let fileBytes: number
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-memory-'))
  model = join(folder, 'large.gguf')
  fileBytes = writeSyntheticGguf(model, LARGE)
})
afterAll(() => rmSync(folder, { recursive: true }))

const CONTEXT = 512

test('the peak of a run stays near the size of the file', async () => {
  const flags = ['--model', model, '-n', '4', '--ctx', String(CONTEXT), '--json', '--backend', 'native']
  const { status, stdout, stderr } = await multiscale(['run', 'the sun is hot', ...flags])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const { tokens, stats } = JSON.parse(stdout)
  expect(tokens).toHaveLength(4)
  expect(fileBytes).toBeGreaterThan(550e6)
  // It is read in pieces and packed as it comes: at no time is there a second copy.
  expect(stats.peakMemoryBytes).toBeLessThan(1.3 * fileBytes)
  // And it really was in memory.
  expect(stats.peakMemoryBytes).toBeGreaterThan(fileBytes)
  // What `inspect` foretells is not less than what it takes, nor a multiple of it.
  const inspected = JSON.parse(
    (await multiscale(['inspect', model, '--json', '--ctx', String(CONTEXT)])).stdout,
  )
  expect(inspected.run.memory.total).toBeGreaterThan(stats.peakMemoryBytes)
  expect(inspected.run.memory.total).toBeLessThan(1.3 * stats.peakMemoryBytes)
})

test('close gives it back at once, also when a load is aborted', async () => {
  const { status, stdout, stderr } = await runModule(`
    import { loadModel } from 'multiscale'
    const path = ${JSON.stringify(model)}
    const rss = () => process.memoryUsage.rss()
    const before = rss()
    const model = await loadModel(path, { context: ${CONTEXT}, backend: 'native' })
    const loaded = rss()
    await model.close()
    const closed = rss()
    const controller = new AbortController()
    const onProgress = ({ loadedBytes, totalBytes }) => loadedBytes > totalBytes / 2 && controller.abort()
    const options = { context: ${CONTEXT}, backend: 'native', signal: controller.signal, onProgress }
    await loadModel(path, options).catch(() => {})
    console.log(JSON.stringify({ before, loaded, closed, aborted: rss() }))
  `)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const { before, loaded, closed, aborted } = JSON.parse(stdout)
  expect(loaded - before).toBeGreaterThan(fileBytes)
  // What a worker leaves behind (heap, allocator) is some dozens of megabytes, whatever the model.
  expect(closed - before).toBeLessThan(fileBytes / 8)
  expect(aborted - before).toBeLessThan(fileBytes / 8)
})
