import type { AdamWStep, Documents, Floats, Heads, ProductOptions, TrainingOperations } from './operations.js'

/**
 * The formulas, read off the page: plain loops in float64. In a Float64Array they check the gradients, in a
 * Float32Array they are the oracle of the kernels, and they train where there is no addon, slowly.
 */
export class ReferenceTraining<A extends Floats> implements TrainingOperations<A> {
  readonly name = 'reference'
  readonly variant = 'plain'
  readonly threads = 1
  readonly #type: new (
    length: number,
  ) => A

  constructor(type: new (length: number) => A) {
    this.#type = type
  }

  allocate(length: number): A {
    return new this.#type(length)
  }

  product(c: A, a: A, b: A, { m, n, k, transposeA, transposeB, add }: ProductOptions): void {
    const [aRow, aCol] = transposeA ? [1, m] : [k, 1]
    const [bRow, bCol] = transposeB ? [1, k] : [n, 1]
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let l = 0; l < k; l++) sum += a[i * aRow + l * aCol] * b[l * bRow + j * bCol]
        c[i * n + j] = add ? c[i * n + j] + sum : sum
      }
    }
  }

  add(x: A, y: A): void {
    for (let i = 0; i < y.length; i++) x[i] += y[i]
  }

  embed(ids: Int32Array, table: A, cols: number, out: A): void {
    ids.forEach((id, row) => {
      out.set(table.subarray(id * cols, (id + 1) * cols), row * cols)
    })
  }

  embedBackward(ids: Int32Array, dx: A, cols: number, dtable: A): void {
    ids.forEach((id, row) => {
      for (let j = 0; j < cols; j++) dtable[id * cols + j] += dx[row * cols + j]
    })
  }

  rmsNorm(x: A, gain: A, epsilon: number, y: A): void {
    const cols = gain.length
    for (let at = 0; at < x.length; at += cols) {
      const r = inverseRms(x, at, cols, epsilon)
      for (let j = 0; j < cols; j++) y[at + j] = x[at + j] * r * gain[j]
    }
  }

  rmsNormBackward(dy: A, x: A, gain: A, epsilon: number, dx: A, dgain: A): void {
    const cols = gain.length
    for (let at = 0; at < x.length; at += cols) {
      const r = inverseRms(x, at, cols, epsilon)
      let product = 0
      for (let j = 0; j < cols; j++) product += dy[at + j] * gain[j] * x[at + j]
      const pull = (product * r ** 3) / cols
      for (let j = 0; j < cols; j++) {
        dx[at + j] += dy[at + j] * gain[j] * r - x[at + j] * pull
        dgain[j] += dy[at + j] * x[at + j] * r
      }
    }
  }

  rope(x: A, heads: number, headSize: number, table: A, positions: Int32Array, inverse: boolean): void {
    const half = headSize / 2
    const sign = inverse ? -1 : 1
    positions.forEach((position, row) => {
      for (let head = 0; head < heads; head++) {
        const at = (row * heads + head) * headSize
        for (let i = 0; i < half; i++) {
          const cosine = table[position * headSize + i]
          const sine = sign * table[position * headSize + half + i]
          const u = x[at + 2 * i]
          const v = x[at + 2 * i + 1]
          x[at + 2 * i] = u * cosine - v * sine
          x[at + 2 * i + 1] = u * sine + v * cosine
        }
      }
    })
  }

  attention(documents: Documents, heads: Heads, q: A, k: A, v: A, out: A): void {
    const { headSize } = heads
    out.fill(0)
    forQueries(documents, heads, ({ query, keys }) => {
      const p = softmaxOfScores(q, query, k, keys, headSize)
      keys.forEach((key, t) => {
        for (let i = 0; i < headSize; i++) out[query + i] += p[t] * v[key + i]
      })
    })
  }

  attentionBackward(
    documents: Documents,
    heads: Heads,
    { q, k, v, dout, dq, dk, dv }: { q: A; k: A; v: A; dout: A; dq: A; dk: A; dv: A },
  ): void {
    const { headSize } = heads
    for (const gradient of [dq, dk, dv]) gradient.fill(0)
    forQueries(documents, heads, ({ query, keys }) => {
      const p = softmaxOfScores(q, query, k, keys, headSize)
      const dp = keys.map((key) => dot(dout, query, v, key, headSize))
      const mean = p.reduce((sum, weight, t) => sum + weight * dp[t], 0)
      keys.forEach((key, t) => {
        const ds = (p[t] * (dp[t] - mean)) / Math.sqrt(headSize)
        for (let i = 0; i < headSize; i++) {
          dv[key + i] += p[t] * dout[query + i]
          dq[query + i] += ds * k[key + i]
          dk[key + i] += ds * q[query + i]
        }
      })
    })
  }

  swiglu(gate: A, up: A, out: A): void {
    for (let i = 0; i < gate.length; i++) out[i] = gate[i] * sigmoid(gate[i]) * up[i]
  }

  swigluBackward(dout: A, gate: A, up: A, dgate: A, dup: A): void {
    for (let i = 0; i < gate.length; i++) {
      const [d, g, u, s] = [dout[i], gate[i], up[i], sigmoid(gate[i])]
      dup[i] = d * g * s
      dgate[i] = d * u * s * (1 + g * (1 - s))
    }
  }

  logProbabilities(
    logits: A,
    targets: Int32Array,
    temperature: number,
    logProbabilities: Float64Array,
    inverseSums: Float64Array,
  ): void {
    const vocabulary = logits.length / targets.length
    targets.forEach((target, row) => {
      const x = logits.subarray(row * vocabulary, (row + 1) * vocabulary)
      let most = -Infinity
      for (let j = 0; j < vocabulary; j++) most = Math.max(most, x[j])
      const ofTarget = (x[target] - most) / temperature
      let sum = 0
      for (let j = 0; j < vocabulary; j++) {
        x[j] = Math.exp((x[j] - most) / temperature)
        sum += x[j]
      }
      logProbabilities[row] = ofTarget - Math.log(sum)
      inverseSums[row] = 1 / sum
    })
  }

  logProbabilitiesBackward(
    exponentials: A,
    targets: Int32Array,
    temperature: number,
    gradient: Float64Array,
    inverseSums: Float64Array,
  ): void {
    const vocabulary = exponentials.length / targets.length
    targets.forEach((target, row) => {
      const factor = gradient[row] / temperature
      for (let j = 0; j < vocabulary; j++) {
        const p = exponentials[row * vocabulary + j] * inverseSums[row]
        exponentials[row * vocabulary + j] = factor * ((j === target ? 1 : 0) - p)
      }
    })
  }

  squares(x: A): number {
    let sum = 0
    for (let i = 0; i < x.length; i++) sum += x[i] * x[i]
    return sum
  }

  adamw(parameters: A, gradients: A, means: A, variances: A, options: AdamWStep): void {
    const { step, rate, beta1, beta2, epsilon, decay, gradientScale } = options
    for (let i = 0; i < parameters.length; i++) {
      const g = gradients[i] * gradientScale
      means[i] = beta1 * means[i] + (1 - beta1) * g
      variances[i] = beta2 * variances[i] + (1 - beta2) * g * g
      const mean = means[i] / (1 - beta1 ** step)
      const variance = variances[i] / (1 - beta2 ** step)
      parameters[i] -= rate * (mean / (Math.sqrt(variance) + epsilon) + decay * parameters[i])
    }
  }

  close(): void {}
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

function inverseRms(x: Floats, at: number, cols: number, epsilon: number): number {
  let squares = 0
  for (let j = 0; j < cols; j++) squares += x[at + j] ** 2
  return 1 / Math.sqrt(squares / cols + epsilon)
}

function dot(x: Floats, at: number, y: Floats, from: number, length: number): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum += x[at + i] * y[from + i]
  return sum
}

/** Where each head of each row's query begins, and the keys it sees. */
function forQueries(
  { starts }: Documents,
  { heads, kvHeads, headSize }: Heads,
  body: (at: { query: number; keys: number[] }) => void,
): void {
  for (let document = 0; document + 1 < starts.length; document++) {
    for (let row = starts[document]; row < starts[document + 1]; row++) {
      for (let head = 0; head < heads; head++) {
        const kvHead = Math.floor((head * kvHeads) / heads)
        const keys: number[] = []
        for (let t = starts[document]; t <= row; t++) keys.push((t * kvHeads + kvHead) * headSize)
        body({ query: (row * heads + head) * headSize, keys })
      }
    }
  }
}

function softmaxOfScores(q: Floats, query: number, k: Floats, keys: number[], headSize: number): number[] {
  const scores = keys.map((key) => dot(q, query, k, key, headSize) / Math.sqrt(headSize))
  const most = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - most))
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / sum)
}
