import { checkPositive, checkRates, type DeviceRates } from './device.js'
import { type CheckedOptions, type CostOptions, checkOptions } from './options.js'
import { type Comparison, compared, type PipelineCost, pipelineCost } from './pipeline.js'

/** y[m × n] = x[m × k] · Wᵀ, with `bytesPerWeight` bytes for each stored weight, scales included (Q4_0: 4.5 / 8). */
export interface GemmShape {
  /** Tokens. */
  readonly m: number
  /** Columns of the weight matrix: length of the dot products. */
  readonly k: number
  /** Rows of the weight matrix. */
  readonly n: number
  readonly bytesPerWeight: number
}

/** Bytes of a bfloat16 number. */
export const BF16_BYTES = 2

/**
 * The product by MSD and by two dequantising pipelines (msd.md §5):
 *
 *     T_msd  = max( r·b·K·N/B , 2·p·M·K·N/P8 ) + p·(M·K + M·N)/V             r = 1, or p with a read for each pass
 *     T_deq  = max( b·K·N/B , K·N/V , 2·M·K·N/P16 ) + stall/V                fused, overlapped
 *     T_deq' = (b + 2)·K·N/B + K·N/V + max( 2·K·N/B , 2·M·K·N/P16 )          through memory
 *
 * Traffic counts the weights only, as the equations do: activations and results are the same in all three.
 * @throws RangeError naming what is not a positive number
 */
export function gemmCost(shape: GemmShape, rates: DeviceRates, options: CostOptions = {}): Comparison {
  const where = 'gemmCost'
  checkGemm(where, shape)
  checkRates(where, rates)
  return gemmPipelines(shape, rates, checkOptions(where, options))
}

export function checkGemm(where: string, { m, k, n, bytesPerWeight }: GemmShape): void {
  for (const [name, value] of Object.entries({ m, k, n, bytesPerWeight })) checkPositive(where, name, value)
}

function gemmPipelines(shape: GemmShape, rates: DeviceRates, options: CheckedOptions): Comparison {
  const { m, k, n, bytesPerWeight } = shape
  return codePipelines(
    {
      codes: k * n,
      bytesPerCode: bytesPerWeight,
      multiplyAdds: m * k * n,
      activations: m * k,
      results: m * n,
    },
    rates,
    options,
  )
}

/** Any product of numbers with stored codes: weights, or a quantised cache. */
export interface CodeProduct {
  readonly codes: number
  readonly bytesPerCode: number
  readonly multiplyAdds: number
  /** Numbers that are made digits. */
  readonly activations: number
  /** Sums that are combined from those of the digits. */
  readonly results: number
}

/** The equations of `gemmCost`, over counts. */
export function codePipelines(
  { codes, bytesPerCode, multiplyAdds, activations, results }: CodeProduct,
  rates: DeviceRates,
  { passes, codeReads, stallElements }: CheckedOptions,
): Comparison {
  const {
    memoryBytesPerSecond,
    int8OperationsPerSecond,
    bf16OperationsPerSecond,
    convertedElementsPerSecond,
  } = rates
  const memory = (bytes: number) => bytes / memoryBytesPerSecond
  const vector = (elements: number) => elements / convertedElementsPerSecond
  const stored = bytesPerCode * codes
  const converted = BF16_BYTES * codes
  const bf16 = (2 * multiplyAdds) / bf16OperationsPerSecond
  const msd = pipelineCost(
    [
      { memory: memory(codeReads * stored), matrix: (2 * passes * multiplyAdds) / int8OperationsPerSecond },
      { vector: vector(passes * (activations + results)) },
    ],
    codeReads * stored,
  )
  const fused = pipelineCost(
    [
      { memory: memory(stored), conversion: vector(codes), matrix: bf16 },
      { conversion: vector(stallElements) },
    ],
    stored,
  )
  const throughMemory = pipelineCost(
    [
      { memory: memory(stored + converted) },
      { conversion: vector(codes) },
      { memory: memory(converted), matrix: bf16 },
    ],
    stored + 2 * converted,
  )
  return compared({ msd, fused, throughMemory })
}

/**
 * A product of numbers that are not quantised, which no pipeline treats differently:
 * T = max( b·K·N/B , 2·M·K·N/P16 ).
 */
export function floatGemmCost(shape: GemmShape, rates: DeviceRates): Comparison {
  const where = 'floatGemmCost'
  checkGemm(where, shape)
  checkRates(where, rates)
  const { m, k, n, bytesPerWeight } = shape
  const bytes = bytesPerWeight * k * n
  const cost: PipelineCost = pipelineCost(
    [{ memory: bytes / rates.memoryBytesPerSecond, matrix: (2 * m * k * n) / rates.bf16OperationsPerSecond }],
    bytes,
  )
  return compared({ msd: cost, fused: cost, throughMemory: cost })
}
