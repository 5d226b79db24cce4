import { checkPositive } from './device.js'

export interface CostOptions {
  /** p: INT8 digits of an activation. Default 2. */
  readonly passes?: number
  /**
   * Whether the codes are read from memory once for all digits, which one fused kernel does, or once for each digit,
   * as products of one digit after the other do. Default 'fused'.
   */
  readonly reads?: 'fused' | 'each-pass'
  /**
   * Codes that are converted before the first product can start, and so overlap with nothing: a first tile, of all
   * cores together. Only for the fused dequantising pipeline. Default 0, which favours that pipeline.
   */
  readonly stallElements?: number
}

export interface CheckedOptions {
  readonly passes: number
  /** Times that MSD reads the codes. */
  readonly codeReads: number
  readonly stallElements: number
}

/** @throws RangeError for options out of their ranges */
export function checkOptions(where: string, options: CostOptions): CheckedOptions {
  const { passes = 2, reads = 'fused', stallElements = 0 } = options
  checkPositive(where, 'passes', passes)
  if (!Number.isInteger(passes))
    throw new RangeError(`${where}: passes must be a whole number, not ${passes}`)
  if (reads !== 'fused' && reads !== 'each-pass')
    throw new RangeError(`${where}: reads must be 'fused' or 'each-pass', not ${JSON.stringify(reads)}`)
  if (!(stallElements >= 0 && stallElements < Infinity))
    throw new RangeError(`${where}: stallElements must be 0 or more, not ${stallElements}`)
  return { passes, codeReads: reads === 'fused' ? 1 : passes, stallElements }
}
