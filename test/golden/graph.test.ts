import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Engine } from '../../src/engine/engine.js'
import { tinyGguf } from '../helpers/tiny-model.js'
import { digitTolerance, floatTolerance, largestDifference, largestMagnitude } from '../helpers/tolerance.js'
import { TINY_GOLDENS } from './graph-models.js'

const golden: { ids: number[]; rows: number[]; columns: number[]; logits: Record<string, number[][]> } =
  JSON.parse(readFileSync(new URL('graph.json', import.meta.url), 'utf8'))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-graph-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const names = Object.keys(TINY_GOLDENS) as (keyof typeof TINY_GOLDENS)[]

describe.each(['reference', 'native'] as const)('graphs against float64, %s', (backend) => {
  test.each(names)('%s', async (name) => {
    const path = join(folder, `${name}-${backend}.gguf`)
    writeFileSync(path, tinyGguf(TINY_GOLDENS[name]))
    const engine = await Engine.load(path, { backend, passes: 3, batch: 5, cacheType: 'f32' })
    try {
      const { layers, width, heads, vocabulary } = engine.info
      const shape = { layers, width, heads, headSize: width / heads, feedForward: 128 }
      const logits = await allLogits(engine, golden.ids)
      golden.rows.forEach((row, i) => {
        const all = logits.subarray(row * vocabulary, (row + 1) * vocabulary)
        const magnitude = largestMagnitude(all)
        const actual = golden.columns.map((column) => all[column])
        // A third digit is worth a little less than the rest of float32 (int8ErrorBound).
        const digits = name === 'quantized' ? digitTolerance(3, 4 * layers + 1, 32, magnitude) : 0
        const tolerance = floatTolerance(shape, row, magnitude) + digits
        expect(largestDifference(actual, golden.logits[name][i]), `row ${row}`).toBeLessThanOrEqual(tolerance)
        // Logits of a random model are all of one size: a wrong rotation or bias moves them by about that.
        expect(tolerance).toBeLessThan(magnitude / 1000)
      })
    } finally {
      engine.close()
    }
  })
})

async function allLogits(engine: Engine, ids: number[]): Promise<Float32Array> {
  const { vocabulary } = engine.info
  const result = new Float32Array(ids.length * vocabulary)
  for await (const { position, values } of engine.logits(ids, 0)) result.set(values, position * vocabulary)
  return result
}
