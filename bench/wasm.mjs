// How fast the WebAssembly products are: decode (one token) in GB/s of packed weights, beside the read bandwidth that
// WebAssembly itself has at that moment with as many threads; prefill (512 tokens) in GMAC/s, a product of two digits
// counted once. Answers are checked against the reference.
//
//   node bench/wasm.mjs [--threads N] [--variant NAME] [--megabytes N] [--rounds N] [--out FILE]
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import asc from 'assemblyscript/asc'
import { createReferenceBackend, createWasmBackend, wasmVariants } from '../dist/backend/index.js'
import { spread } from '../dist/cli/bench/summary.js'
import { quantizedMatrixFromBytes } from '../dist/format/index.js'
import { machine } from './machine.mjs'

/** Reads [p, p + n) as products do: one stream, whole vectors. */
const READ = `
export function read(p: usize, n: usize): i32 {
  let a = i32x4.splat(0), b = a, c = a, d = a
  const end = p + n
  do {
    a = v128.or(a, v128.load(p))
    b = v128.or(b, v128.load(p, 16))
    c = v128.or(c, v128.load(p, 32))
    d = v128.or(d, v128.load(p, 48))
    p += 64
  } while (p < end)
  return i32x4.extract_lane(v128.or(v128.or(a, b), v128.or(c, d)), 0)
}`
// Words that a round's threads meet at: rounds begun, threads done.
const [BEGUN, DONE] = [0, 1]
const DATA = 65536

function readShare({ module, memory, thread, threads, bytes }) {
  const { read } = new WebAssembly.Instance(module, { env: { memory } }).exports
  const share = Math.floor(bytes / threads / 64) * 64
  return () => read(DATA + thread * share, share)
}

if (!isMainThread) {
  const words = new Int32Array(workerData.memory.buffer)
  const read = readShare(workerData)
  Atomics.add(words, DONE, 1)
  for (let round = 0; ; round++) {
    while (Atomics.load(words, BEGUN) === round) Atomics.wait(words, BEGUN, round)
    read()
    Atomics.add(words, DONE, 1)
  }
}

/** @returns a function that measures GB/s once, and one that ends its threads */
async function bandwidth(threads, bytes) {
  const { error, binary } = await compile()
  if (error) throw error
  const module = new WebAssembly.Module(binary)
  const pages = Math.ceil((DATA + bytes) / 65536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  new Uint8Array(memory.buffer, DATA).fill(7)
  const words = new Int32Array(memory.buffer)
  const task = { module, memory, threads, bytes }
  const workers = Array.from({ length: threads - 1 }, (_, i) => {
    return new Worker(new URL(import.meta.url), { workerData: { ...task, thread: i + 1 } })
  })
  const meet = async () => {
    while (Atomics.load(words, DONE) < threads - 1) await new Promise((resolve) => setTimeout(resolve, 1))
    Atomics.store(words, DONE, 0)
  }
  await meet()
  const read = readShare({ ...task, thread: 0 })
  const measure = () => {
    const started = performance.now()
    Atomics.add(words, BEGUN, 1)
    Atomics.notify(words, BEGUN)
    read()
    while (Atomics.load(words, DONE) < threads - 1);
    const seconds = (performance.now() - started) / 1000
    Atomics.store(words, DONE, 0)
    return bytes / seconds / 1e9
  }
  for (let i = 0; i < 3; i++) measure()
  return { measure, end: () => Promise.all(workers.map((worker) => worker.terminate())) }
}

async function compile() {
  let binary
  const { error } = await asc.main(
    [
      ...['read.ts', '--outFile', 'read.wasm', '-O3', '--runtime', 'stub', '--enable', 'simd,threads'],
      ...['--importMemory', '--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65535'],
    ],
    {
      readFile: (name) => (name === 'read.ts' ? READ : null),
      writeFile: (_, contents) => {
        binary = contents
      },
      listFiles: () => [],
    },
  )
  return { error, binary }
}

/** Bytes of a matrix with scales of 2^-7: codes may be anything. */
function matrix(type, rows, cols, seed) {
  const blockBytes = { Q4_0: 18, Q8_0: 34 }[type]
  const bytes = new Uint8Array((rows * cols * blockBytes) / 32)
  let state = seed
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[i] = state >>> 24
  }
  for (let at = 0; at < bytes.length; at += blockBytes) [bytes[at], bytes[at + 1]] = [0, 0x20]
  return bytes
}

const OPTIONS = { passes: 2, granularity: 'group' }

function activations(backend, rows, cols) {
  const x = backend.tensor(rows, cols)
  const values = Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * 1.37) * (1 + (i % 7)))
  backend.upload(x, values)
  const digits = backend.digits(rows, cols, OPTIONS)
  backend.decompose(x, digits)
  return { digits, values }
}

/** Some rows of the product, against the reference backend. */
async function check(type, rows, cols, bytes, values, y) {
  const reference = createReferenceBackend()
  const some = 16
  const part = bytes.subarray(0, (bytes.length / rows) * some)
  const weight = await reference.weight(quantizedMatrixFromBytes('part', type, some, cols, part))
  const x = reference.tensor(1, cols)
  reference.upload(x, values.subarray(0, cols))
  const digits = reference.digits(1, cols, OPTIONS)
  reference.decompose(x, digits)
  const out = reference.tensor(1, some)
  reference.linear(digits, weight, out)
  const expected = await reference.read(out)
  // Roundings of cols / 32 groups, with sums that cancel by up to a factor of 100.
  const tolerance = (cols / 32 + 5) * 2 ** -24 * 100 * Math.max(...expected.map(Math.abs))
  expected.forEach((value, i) => {
    if (!(Math.abs(value - y[i]) <= tolerance)) throw new Error(`${type}: row ${i} is ${y[i]} for ${value}`)
  })
}

async function measure(backend, type, rows, cols, { megabytes, rounds, read }) {
  const bytes = matrix(type, rows, cols, 1)
  const source = quantizedMatrixFromBytes(type, type, rows, cols, bytes)
  const copies = Math.max(1, Math.round((megabytes * 1e6) / bytes.length))
  const weights = []
  for (let i = 0; i < copies; i++) weights.push(await backend.weight(source))
  const single = activations(backend, 1, cols)
  const many = activations(backend, 512, cols)
  const out = backend.tensor(1, rows)
  const outs = backend.tensor(512, rows)
  const time = (work) => {
    const started = performance.now()
    work()
    return (performance.now() - started) / 1000
  }
  const decode = () =>
    time(() => {
      for (const weight of weights) backend.linear(single.digits, weight, out)
    })
  const prefill = () => time(() => backend.linear(many.digits, weights[0], outs))
  for (let i = 0; i < 3; i++) decode()
  for (let i = 0; i < 2; i++) prefill()
  await check(type, rows, cols, bytes, single.values, await backend.read(out))
  await check(type, rows, cols, bytes, many.values, await backend.read(outs))
  const figures = { decode: [], share: [], prefill: [] }
  for (let i = 0; i < rounds; i++) {
    const before = read()
    const gigabytes = (copies * weights[0].byteLength) / decode() / 1e9
    const after = read()
    figures.decode.push(gigabytes)
    figures.share.push(gigabytes / ((before + after) / 2))
    figures.prefill.push((512 * rows * cols) / prefill() / 1e9)
  }
  for (const object of [...weights, single.digits, many.digits]) backend.free(object)
  return {
    type,
    shape: [rows, cols],
    decodeGBs: spread(figures.decode),
    shareOfReadBandwidth: spread(figures.share),
    prefillGMACs: spread(figures.prefill),
  }
}

if (isMainThread) {
  const { values: flags } = parseArgs({
    options: {
      threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      variant: { type: 'string' },
      megabytes: { type: 'string', default: '400' },
      rounds: { type: 'string', default: '9' },
      out: { type: 'string' },
    },
  })
  const threads = Number(flags.threads)
  const megabytes = Number(flags.megabytes)
  const reader = await bandwidth(threads, megabytes * 1e6)
  const rates = []
  const read = () => {
    const rate = reader.measure()
    rates.push(rate)
    return rate
  }
  const names = wasmVariants()
    .filter(({ name, supported }) => supported && (flags.variant ?? name) === name)
    .map(({ name }) => name)
  const results = []
  for (const variant of names) {
    const backend = createWasmBackend({ variant, threads })
    await new Promise((resolve) => setTimeout(resolve, 300)) // for the threads to start
    for (const type of ['Q4_0', 'Q8_0'])
      for (const [rows, cols] of [
        [8192, 2048],
        [2048, 8192],
      ])
        results.push({
          variant,
          ...(await measure(backend, type, rows, cols, { megabytes, rounds: Number(flags.rounds), read })),
        })
    backend.close()
  }
  await reader.end()
  const standard = createWasmBackend({ threads: 1 })
  const report = {
    benchmark: 'wasm',
    units: 'decode: GB/s of packed weights; prefill: GMAC/s of 512 tokens, two digits counted once',
    threads,
    defaultVariant: standard.variant,
    readGBs: spread(rates),
    results,
    machine: machine(),
  }
  standard.close()
  console.log(JSON.stringify(report, null, 2))
  if (flags.out) writeFileSync(flags.out, `${JSON.stringify(report, null, 2)}\n`)
}
