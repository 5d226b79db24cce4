// Loads and closes a model again and again, aborts generation after generation, and fails if memory grows or a thread
// stays.
//
//     node bench/soak.mjs MODEL.gguf [--cycles 10000] [--workers 200] [--aborts 1000]
//
// cycles: engines loaded and closed in this thread. workers: models loaded into a worker and closed.
import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Engine } from '../dist/engine/engine.js'
import { loadModel } from '../dist/index.js'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cycles: { type: 'string', default: '10000' },
    workers: { type: 'string', default: '200' },
    aborts: { type: 'string', default: '1000' },
  },
})
const [path] = positionals
if (!path) throw new Error('usage: node bench/soak.mjs MODEL.gguf')

const threads = () => {
  try {
    return readdirSync('/proc/self/task').length
  } catch {
    return Number.NaN // not Linux
  }
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 50))
const megabytes = () => {
  globalThis.gc?.()
  return process.memoryUsage.rss() / 2 ** 20
}

const SAMPLES = 12

/**
 * Runs `body` count times and looks at memory twelve times on the way. The heap has ups and downs, and takes a while to
 * find its size; so the lowest of the last third is held against the lowest of the second.
 */
async function soak(name, count, body) {
  if (count === 0) return
  const before = threads()
  const samples = []
  for (let i = 0; i < count; i++) {
    await body(i)
    if (i + 1 < ((samples.length + 1) * count) / SAMPLES) continue
    await settle()
    samples.push(megabytes())
  }
  const third = samples.length / 3
  const start = Math.min(...samples.slice(third, 2 * third))
  const end = Math.min(...samples.slice(2 * third))
  const left = threads() - before
  console.log(
    `${name}: ${count} times, ${start.toFixed(1)} MB at half time, ${end.toFixed(1)} MB at the end, ` +
      `${Number.isNaN(left) ? 'threads unknown' : `${left} threads more than before`}`,
  )
  if (end > start * 1.05 + 4) throw new Error(`${name}: memory grew from ${start} to ${end} MB`)
  if (left > 0) throw new Error(`${name}: ${left} threads were left behind`)
}

const prompt = [1, 2, 3, 4, 5]
// Before anything is counted: Node starts threads of its own for the first file and the first worker.
await (await loadModel(path)).close()
;(await Engine.load(path)).close()
await settle()

await soak('load and close', Number(options.cycles), async () => {
  const engine = await Engine.load(path, { threads: 2 })
  await engine.evaluate(prompt)
  engine.close()
})

await soak('load into a worker and close', Number(options.workers), async () => {
  await (await loadModel(path)).close()
})

const model = await loadModel(path)
await soak('aborted generations', Number(options.aborts), async (i) => {
  const controller = new AbortController()
  const generation = model.generate([...prompt, i % 100], { ignoreEos: true, signal: controller.signal })
  let tokens = 0
  try {
    for await (const _ of generation) if (++tokens > i % 5) controller.abort(new Error('enough'))
    throw new Error('the generation was not aborted')
  } catch (error) {
    if (error.message !== 'enough') throw error
  }
})
// It still answers.
const { tokens } = await model.generate(prompt, { maxTokens: 3, ignoreEos: true }).result
if (tokens.length !== 3) throw new Error('the model does not answer after the aborts')
await model.close()
