import type { Device } from '../../cost/index.js'
import { lineChart, type Series } from '../line-chart.js'

/** Bytes of a Q4_0 weight. */
const WEIGHT_BYTES = 4.5 / 8
/** Intensities are drawn from a quarter of an operation a byte to 16384. */
const INTENSITIES = Array.from({ length: 65 }, (_, i) => 2 ** (-2 + i / 4))

/**
 * Operations per second over operations per byte read (Williams, Waterman, Patterson, CACM 52(4), 2009): the smaller of
 * bandwidth · intensity and the peak. A product of M tokens with 4-bit weights has 2·M / 0.5625 operations a byte.
 */
export function rooflineChart({ name, rates }: Device): string {
  const { memoryBytesPerSecond: bandwidth, int8OperationsPerSecond, bf16OperationsPerSecond } = rates
  const roof = (intensity: number, peak: number) => Math.min(bandwidth * intensity, peak) / 1e9
  const line = (label: string, peak: number, dashed = false): Series => ({
    name: label,
    dashed,
    points: INTENSITIES.map((intensity) => [intensity, roof(intensity, peak)]),
  })
  const low = roof(INTENSITIES[0], Infinity)
  const product = (label: string, tokens: number): Series => {
    const intensity = (2 * tokens) / WEIGHT_BYTES
    const top = roof(intensity, int8OperationsPerSecond)
    return {
      name: label,
      points: [
        [intensity, low],
        [intensity, top],
      ],
    }
  }
  return lineChart({
    title: `Roofline: ${name}`,
    x: { label: 'operations per byte read', logarithmic: true },
    y: { label: 'G operations/s', logarithmic: true },
    series: [
      line('one digit (int8)', int8OperationsPerSecond),
      line('two digits', int8OperationsPerSecond / 2),
      line('bfloat16 or float32', bf16OperationsPerSecond, true),
      product('decode: 1 token', 1),
      product('prefill: 512 tokens', 512),
    ],
  })
}
