import type { OnPart } from '../attention/section.js'
import { type Distribution, randomActivations } from '../msd/data.js'
import type { GridFormat, Numbers } from './formats.js'
import { measureDrift } from './measure.js'
import type { PartReport } from './report.js'
import { GridSample } from './sample.js'

/** Numbers of one layer, or of some of it. */
export interface Batch extends Numbers {
  /** Of which x is what is left to store; x itself if left out. */
  readonly original?: Float32Array
}

/** One table's numbers and the formats that they are stored in. */
export interface PartInput extends Omit<PartReport, 'schemes' | 'rows' | 'columns'> {
  readonly formats: readonly GridFormat[]
  /** Read one after the other; at least one, all of one shape. */
  readonly batches: readonly (() => Batch | Promise<Batch>)[]
}

/** Every format of every part. @throws as the batches, the formats and `measureDrift` */
export async function measureParts(
  parts: readonly PartInput[],
  options: { readonly epsilon: number; readonly signal?: AbortSignal },
  onPart: OnPart,
): Promise<PartReport[]> {
  const total = parts.reduce((sum, { formats, batches }) => sum + formats.length * (batches.length + 1), 0)
  let done = 0
  const reports: PartReport[] = []
  for (const { formats, batches, ...part } of parts) {
    const samples = formats.map(({ grid }) => new GridSample(grid))
    let shape = { rows: 0, columns: 0 }
    for (const read of batches) {
      const batch = await read()
      shape = { rows: batch.rows, columns: batch.cols }
      for (const [i, { encode }] of formats.entries()) {
        await onPart(done++, total)
        samples[i].add(batch, encode(batch), batch.original)
      }
    }
    const schemes = []
    for (const [i, format] of formats.entries()) {
      await onPart(done++, total)
      schemes.push(await measureDrift(format, samples[i], options))
    }
    reports.push({ ...part, ...shape, schemes })
  }
  return reports
}

/** Random activations, as `analyze msd` has them: a part for each distribution. */
export function randomParts(
  distributions: readonly Distribution[],
  shape: { readonly rows: number; readonly cols: number; readonly seed: number },
  formats: readonly GridFormat[],
): PartInput[] {
  return distributions.map((data) => ({
    ...{ source: 'random', data, formats },
    batches: [() => randomActivations(data, shape, 3 * shape.seed)],
  }))
}
