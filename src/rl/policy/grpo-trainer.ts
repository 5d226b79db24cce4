import type { TrainingOperations } from '../../backend/index.js'
import { Random } from '../../engine/random.js'
import type { Tokenizer } from '../../tokenizer/index.js'
import { type AisDiagnostics, rolloutWeights } from '../ais.js'
import { groupAdvantages, grpoLoss } from '../grpo.js'
import type { Network } from '../trainer/network.js'
import { Optimizer } from '../trainer/optimizer.js'
import { accumulateExperience, packExperience, scoreExperience } from './experience.js'
import { completeGrpoRecipe, type GrpoRecipe } from './grpo-recipe.js'
import type { Rollout, RolloutEngine } from './rollouts.js'

/** A completion, as a reward function sees it. */
export interface Completion {
  /** The completion's text, without special tokens. */
  readonly text: string
  readonly tokens: Int32Array
  /** An end token was drawn; else it was cut at maxTokens. */
  readonly ended: boolean
}

/** Something to do, and how well it was done. */
export interface Task {
  readonly prompt: string
  /** A finite number: what is better gets more. */
  reward(completion: Completion): number | Promise<number>
}

/** One round: completions sampled, rewarded, learned from. */
export interface GrpoReport {
  /** From 1. */
  readonly round: number
  /** Mean over the completions. */
  readonly reward: number
  /** Standard deviation over the completions. */
  readonly rewardSpread: number
  /** Tokens of a completion, mean. */
  readonly length: number
  /** Share that ended by themselves. */
  readonly ended: number
  /** How far trainer and rollouts are apart. */
  readonly diagnostics: AisDiagnostics
  /** λ: how much of the importance weights was used; what `ais` would have used, for other corrections. */
  readonly lambda: number
  readonly loss: number
  /** From the policy at the beginning, nats per token; 0 where `kl` is 0. */
  readonly kl: number
  readonly clippedShare: number
  readonly gradientNorm: number
  readonly seconds: { readonly quantise: number; readonly rollout: number; readonly train: number }
}

export interface GrpoParts {
  readonly operations: TrainingOperations<Float32Array>
  /** The policy that is trained; its parameters change. */
  readonly network: Network
  readonly tokenizer: Tokenizer
  /** The policy that samples, of the same shape. */
  readonly engine: RolloutEngine
  readonly tasks: readonly Task[]
  /** Tokens that end a completion. Default: those that end generation; add a line end where an answer is one line. */
  readonly endIds?: ReadonlySet<number>
  readonly recipe?: Partial<GrpoRecipe>
}

/**
 * Group-relative policy optimisation (Shao et al., arXiv 2402.03300) with rollouts of the low-bit engine: a round
 * quantises the policy, samples groups of completions, takes each one's reward relative to its group, weighs tokens by
 * what the mismatch between sampling and training policy asks for, and updates the float32 weights. The same seed gives
 * the same bits, if the reward functions do.
 */
export class GrpoTrainer {
  readonly recipe: GrpoRecipe
  readonly #parts: GrpoParts
  readonly #optimizer: Optimizer
  readonly #random: Random
  readonly #reference: Float32Array | null
  #round = 0

  /** @throws RangeError for a recipe that is impossible */
  constructor(parts: GrpoParts) {
    this.#parts = parts
    this.recipe = completeGrpoRecipe(parts.recipe)
    if (parts.tasks.length === 0) throw new RangeError('there are no tasks to learn from')
    this.#optimizer = new Optimizer(parts.operations, parts.network)
    this.#random = new Random(this.recipe.seed)
    this.#reference = this.recipe.kl > 0 ? parts.network.parameters.slice() : null
  }

  /**
   * One round. If the signal aborts, the weights have not changed.
   * @throws Error for a reward that is not a finite number, and if the training diverges; RangeError for prompts without
   *   room
   */
  async round(signal?: AbortSignal): Promise<GrpoReport> {
    const { network, engine, tasks } = this.#parts
    const { recipe } = this
    const clock = stopwatch()
    await engine.update(network)
    const quantise = clock()

    const chosen = Array.from(
      { length: recipe.tasks },
      () => tasks[Math.floor(this.#random.nextDouble() * tasks.length)],
    )
    const grouped = chosen.flatMap((task) => new Array<Task>(recipe.group).fill(task))
    const prompts = this.#encode(grouped)
    const seed = this.#random.nextUint32()
    const { temperature, topP, maxTokens } = recipe
    const endIds = this.#endIds
    const rollouts = await engine.sample(prompts, { temperature, topP, maxTokens, endIds, seed, signal })
    const rollout = clock()

    const rewards = await this.#rewards(grouped, rollouts)
    clock()
    const advantages = groupAdvantages(rewards, recipe.group)
    const learned = this.#learn(prompts, rollouts, advantages)
    this.#round++
    const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length
    const variance = rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / rewards.length
    return {
      round: this.#round,
      reward: mean,
      rewardSpread: Math.sqrt(variance),
      length: rollouts.reduce((sum, { tokens }) => sum + tokens.length, 0) / rollouts.length,
      ended: rollouts.filter(({ ended }) => ended).length / rollouts.length,
      ...learned,
      seconds: { quantise, rollout, train: clock() },
    }
  }

  /** Mean reward of the policy that samples, taking always the most probable token. */
  async evaluate(tasks: readonly Task[], signal?: AbortSignal): Promise<number> {
    const { engine, network } = this.#parts
    await engine.update(network)
    const { maxTokens } = this.recipe
    const prompts = this.#encode(tasks)
    const endIds = this.#endIds
    const rollouts = await engine.sample(prompts, { temperature: 0, maxTokens, endIds, signal })
    const rewards = await this.#rewards(tasks, rollouts)
    return rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length
  }

  get #endIds(): ReadonlySet<number> {
    return this.#parts.endIds ?? this.#parts.tokenizer.endIds
  }

  #encode(tasks: readonly Task[]): Int32Array[] {
    const known = new Map<string, Int32Array>()
    return tasks.map(({ prompt }) => {
      const ids = known.get(prompt) ?? Int32Array.from(this.#parts.tokenizer.encode(prompt))
      known.set(prompt, ids)
      return ids
    })
  }

  async #rewards(tasks: readonly Task[], rollouts: readonly Rollout[]): Promise<Float64Array> {
    const { tokenizer } = this.#parts
    const rewards = new Float64Array(rollouts.length)
    for (const [i, { tokens, ended }] of rollouts.entries()) {
      const text = tokenizer.decode(tokens)
      const reward = await tasks[i].reward({ text, tokens, ended })
      if (typeof reward !== 'number' || !Number.isFinite(reward)) {
        throw new Error(
          `the reward function returned ${reward} for ${JSON.stringify(tasks[i].prompt)}; it must return a finite number`,
        )
      }
      rewards[i] = reward
    }
    return rewards
  }

  #learn(prompts: readonly Int32Array[], rollouts: readonly Rollout[], advantages: Float64Array) {
    const { network } = this.#parts
    const { recipe } = this
    const { temperature, correction, level, truncation, kappa0, c0 } = recipe
    const experience = packExperience(prompts, rollouts, network.rows)
    const sequences = experience.offsets
    const logpOld = scoreExperience(network, experience, temperature)
    const logpRollout = Float64Array.from(rollouts.flatMap(({ logProbabilities }) => [...logProbabilities]))
    const options = { level, sequences, truncation, kappa0, c0 }
    const { weights, lambda, diagnostics } = rolloutWeights(correction, logpOld, logpRollout, options)
    const reference = this.#reference ? this.#scoreReference(experience) : undefined
    let result = { loss: 0, kl: 0, clippedShare: 0 }
    let gradientNorm = 0
    const rate = recipe.rate * Math.min(1, (this.#round + 1) / Math.max(1, recipe.warmup))
    for (let update = 0; update < recipe.updates; update++) {
      const logp = update === 0 ? logpOld : scoreExperience(network, experience, temperature)
      const { gradient, ...rest } = grpoLoss(
        { logp, logpOld, advantages, sequences, weights, reference },
        { clip: recipe.clip, clipHigh: recipe.clipHigh, kl: recipe.kl },
      )
      result = rest
      network.clearGradients()
      accumulateExperience(network, experience, gradient, temperature)
      const { beta1, beta2, epsilon, decay, clipNorm } = recipe
      gradientNorm = this.#optimizer.update(rate, { beta1, beta2, epsilon, decay, clip: clipNorm })
    }
    const { loss, kl, clippedShare } = result
    return { diagnostics, lambda, loss, kl, clippedShare, gradientNorm }
  }

  /** Log-probabilities under the policy at the beginning. */
  #scoreReference(experience: ReturnType<typeof packExperience>): Float64Array {
    const { parameters } = this.#parts.network
    const now = parameters.slice()
    parameters.set(this.#reference as Float32Array)
    const scores = scoreExperience(this.#parts.network, experience, this.recipe.temperature)
    parameters.set(now)
    return scores
  }
}

/** Seconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now()
  return () => {
    const before = last
    last = performance.now()
    return (last - before) / 1000
  }
}
