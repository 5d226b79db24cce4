/** What a device can do at best, in the terms of msd.md §5. A multiply-add is two operations. */
export interface DeviceRates {
  /** B: bytes read from, or written to, memory. */
  readonly memoryBytesPerSecond: number
  /** P8: dense operations on 8-bit integers. */
  readonly int8OperationsPerSecond: number
  /** P16: dense operations on bfloat16 numbers. */
  readonly bf16OperationsPerSecond: number
  /** V: elements that the vector units convert, or take one step further. */
  readonly convertedElementsPerSecond: number
}

export type RateName = keyof DeviceRates

export const RATE_NAMES: readonly RateName[] = [
  'memoryBytesPerSecond',
  'int8OperationsPerSecond',
  'bf16OperationsPerSecond',
  'convertedElementsPerSecond',
]

/** Where a figure comes from. */
export interface Source {
  /** What was published, and what was derived from it. */
  readonly text: string
  readonly url?: string
}

export interface Device {
  readonly name: string
  readonly rates: DeviceRates
  readonly sources: Readonly<Record<RateName, Source>>
}

/** @throws RangeError naming the rate that is missing, zero, negative or not finite */
export function checkRates(where: string, rates: DeviceRates): void {
  for (const name of RATE_NAMES) checkPositive(where, name, rates[name])
}

/** @throws RangeError unless the value is above 0 and finite */
export function checkPositive(where: string, name: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return
  throw new RangeError(`${where}: ${name} must be a positive number, not ${value}`)
}
