// Training: one update (forward, backward, clipping, AdamW) against the machine's float32 peak, and against PyTorch on
// the same shapes, parameters and tokens, in alternating rounds. Loss and gradients of the two must agree.
//
//   python3 -m venv venv && venv/bin/pip install torch numpy
//   node bench/training.mjs [--preset small] [--python venv/bin/python] [--rounds 9] [--threads N] [--out FILE]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { measureCeilings } from '../dist/backend/index.js'
import { Network, Optimizer, PRESETS, trainingOperations } from '../dist/rl/index.js'
import { machine } from './machine.mjs'

const { values: flags } = parseArgs({
  options: {
    preset: { type: 'string', default: 'small' },
    python: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    threads: { type: 'string' },
    variant: { type: 'string' },
    documents: { type: 'string', default: '8' },
    length: { type: 'string', default: '256' },
    out: { type: 'string' },
  },
})
const threads = Number(flags.threads ?? availableParallelism())
const [documents, length, rounds] = [flags.documents, flags.length, flags.rounds].map(Number)
const { shape: partial, vocabulary } = PRESETS[flags.preset]
const shape = { vocabulary, ...partial }
const rows = documents * length

const operations = trainingOperations({ threads, variant: flags.variant })
const network = new Network(operations, shape, rows)
network.initialise(1)
const optimizer = new Optimizer(operations, network)
const token = (i) => (i * 2654435761) % vocabulary
const batch = {
  ids: Int32Array.from({ length: rows }, (_, i) => token(i)),
  targets: Int32Array.from({ length: rows }, (_, i) => token(i + 1)),
  positions: Int32Array.from({ length: rows }, (_, i) => i % length),
  starts: Int32Array.from({ length: documents + 1 }, (_, i) => i * length),
}
const objective = (part) => new Float64Array(part.length).fill(-1 / rows)
const adamw = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay: 0.1, clip: 1 }
const update = () => {
  network.clearGradients()
  network.accumulate(batch, objective)
  optimizer.update(0, adamw)
}

/** Multiply-adds of an update: three products a matrix, and those of attention (two forward, five backward). */
const matrices = network.layout.vectorsAt + (shape.tied ? 0 : -vocabulary * shape.width)
const ofAttention =
  7 * shape.layers * shape.heads * shape.headSize * documents * ((length * (length + 1)) / 2)
const work = 3 * matrices * rows + ofAttention

const peak = () => measureCeilings({ threads, variant: flags.variant, milliseconds: 100 }).floatPeak

function startPeer() {
  const folder = mkdtempSync(join(tmpdir(), 'multiscale-training-'))
  const bytes = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)
  const job = { shape, documents, length, threads, parameters: network.layout.parameters }
  writeFileSync(join(folder, 'shape.json'), JSON.stringify(job))
  writeFileSync(join(folder, 'parameters.f32'), bytes(network.parameters))
  writeFileSync(join(folder, 'ids.i32'), bytes(batch.ids))
  writeFileSync(join(folder, 'targets.i32'), bytes(batch.targets))
  const script = join(import.meta.dirname, 'peers/torch_training.py')
  const child = spawn(flags.python, [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('PyTorch ended; is it installed for that python?')
    return JSON.parse(value)
  }
  const close = () => {
    child.stdin.end()
    rmSync(folder, { recursive: true, force: true })
  }
  const time = async () => {
    child.stdin.write('\n')
    return (await read()).seconds
  }
  return { read, time, close }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const peer = flags.python ? startPeer() : null
try {
  let agreement
  let version
  if (peer) {
    const theirs = await peer.read()
    version = theirs.version
    network.clearGradients()
    const logProbabilities = network.accumulate(batch, objective)
    const loss = -logProbabilities.reduce((sum, value) => sum + value, 0) / rows
    const errors = Object.entries(theirs.gradients).map(([name, value]) => {
      const ours = Math.sqrt(network.gradient(name).reduce((sum, g) => sum + g * g, 0))
      return Math.abs(ours - value) / value
    })
    agreement = { loss, theirs: theirs.loss, largestGradientDifference: Math.max(...errors) }
    // Both round to float32 along sums of at most a batch's tokens or a vocabulary: √n · 2^-24 each, and some layers.
    const tolerance = 6 * Math.sqrt(Math.max(rows, vocabulary)) * 2 ** -24 * shape.layers
    if (!(Math.abs(loss - theirs.loss) < tolerance * loss) || !(Math.max(...errors) < tolerance))
      throw new Error(`PyTorch computes something else: ${JSON.stringify(agreement)}`)
  }
  const results = []
  for (let round = 0; round < rounds + 1; round++) {
    const before = peak()
    const started = performance.now()
    update()
    const seconds = (performance.now() - started) / 1000
    const torchSeconds = peer ? await peer.time() : undefined
    const best = Math.max(before, peak())
    if (round > 0) results.push({ seconds, torchSeconds, peak: best })
  }
  const share = median(results.map(({ seconds, peak }) => work / seconds / peak))
  const ratio = peer && median(results.map(({ seconds, torchSeconds }) => torchSeconds / seconds))
  const speed = median(results.map(({ seconds }) => rows / seconds))
  console.log(
    `${flags.preset}: ${(network.layout.length / 1e6).toPrecision(3)} M parameters, ${documents} documents of ${length} tokens, ${threads} threads, ${operations.variant}`,
  )
  console.log(`${Math.round(speed)} tokens/s, ${share.toFixed(2)} of the float32 peak (median of ${rounds})`)
  if (peer)
    console.log(
      `PyTorch ${version} takes ${ratio.toFixed(2)} times as long; loss ${agreement.loss.toFixed(6)} and ${agreement.theirs.toFixed(6)}`,
    )
  if (flags.out) {
    const result = {
      machine: machine(),
      preset: flags.preset,
      shape,
      documents,
      length,
      threads,
      variant: operations.variant,
      torch: version,
      agreement,
      share,
      ratio,
      tokensPerSecond: speed,
      rounds: results,
    }
    writeFileSync(flags.out, `${JSON.stringify(result, null, 2)}\n`)
  }
} finally {
  peer?.close()
  operations.close()
}
