// How fast a file's weights are read and packed, beside reading alone, from a file in the system's cache.
//
//     node bench/load.mjs MODEL.gguf [--threads 2] [--rounds 7] [--out FILE]
//
// Only the matrices: header, vocabulary and the choice of threads come to the same time for any format. What was packed
// is checked: one row of each matrix must be the file's.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createNativeBackend } from '../dist/backend/index.js'
import { spread } from '../dist/cli/bench/summary.js'
import { dequantize, openGguf } from '../dist/format/index.js'
import { machine } from './machine.mjs'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '7' },
    out: { type: 'string' },
  },
})
if (positionals.length !== 1) throw new Error('give the path of a model file')
const file = await openGguf(positionals[0])
const names = [...file.tensors.keys()].filter((name) => file.tensor(name).dims.length === 2)
const bytes = names.reduce((sum, name) => sum + file.tensor(name).byteLength, 0)
const PIECE = 4 << 20

async function read() {
  const buffer = new Uint8Array(PIECE)
  for (const name of names) {
    const matrix = file.matrix(name)
    const step = Math.max(1, Math.floor(PIECE / matrix.rowBytes))
    for (let row = 0; row < matrix.rows; row += step)
      await matrix.readRows(row, Math.min(row + step, matrix.rows), buffer)
  }
}

async function load(check) {
  const backend = createNativeBackend({ threads: Number(options.threads) })
  try {
    for (const name of names) {
      const matrix = file.matrix(name)
      const weight = await backend.weight(matrix)
      if (!check) continue
      const row = matrix.rows >> 1
      const out = backend.tensor(1, matrix.cols)
      backend.embed(weight, [row], out)
      const expected = dequantize(matrix.type, await matrix.readRows(row, row + 1), 1, matrix.cols, { name })
      const packed = await backend.read(out)
      const bad = expected.findIndex((value, i) => Math.fround(value) !== packed[i])
      if (bad >= 0) throw new Error(`${name}: row ${row} is ${packed[bad]} at ${bad}, not ${expected[bad]}`)
    }
  } finally {
    backend.close()
  }
}

async function seconds(task) {
  const started = performance.now()
  await task()
  return (performance.now() - started) / 1000
}

await load(true)
const rates = { read: [], load: [] }
for (let round = 0; round < Number(options.rounds); round++) {
  rates.read.push(bytes / (await seconds(read)))
  rates.load.push(bytes / (await seconds(() => load(false))))
}
await file.close()
const [reading, loading] = [spread(rates.read), spread(rates.load)]
const show = ({ median, min, max }) => [median, min, max].map((rate) => (rate / 1e9).toFixed(2))
for (const [what, rate] of Object.entries({ 'read alone': reading, 'read and packed': loading })) {
  const [median, min, max] = show(rate)
  console.log(`${what.padEnd(16)} ${median} GB/s (${min}–${max})`)
}
if (options.out) {
  const result = { machine: machine(), threads: Number(options.threads), bytes, reading, loading }
  writeFileSync(options.out, `${JSON.stringify(result, null, 1)}\n`)
}
