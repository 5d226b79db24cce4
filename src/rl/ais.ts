import {
  checkLogProbabilities,
  checkSequences,
  k3,
  type Mask,
  readMask,
  type SequenceOffsets,
} from './batch.js'

/**
 * What B weights w = π/μ say about a mismatch: π the policy that is trained, μ the one that the tokens were
 * sampled from (docs/papers/ais.md). All finite; ρ = 1/(1 + CV²).
 */
export interface AisDiagnostics {
  /** Weight reliability: the effective sample size (Σw)²/Σw² divided by B, ρ. From 1/B to 1. */
  readonly essRatio: number
  /**
   * Divergence severity: mean(w − 1 − log w), κ, in nats; the k3 estimate of KL(μ‖π). ≥ 0, and saturated at
   * Number.MAX_VALUE where it overflows: a weight above e^709, or a token that π cannot produce.
   */
  readonly divergence: number
  /** Variance amplification: population standard deviation ÷ mean of the weights, CV. From 0 to √(B − 1). */
  readonly cv: number
  /** B, the weights that count: unmasked tokens, or at sequence level the sequences that have any. */
  readonly count: number
}

export interface AisMixingOptions {
  /** κ0, nats: the divergence from which on a mismatch is corrected in the main. > 0, default 0.01. */
  readonly kappa0?: number
  /** c0: the CV at which the correction is halved; Infinity leaves the CV out. > 0, default 1. */
  readonly c0?: number
}

interface WeightOptions extends AisMixingOptions {
  readonly mask?: Mask
  /** C: no weight exceeds it; Infinity truncates nothing. ≥ 1, default 2. */
  readonly truncation?: number
}

/**
 * `token` (default): a weight for each token. `sequence`: one for each sequence, the geometric mean over its
 * unmasked tokens, which each of them gets (the length-normalised ratio of GSPO, arXiv 2507.18071).
 */
type LevelOptions =
  | { readonly level?: 'token'; readonly sequences?: SequenceOffsets }
  | { readonly level: 'sequence'; readonly sequences: SequenceOffsets }

export type AisOptions = WeightOptions & LevelOptions

export type RolloutOptions = AisOptions & {
  /** `mis` only: weights below become 0. From 0 (no such bound) to 1, default 1/truncation. */
  readonly lower?: number
}

/**
 * How the loss of a sampled token is weighted, w being π/μ and C the truncation:
 *
 * - `none`: 1.
 * - `is`: w, saturated at Number.MAX_VALUE.
 * - `tis`: min(w, C) (Yao et al., "Your Efficient RL Framework Secretly Brings You Off-Policy RL …", 2025).
 * - `mis`: w where 1/C ≤ w ≤ C, else 0. Two-sided as IcePop is (Ling Team, arXiv 2510.18855: 0.5 ≤ w ≤ 5);
 *   with `lower: 0` one-sided, the masked importance sampling of Liu, Li et al., "When Speed Kills
 *   Stability", 2025. A token of weight 0 still counts in the mean of a loss, unless it is masked too.
 * - `ais`: (1 − λ) + λ · min(w, C), see `aisWeights`.
 */
export type RolloutMethod = 'none' | 'is' | 'tis' | 'mis' | 'ais'

export interface RolloutWeights {
  /** A weight for each token, 0 where it is masked. Constants: no gradient flows through them. */
  readonly weights: Float64Array
  /** The share of the correction: 0 for `none`, 1 for `is`, `tis` and `mis`. */
  readonly lambda: number
  /** Of the truncated weights min(w, C), whatever the method: comparable between methods. */
  readonly diagnostics: AisDiagnostics
}

/**
 * The diagnostics of token weights exp(logpTrain − logpRollout), not truncated. Identical policies give
 * exactly ρ = 1, κ = 0, CV = 0. Differences are taken before they are exponentiated, relative to the largest
 * for ρ and CV: nothing overflows, and tiny mismatches keep their digits.
 *
 * @param logpTrain log-probabilities (nats, ≤ 0) of the sampled tokens under the trainer, [tokens]; −∞ is a
 *   weight of 0
 * @param logpRollout the same under the policy that sampled them, [tokens]
 * @param mask [tokens]
 * @throws RangeError naming array and index: lengths that differ; NaN, +∞ or more than 0 (beyond rounding,
 *   2^−13); −∞ in logpRollout; nothing left by the mask
 */
export function aisDiagnostics(
  logpTrain: ArrayLike<number>,
  logpRollout: ArrayLike<number>,
  mask?: Mask,
): AisDiagnostics {
  const { logWeights } = readWeights('aisDiagnostics', logpTrain, logpRollout, { mask })
  return diagnose(logWeights)
}

/**
 * The mixing coefficient, from 0 (uncorrected) to 1 (full importance weighting):
 *
 *   λ = ρ · (1 − exp(−κ/κ0)) / (1 + (CV/c0)²)
 *
 * It grows with the mismatch, and shrinks where the weights cannot be trusted or would amplify the variance.
 * This combination is this project's own reading: the abstract of arXiv 2605.13907 names the three
 * diagnostics and the interpolation, not the formula.
 *
 * @throws RangeError if kappa0 or c0 is out of its range
 */
export function aisMixing(diagnostics: AisDiagnostics, options: AisMixingOptions = {}): number {
  const { kappa0 = 0.01, c0 = 1 } = options
  if (!(kappa0 > 0 && kappa0 < Infinity))
    throw new RangeError(`aisMixing: kappa0 is ${kappa0}; it must be a finite number > 0`)
  if (!(c0 > 0)) throw new RangeError(`aisMixing: c0 is ${c0}; it must be > 0`)
  const { essRatio, divergence, cv } = diagnostics
  return (essRatio * -Math.expm1(-divergence / kappa0)) / (1 + (cv / c0) ** 2)
}

/**
 * Adaptive importance sampling (Zhou et al., arXiv 2605.13907): w̃ = (1 − λ) + λ · min(w, C) for every token
 * that counts. Truncation comes first: the diagnostics, and so λ, are those of the weights min(w, C) that are
 * mixed in, for it is these that the gradient has to trust. `truncation: Infinity` or `aisDiagnostics` gives
 * the raw ones.
 *
 * @param logpTrain as in `aisDiagnostics`: the trainer BEFORE its update, not the one whose gradient is taken
 * @param logpRollout as in `aisDiagnostics`
 * @throws RangeError as `aisDiagnostics` does; for sequences or options that are out of their range
 */
export function aisWeights(
  logpTrain: ArrayLike<number>,
  logpRollout: ArrayLike<number>,
  options: AisOptions = {},
): RolloutWeights {
  return weigh('aisWeights', 'ais', logpTrain, logpRollout, options)
}

/**
 * The weights of one of the methods, for comparison; arguments, result and errors as those of `aisWeights`.
 *
 * @throws RangeError also for a method that does not exist
 */
export function rolloutWeights(
  method: RolloutMethod,
  logpTrain: ArrayLike<number>,
  logpRollout: ArrayLike<number>,
  options: RolloutOptions = {},
): RolloutWeights {
  return weigh('rolloutWeights', method, logpTrain, logpRollout, options)
}

function weigh(
  where: string,
  method: RolloutMethod,
  logpTrain: ArrayLike<number>,
  logpRollout: ArrayLike<number>,
  options: RolloutOptions,
): RolloutWeights {
  const { truncation = 2, lower = 1 / truncation } = options
  if (!(truncation >= 1)) throw new RangeError(`${where}: truncation is ${truncation}; it must be ≥ 1`)
  if (!(lower >= 0 && lower <= 1)) throw new RangeError(`${where}: lower is ${lower}; it must be from 0 to 1`)
  const { logWeights, weightOf } = readWeights(where, logpTrain, logpRollout, options)

  const limit = Math.log(truncation)
  const diagnostics = diagnose(logWeights.map((d) => Math.min(d, limit)))
  const lambda = method === 'ais' ? aisMixing(diagnostics, options) : method === 'none' ? 0 : 1
  const corrected = logWeights.map((d) => {
    const w = Math.min(Math.exp(d), Number.MAX_VALUE)
    switch (method) {
      case 'none':
        return 1
      case 'is':
        return w
      case 'tis':
        return Math.min(w, truncation)
      case 'mis':
        return w >= lower && w <= truncation ? w : 0
      case 'ais':
        return 1 - lambda + lambda * Math.min(w, truncation)
      default:
        throw new RangeError(`${where}: there is no method '${method}'; there are none, is, tis, mis, ais`)
    }
  })
  const weights = Float64Array.from(weightOf, (w) => (w < 0 ? 0 : corrected[w]!))
  return { weights, lambda, diagnostics }
}

/** The log of each weight, [weights], and which weight each token has, [tokens]: −1 where it is masked. */
function readWeights(
  where: string,
  logpTrain: ArrayLike<number>,
  logpRollout: ArrayLike<number>,
  options: { mask?: Mask } & LevelOptions,
): { logWeights: Float64Array; weightOf: Int32Array } {
  const { mask, level = 'token', sequences } = options
  const tokens = logpTrain.length
  const counts = readMask(where, mask, tokens)
  checkLogProbabilities(where, 'logpTrain', logpTrain, counts, 'allowed')
  checkLogProbabilities(where, 'logpRollout', logpRollout, counts, 'refused')
  if (level !== 'token' && level !== 'sequence')
    throw new RangeError(`${where}: level is ${level}; it must be 'token' or 'sequence'`)
  if (level === 'sequence' && sequences === undefined)
    throw new RangeError(`${where}: level 'sequence' needs sequences, the offsets`)
  const isSequence = level === 'sequence'
  if (sequences !== undefined) checkSequences(where, sequences, tokens)

  const logWeights: number[] = []
  const weightOf = new Int32Array(tokens).fill(-1)
  const units = isSequence ? sequences!.length - 1 : tokens
  for (let unit = 0; unit < units; unit++) {
    const begin = isSequence ? sequences![unit]! : unit
    const end = isSequence ? sequences![unit + 1]! : unit + 1
    let length = 0
    for (let i = begin; i < end; i++) length += counts[i]!
    if (length === 0) continue
    let mean = 0
    for (let i = begin; i < end; i++) {
      if (counts[i] === 0) continue
      // Divided before they are added: a sum of finite differences may overflow, their mean cannot.
      mean += (logpTrain[i]! - logpRollout[i]!) / length
      weightOf[i] = logWeights.length
    }
    logWeights.push(mean)
  }
  return { logWeights: Float64Array.from(logWeights), weightOf }
}

/** @param logWeights log w, finite or −∞; one or more */
function diagnose(logWeights: Float64Array): AisDiagnostics {
  const count = logWeights.length
  let top = -Infinity
  for (const d of logWeights) top = Math.max(top, d)

  // ρ and CV do not change when all weights are divided by the largest. Where all are 0 they are equal: the
  // limit of a common weight that goes to 0 is ρ = 1, CV = 0, κ = ∞, so λ = 1 and every w̃ = 0.
  const relative = logWeights.map((d) => (d === top ? 0 : d - top))
  let sum = 0
  let below = 0
  let divergence = 0
  for (let i = 0; i < count; i++) {
    sum += Math.exp(relative[i]!)
    below += Math.expm1(relative[i]!)
    divergence += k3(logWeights[i]!) / count
  }
  // The variance is that of w/top − 1, which keeps the digits of weights that hardly differ.
  let squares = 0
  for (const d of relative) squares += (Math.expm1(d) - below / count) ** 2
  const cv = Math.sqrt(squares / count) / (sum / count)
  return { essRatio: 1 / (1 + cv * cv), divergence: Math.min(divergence, Number.MAX_VALUE), cv, count }
}
