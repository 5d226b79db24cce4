// What a server that shares the process with a model feels: delay of the main thread's event loop while the model
// loads, reads a prompt and generates, beside the same loop when nothing else runs.
//
//   node bench/event-loop.mjs MODEL.gguf [--out FILE]
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { loadModel } from '../dist/index.js'
import { machine } from './machine.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' } },
})
const [path] = positionals
if (!path) throw new Error('usage: node bench/event-loop.mjs MODEL.gguf')

/** Delay beyond the timer's own resolution, in milliseconds, while `work` runs. */
async function delays(work) {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  const started = performance.now()
  const value = await work()
  histogram.disable()
  const milliseconds = (nanoseconds) => Number((nanoseconds / 1e6).toFixed(2))
  const figures = {
    seconds: Number(((performance.now() - started) / 1000).toFixed(2)),
    turns: histogram.count,
    p50: milliseconds(histogram.percentile(50)),
    p99: milliseconds(histogram.percentile(99)),
    max: milliseconds(histogram.max),
  }
  return { value, figures }
}

const idle = await delays(() => setTimeout(2000))
const load = await delays(() => loadModel(path, { context: 1024 }))
const model = load.value
const prompt = Uint32Array.from({ length: 512 }, (_, i) => 300 + ((i * 7919) % (model.info.vocabulary - 300)))
const generate = await delays(
  () => model.generate(prompt, { maxTokens: 64, ignoreEos: true, temperature: 0 }).result,
)
await model.close()
const report = {
  benchmark: 'event-loop',
  unit: 'milliseconds between turns of a 1 ms timer',
  idle: idle.figures,
  load: load.figures,
  generate: generate.figures,
  machine: machine(),
}
console.log(JSON.stringify(report, null, 2))
if (flags.out) writeFileSync(flags.out, `${JSON.stringify(report, null, 2)}\n`)
