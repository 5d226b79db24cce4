import {
  checkLength,
  checkLogProbabilities,
  checkSequences,
  k3,
  type Mask,
  readMask,
  type SequenceOffsets,
} from './batch.js'

/** Added to the standard deviation of a group's rewards (arXiv 2402.03300 divides by it alone). */
const STD_EPSILON = 1e-6

/**
 * Group-relative advantages (Shao et al., DeepSeekMath, arXiv 2402.03300, §4.1.2): each completion beside the
 * others of its prompt,
 *
 *   A = (r − mean(r)) / (std(r) + 1e-6)       population standard deviation, within the group
 *
 * A group of equal rewards has advantages of exactly 0.
 *
 * @param rewards of the completions, those of one prompt one after the other, [prompts · groupSize]
 * @param groupSize completions of a prompt, G
 * @throws RangeError if a reward is not finite, or the rewards are not a whole number of groups, one or more
 */
export function groupAdvantages(rewards: ArrayLike<number>, groupSize: number): Float64Array {
  const where = 'groupAdvantages'
  if (!Number.isInteger(groupSize) || groupSize < 1)
    throw new RangeError(`${where}: groupSize is ${groupSize}; it must be a positive integer`)
  if (rewards.length === 0 || rewards.length % groupSize !== 0)
    throw new RangeError(
      `${where}: rewards holds ${rewards.length} numbers; it must be one or more groups of ${groupSize}`,
    )
  checkFinite(where, 'rewards', rewards)
  const advantages = new Float64Array(rewards.length)
  for (let begin = 0; begin < rewards.length; begin += groupSize) {
    const group = advantages.subarray(begin, begin + groupSize)
    // Relative to the group's first: equal rewards are then exactly 0 apart, which their rounded mean is not.
    let spread = 0
    for (let i = 0; i < groupSize; i++) {
      group[i] = rewards[begin + i]! - rewards[begin]!
      spread = Math.max(spread, Math.abs(group[i]!))
    }
    if (spread === 0) continue
    if (spread === Infinity)
      throw new RangeError(`${where}: the rewards from ${begin} on are further apart than a float64 holds`)
    // In units of the spread, whose squares neither overflow nor underflow.
    let mean = 0
    for (const difference of group) mean += difference / spread / groupSize
    let variance = 0
    for (const difference of group) variance += (difference / spread - mean) ** 2 / groupSize
    const scale = Math.sqrt(variance) + STD_EPSILON / spread
    for (let i = 0; i < groupSize; i++) group[i] = (group[i]! / spread - mean) / scale
  }
  return advantages
}

/** A batch of sampled tokens, flat: the sequences one after the other. Log-probabilities in nats, ≤ 0. */
export interface GrpoBatch {
  /** Of the sampled tokens under the policy whose gradient is taken, [tokens]. */
  readonly logp: ArrayLike<number>
  /**
   * The same under the TRAINER before its update, [tokens]: on the first step after a rollout equal to
   * `logp`, so that the ratio is 1. Not what the rollout engine reported; that is corrected by `weights`.
   */
  readonly logpOld: ArrayLike<number>
  /** Of each sequence, as from `groupAdvantages`, [sequences]. */
  readonly advantages: ArrayLike<number>
  readonly sequences: SequenceOffsets
  readonly mask?: Mask
  /**
   * w̃ of each token, ≥ 0, [tokens], as from `aisWeights(logpOld, logpRollout)`: the trainer before its
   * update against the policy that sampled. Constants. Default 1.
   */
  readonly weights?: ArrayLike<number>
  /** Log-probabilities of the sampled tokens under a reference policy, [tokens]. */
  readonly reference?: ArrayLike<number>
}

export interface GrpoOptions {
  /** ε: ratios below 1 − ε are clipped. 0 to 1, default 0.2. */
  readonly clip?: number
  /** ε_high: ratios above 1 + ε_high are clipped (DAPO, clip-higher); Infinity: none. ≥ 0, default 0.28. */
  readonly clipHigh?: number
  /** β: what the divergence from the reference costs. ≥ 0, default 0. */
  readonly kl?: number
}

export interface GrpoResult {
  /** To be minimised. */
  readonly loss: number
  /** ∂loss/∂logp, [tokens]; 0 where masked. */
  readonly gradient: Float64Array
  /** Share of the tokens whose ratio is clipped, so that only the divergence moves them. */
  readonly clippedShare: number
  /** Mean of k3 over the tokens, nats, without weights and without β; 0 without a reference. */
  readonly kl: number
  /** Mean of the ratio exp(logp − logpOld). */
  readonly meanRatio: number
}

/**
 * The loss of group-relative policy optimisation and its gradient. With r = exp(logp − logpOld), A the
 * advantage of the token's sequence, w̃ its rollout weight, and N unmasked tokens in the batch:
 *
 *   loss = 1/N · Σ w̃ · (−min(r · A, clip(r, 1 − ε, 1 + ε_high) · A) + β · k3)
 *   k3   = exp(ref − logp) − (ref − logp) − 1
 *
 * The clipped surrogate and k3 are GRPO's (Shao et al., DeepSeekMath, arXiv 2402.03300, eq. 3 and 4); the
 * separate upper bound, and the mean over all tokens of the batch instead of one sequence after the other,
 * DAPO's (Yu et al., arXiv 2503.14476, §3.1 and §3.3). w̃ multiplies the token's whole loss (AIS: Zhou et
 * al., arXiv 2605.13907).
 *
 * Two ratios that must not be mixed up: r is the trainer now ÷ the trainer before its update, is clipped, and
 * has the gradient; w̃ comes from the trainer before its update ÷ the policy that sampled, and is a constant.
 *
 * Gradient: −w̃ · A · r / N where the ratio is not clipped (at the bound itself too), 0 where it is; β's part
 * is w̃ · β · (1 − exp(ref − logp)) / N, the derivative of k3 itself. Over tokens that π samples its mean is
 * the gradient of KL(ref‖π), although the mean of k3 is KL(π‖ref); that is so in GRPO.
 *
 * @throws RangeError naming array and index: lengths that differ; log-probabilities that are NaN, +∞, more
 *   than 0 (beyond rounding, 2^−13) or −∞; advantages and weights that are not finite, weights below 0;
 *   nothing left by the mask; a ratio, exp(ref − logp) or a token's loss that overflows; an option out of its
 *   range, or `kl` without a reference
 */
export function grpoLoss(batch: GrpoBatch, options: GrpoOptions = {}): GrpoResult {
  const { clip = 0.2, clipHigh = 0.28, kl: beta = 0 } = options
  const counts = checkBatch(batch)
  checkOptions(clip, clipHigh, beta, batch.reference)
  const { logp, logpOld, advantages, sequences, weights, reference } = batch

  let tokens = 0
  for (const count of counts) tokens += count
  const gradient = new Float64Array(counts.length)
  let loss = 0
  let clipped = 0
  let divergence = 0
  let ratios = 0
  for (let s = 0; s < advantages.length; s++) {
    const advantage = advantages[s]!
    for (let i = sequences[s]!; i < sequences[s + 1]!; i++) {
      if (counts[i] === 0) continue
      const ratio = finite(Math.exp(logp[i]! - logpOld[i]!), 'exp(logp − logpOld)', i)
      const isClipped = (advantage > 0 && ratio > 1 + clipHigh) || (advantage < 0 && ratio < 1 - clip)
      const bounded = isClipped ? (advantage > 0 ? 1 + clipHigh : 1 - clip) : ratio
      let tokenLoss = -bounded * advantage
      let slope = isClipped ? 0 : -ratio * advantage
      if (reference !== undefined) {
        const difference = reference[i]! - logp[i]!
        const estimate = finite(k3(difference), 'exp(reference − logp)', i)
        divergence += estimate
        tokenLoss += beta * estimate
        slope -= beta * Math.expm1(difference)
      }
      const weight = weights?.[i] ?? 1
      loss += finite(weight * tokenLoss, 'the loss', i)
      gradient[i] = finite((weight * slope) / tokens, 'the gradient', i)
      clipped += Number(isClipped)
      ratios += ratio
    }
  }
  return {
    loss: loss / tokens,
    gradient,
    clippedShare: clipped / tokens,
    kl: divergence / tokens,
    meanRatio: ratios / tokens,
  }
}

/** @returns one byte a token, 1 where it counts */
function checkBatch({
  logp,
  logpOld,
  advantages,
  sequences,
  mask,
  weights,
  reference,
}: GrpoBatch): Uint8Array {
  const where = 'grpoLoss'
  const tokens = logp.length
  const counts = readMask(where, mask, tokens)
  checkLogProbabilities(where, 'logp', logp, counts, 'refused')
  checkLogProbabilities(where, 'logpOld', logpOld, counts, 'refused')
  if (reference !== undefined) checkLogProbabilities(where, 'reference', reference, counts, 'refused')
  checkSequences(where, sequences, tokens)
  checkLength(where, 'advantages', advantages, 'sequences', sequences.length - 1)
  checkFinite(where, 'advantages', advantages)
  if (weights !== undefined) {
    checkLength(where, 'weights', weights, 'tokens', tokens)
    for (let i = 0; i < tokens; i++) {
      if (counts[i] === 1 && !(weights[i]! >= 0 && weights[i]! < Infinity))
        throw new RangeError(`${where}: weights[${i}] is ${weights[i]}; it must be a finite number ≥ 0`)
    }
  }
  return counts
}

function checkOptions(clip: number, clipHigh: number, kl: number, reference: unknown): void {
  if (!(clip >= 0 && clip <= 1)) throw new RangeError(`grpoLoss: clip is ${clip}; it must be from 0 to 1`)
  if (!(clipHigh >= 0)) throw new RangeError(`grpoLoss: clipHigh is ${clipHigh}; it must be ≥ 0`)
  if (!(kl >= 0 && kl < Infinity))
    throw new RangeError(`grpoLoss: kl is ${kl}; it must be a finite number ≥ 0`)
  if (kl > 0 && reference === undefined)
    throw new RangeError(`grpoLoss: kl is ${kl}, but there is no reference to diverge from`)
}

function checkFinite(where: string, name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new RangeError(`${where}: ${name}[${i}] is ${values[i]}; it must be finite`)
  }
}

function finite(value: number, what: string, token: number): number {
  if (Number.isFinite(value)) return value
  throw new RangeError(
    `grpoLoss: ${what} of token ${token} overflows: the policies, weights or advantages are too far apart`,
  )
}
