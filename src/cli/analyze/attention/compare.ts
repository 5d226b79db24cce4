import { exactAttention } from '../../../attention/index.js'
import type { Trace } from '../../../engine/trace.js'
import { normal } from './data.js'
import { headOf, type LayerRows, optionsOf, turnOf } from './head.js'
import { attempts, Comparison, type MethodReport } from './methods.js'
import type { OnPart } from './section.js'

export interface RandomReport {
  readonly rows: number
  readonly keys: number
  readonly headSize: number
  readonly methods: readonly MethodReport[]
}

export interface CapturedReport {
  readonly tokens: number
  readonly heads: number
  readonly methods: readonly MethodReport[]
  readonly layers: readonly { readonly layer: number; readonly methods: readonly MethodReport[] }[]
}

const [ROWS, KEYS] = [64, 1024]
const HEAD_SIZES = [64, 128]

/** All methods on normal numbers: the last 64 queries of 1024. */
export async function compareRandom(seed: number, onPart: OnPart): Promise<RandomReport[]> {
  const reports: RandomReport[] = []
  for (const headSize of HEAD_SIZES) {
    await onPart(reports.length, HEAD_SIZES.length)
    const head = {
      q: normal(ROWS * headSize, 3 * seed),
      k: normal(KEYS * headSize, 3 * seed + 1),
      v: normal(KEYS * headSize, 3 * seed + 2),
      ...{ rows: ROWS, keys: KEYS, headSize },
    }
    const comparison = new Comparison()
    comparison.add(head, exactAttention(head, { causal: true }), attempts(head, { causal: true }))
    reports.push({ rows: ROWS, keys: KEYS, headSize, methods: comparison.report() })
  }
  return reports
}

/** All methods on every head of a model. */
export async function compareCaptured(
  { config, rope }: Pick<Trace, 'config' | 'rope'>,
  layers: readonly LayerRows[],
  onPart: OnPart,
): Promise<CapturedReport> {
  const options = optionsOf(config)
  const turn = turnOf(config.rope.pairs, rope)
  const whole = new Comparison()
  const reports = []
  for (const [layer, rows] of layers.entries()) {
    const own = new Comparison()
    for (let h = 0; h < config.heads; h++) {
      await onPart(layer * config.heads + h, layers.length * config.heads)
      const head = { ...headOf(rows, config, h), turn }
      const [exact, made] = [exactAttention(head, options), attempts(head, options)]
      for (const comparison of [whole, own]) comparison.add(head, exact, made)
    }
    reports.push({ layer, methods: own.report() })
  }
  const tokens = layers[0].query.length / (config.heads * config.headSize)
  return { tokens, heads: config.heads, methods: whole.report(), layers: reports }
}
