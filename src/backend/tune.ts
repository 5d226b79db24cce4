import type { Backend, Digits, Tensor, Weight } from './backend.js'

/** Enough to stream from memory on any machine whose caches are smaller; a pass takes a few milliseconds. */
const SAMPLE_BYTES = 64 << 20
const ROUNDS = 5

/**
 * The number of threads with which one token passes fastest through a sample of the weights: all, or half as many,
 * and so on down to one. The counts take turns, since machines have phases, and the median of each counts.
 * @param use makes the backend decode with so many threads
 */
export async function fastestThreads(
  backend: Backend,
  weights: readonly Weight[],
  use: (threads: number) => void,
): Promise<number> {
  const counts: number[] = []
  for (let n = backend.threads; n >= 1; n = n === 1 ? 0 : Math.ceil(n / 2)) counts.push(n)
  if (counts.length === 1 || weights.length === 0) return counts[0]
  const pass = onePass(backend, sample(weights))
  const times = counts.map((): number[] => [])
  try {
    await pass.run()
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, count] of counts.entries()) {
        use(count)
        const started = performance.now()
        await pass.run()
        times[i].push(performance.now() - started)
      }
  } finally {
    pass.free()
  }
  const medians = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1])
  return counts[medians.indexOf(Math.min(...medians))]
}

function sample(weights: readonly Weight[]): Weight[] {
  let bytes = 0
  return weights.filter((weight) => {
    const taken = bytes < SAMPLE_BYTES
    bytes += weight.byteLength
    return taken
  })
}

/** Products of one token of zeros with each of the weights. */
function onePass(backend: Backend, weights: readonly Weight[]): { run(): Promise<void>; free(): void } {
  const inputs = new Map<number, { x: Tensor; digits: Digits }>()
  for (const { cols } of weights) {
    if (inputs.has(cols)) continue
    const digits = backend.digits(1, cols, { passes: 2, granularity: 'group' })
    const x = backend.tensor(1, cols)
    backend.decompose(x, digits)
    inputs.set(cols, { x, digits })
  }
  const products = weights.map((weight) => ({ weight, out: backend.tensor(1, weight.rows) }))
  const { out } = products[products.length - 1]
  return {
    async run() {
      for (const { weight, out } of products) {
        const { x, digits } = inputs.get(weight.cols)!
        backend.linear(weight.quantized ? digits : x, weight, out)
      }
      await backend.read(out)
    },
    free() {
      for (const { digits } of inputs.values()) backend.free(digits)
    },
  }
}
