import type { BlockTurn } from '../attention/index.js'
import { PAGE } from '../backend/index.js'
import { FormatError, type GgufFile } from '../format/index.js'

/**
 * How rotary angles are stretched for contexts beyond the pre-training length, from `<arch>.rope.scaling.*`.
 * Llama 3's per-frequency divisors are no type of their own: they come as the tensor `rope_freqs.weight`.
 */
export type RopeScaling =
  | { readonly type: 'none' }
  /** All angles divided by factor (Chen et al., "Position Interpolation", arXiv 2306.15595). */
  | { readonly type: 'linear'; readonly factor: number }
  /** Low frequencies interpolated, high ones kept (Peng et al., "YaRN", arXiv 2309.00071, §3.2 and 3.4). */
  | {
      readonly type: 'yarn'
      readonly factor: number
      readonly originalContext: number
      readonly attentionFactor: number
      /** Rotations within the original context above which a frequency is kept, below which interpolated. */
      readonly betaFast: number
      readonly betaSlow: number
    }

/** @throws FormatError for an unknown type or an impossible factor */
export function ropeScaling(file: GgufFile, architecture: string, trainedContext: number): RopeScaling {
  const key = (suffix: string) => `${architecture}.rope.${suffix}`
  const number = (suffix: string) => file.optionalNumber(key(suffix))
  const legacy = number('scale_linear')
  const type = file.optionalString(key('scaling.type')) ?? (legacy === undefined ? 'none' : 'linear')
  const factor = number('scaling.factor') ?? legacy ?? 1
  if (!(factor > 0 && Number.isFinite(factor))) {
    throw new FormatError(
      file.name,
      `metadata key '${key('scaling.factor')}' is ${factor}; it must be positive`,
    )
  }
  if (type !== 'none' && type !== 'linear' && type !== 'yarn') {
    throw new FormatError(
      file.name,
      `rotary scaling '${type}' is not supported; this version knows none, linear and yarn`,
    )
  }
  if (type === 'yarn' && factor !== 1) {
    return {
      type,
      factor,
      originalContext: number('scaling.original_context_length') ?? trainedContext,
      attentionFactor: number('scaling.attn_factor') ?? 1,
      betaFast: number('scaling.yarn_beta_fast') ?? 32,
      betaSlow: number('scaling.yarn_beta_slow') ?? 1,
    }
  }
  return type === 'linear' && factor !== 1 ? { type, factor } : { type: 'none' }
}

/** The angle of pair i turns by `frequencies[i]` a position; its cosine and sine are multiplied by `magnitude`. */
export interface RopeFrequencies {
  /** Radians per position, [width / 2]. */
  readonly frequencies: Float64Array
  readonly magnitude: number
}

/**
 * θ_i = base^(−2i / width), stretched as `scaling` says.
 * @param divisors Llama 3's [width / 2], from `rope_freqs.weight`
 */
export function ropeFrequencies(
  width: number,
  base: number,
  scaling: RopeScaling,
  divisors?: ArrayLike<number>,
): RopeFrequencies {
  const frequencies = Float64Array.from(
    { length: width / 2 },
    (_, i) => base ** ((-2 * i) / width) / (divisors?.[i] ?? 1),
  )
  if (scaling.type === 'none') return { frequencies, magnitude: 1 }
  const { factor } = scaling
  if (scaling.type === 'linear') return { frequencies: frequencies.map((f) => f / factor), magnitude: 1 }
  const low = Math.max(0, Math.floor(yarnPair(scaling.betaFast, width, base, scaling.originalContext)))
  const high = Math.min(
    width - 1,
    Math.ceil(yarnPair(scaling.betaSlow, width, base, scaling.originalContext)),
  )
  return {
    frequencies: frequencies.map((f, i) => {
      const interpolated = Math.min(1, Math.max(0, (i - low) / Math.max(0.001, high - low)))
      return f * (1 - interpolated) + (f / factor) * interpolated
    }),
    magnitude: scaling.attentionFactor * (1 + 0.1 * Math.log(factor)),
  }
}

/** The pair that turns `rotations` times within the original context (YaRN, equation 17 solved for the pair). */
function yarnPair(rotations: number, width: number, base: number, context: number): number {
  return (width * Math.log(context / (rotations * 2 * Math.PI))) / (2 * Math.log(base))
}

/** How far so many positions turn keys: those of a page, for a cache's keyShift. */
export function keyTurn(
  { frequencies }: RopeFrequencies,
  pairs: BlockTurn['pairs'],
  positions = PAGE,
): BlockTurn {
  const angles = [...frequencies].map((frequency) => positions * frequency)
  return { angles: Float32Array.from([...angles.map(Math.cos), ...angles.map(Math.sin)]), pairs }
}

/** Cosines then sines of every position's angles, [positions, width], for Backend.rope. */
export function ropeTable({ frequencies, magnitude }: RopeFrequencies, positions: number): Float32Array {
  const half = frequencies.length
  const table = new Float32Array(positions * 2 * half)
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * frequencies[i]
      table[position * 2 * half + i] = Math.cos(angle) * magnitude
      table[position * 2 * half + half + i] = Math.sin(angle) * magnitude
    }
  }
  return table
}
