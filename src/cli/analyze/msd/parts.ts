import { type QuantizableTypeName, tensorType } from '../../../format/index.js'
import type { OnPart } from '../attention/section.js'
import type { CapturedInput, matrixOf } from './capture.js'
import { type Distribution, randomActivations, randomWeights } from './data.js'
import { type Errors, Part, pooled, reportOf } from './measure.js'
import type { PartReport } from './report.js'
import type { Scheme } from './schemes.js'

export interface RandomShape {
  readonly distribution: readonly Distribution[]
  readonly rows: number
  readonly columns: number
  readonly weights: QuantizableTypeName
  /** Rows of the weights. */
  readonly outputs: number
  readonly seed: number
}

/** Every scheme on random activations, one part a distribution. @throws RangeError unless rows are whole blocks of weights */
export async function measureRandom(
  { distribution: distributions, rows, columns, weights: type, outputs, seed }: RandomShape,
  schemes: readonly Scheme[],
  onPart: OnPart,
): Promise<{ parts: PartReport[] }> {
  const { blockSize } = tensorType(type)
  if (columns % blockSize !== 0) {
    throw new RangeError(
      `${columns} columns are not whole ${type} blocks of ${blockSize}; ` +
        `choose --columns as a multiple of ${blockSize}, or --weights F32`,
    )
  }
  const parts: PartReport[] = []
  for (const data of distributions) {
    const activations = randomActivations(data, { rows, cols: columns }, 3 * seed)
    const part = new Part(activations, randomWeights(type, { rows: outputs, cols: columns }, 3 * seed + 2))
    const errors: Errors[] = []
    for (const scheme of schemes) {
      await onPart(parts.length * schemes.length + errors.length, distributions.length * schemes.length)
      errors.push(part.errors(scheme.approximate(activations)))
    }
    parts.push({
      ...{ data, rows, columns, massive: part.massive, weights: { types: [type], rows: outputs } },
      schemes: schemes.map((scheme, i) => ({ ...nameOf(scheme, columns), ...reportOf(errors[i]) })),
    })
  }
  return { parts }
}

/** Every scheme on what was captured, one part for the inputs of all layers that have one name. */
export async function measureCaptured(
  captured: readonly CapturedInput[],
  weightsOf: (input: CapturedInput) => ReturnType<typeof matrixOf>,
  schemes: readonly Scheme[],
  onPart: OnPart,
): Promise<PartReport[]> {
  const parts: PartReport[] = []
  let done = 0
  for (const data of new Set(captured.map(({ input }) => input))) {
    const layers = captured.filter(({ input }) => input === data)
    const errors: Errors[][] = schemes.map(() => [])
    const types = new Set<PartReport['weights']['types'][number]>()
    let [massive, outputs] = [0, 0]
    for (const layer of layers) {
      const { type, rows, weights } = await weightsOf(layer)
      const part = new Part(layer.activations, weights)
      for (const [i, scheme] of schemes.entries()) {
        await onPart(done++, captured.length * schemes.length)
        errors[i].push(part.errors(scheme.approximate(layer.activations)))
      }
      types.add(type)
      massive += part.massive
      outputs = rows
    }
    const { rows, cols: columns } = layers[0].activations
    parts.push({
      ...{ data, rows, columns, massive, weights: { types: [...types], rows: outputs } },
      schemes: schemes.map((scheme, i) => ({
        ...nameOf(scheme, columns),
        ...reportOf(pooled(errors[i])),
        layers: layers.map(({ layer }, at) => ({ layer, ...reportOf(errors[i][at]) })),
      })),
    })
  }
  return parts
}

const nameOf = ({ name, family, bits }: Scheme, columns: number) => ({
  scheme: name,
  family,
  bits: bits(columns),
})
