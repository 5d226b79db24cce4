import type { Tokenizer } from '../tokenizer/index.js'
import type { ModelConfig } from './config.js'
import { Engine } from './engine.js'
import type { RopeFrequencies } from './rope.js'
import type { LoadOptions, ModelInfo } from './types.js'
import type { AttentionVisitor, InputVisitor } from './visit.js'

/**
 * A sequence that grows token by token in the calling thread, and lets a visitor look into its passes or change them: for
 * analyses, not for serving. What a visitor changed stays in the keys and values of later layers.
 */
export class Trace implements Disposable {
  readonly #engine: Engine
  readonly #ids: number[] = []

  private constructor(engine: Engine) {
    this.#engine = engine
  }

  /** @throws as `Engine.load` */
  static async load(path: string, options: LoadOptions = {}): Promise<Trace> {
    return new Trace(await Engine.load(path, options))
  }

  get info(): ModelInfo {
    return this.#engine.info
  }

  get config(): ModelConfig {
    return this.#engine.config
  }

  get rope(): RopeFrequencies {
    return this.#engine.rope
  }

  get tokenizer(): Tokenizer {
    return this.#engine.tokenizer
  }

  /** Tokens so far. */
  get length(): number {
    return this.#ids.length
  }

  /**
   * Computes the tokens that follow; one push at a time. Each token comes to the visitors once, in passes of at most the
   * engine's batch. Unless `visit` changes something the numbers are those of `Model.logits`, bit for bit, however the tokens
   * are parted.
   * @returns logits [vocabulary] after the last one
   * @throws RangeError for no tokens, and for ids outside the vocabulary; ContextLimitError; whatever a visitor throws.
   *   The trace is then as long as it was before
   */
  async push(
    ids: ArrayLike<number>,
    options: {
      readonly visit?: AttentionVisitor
      readonly visitInput?: InputVisitor
      readonly signal?: AbortSignal
    } = {},
  ): Promise<Float32Array> {
    if (ids.length === 0) throw new RangeError('there are no tokens to push')
    const all = [...this.#ids, ...Array.from(ids)]
    try {
      const { logits } = await this.#engine.evaluate(all, options)
      for (let at = this.#ids.length; at < all.length; at++) this.#ids.push(all[at])
      return logits.slice()
    } catch (error) {
      // Passes that came to their end before the failure must not be taken for the beginning of the next push.
      this.#engine.forget(this.#ids.length)
      throw error
    }
  }

  /** Forgets all but the first tokens. @throws RangeError unless 0 ≤ tokens ≤ length */
  truncate(tokens: number): void {
    if (!Number.isInteger(tokens) || tokens < 0 || tokens > this.length)
      throw new RangeError(`a trace of ${this.length} tokens cannot be cut to ${tokens}`)
    this.#ids.length = tokens
    this.#engine.forget(tokens)
  }

  /** Frees weights, cache and threads. */
  close(): void {
    this.#engine.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
