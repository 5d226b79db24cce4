import { measureCeilings } from '../../backend/index.js'
import type { Model } from '../../engine/model.js'
import type { Progress } from '../terminal.js'
import { type Contestant, multiscaleContestant, promptIds } from './contestant.js'
import type { Round } from './summary.js'

export interface RoundOptions {
  readonly prompt: number
  readonly decode: number
  readonly runs: number
  readonly signal?: AbortSignal
}

/**
 * Rounds of ceilings, ours and the peer's, one right after the other: on a machine that others use too, only what is
 * measured next to each other can be compared. One round before them is not counted.
 */
export async function measureRounds(
  model: Model,
  peer: Contestant | null,
  { prompt, decode, runs, signal }: RoundOptions,
  progress: Progress,
): Promise<Round[]> {
  const { backend, variant, threads, vocabulary } = model.info
  const ours = multiscaleContestant(model)
  const rounds: Round[] = []
  for (let round = 0; round <= runs; round++) {
    progress.update(round, runs + 1, round === 0 ? ' | warming up' : ` | round ${round}`)
    await new Promise((resolve) => setImmediate(resolve)) // what follows blocks: an interrupt arrives before it
    signal?.throwIfAborted()
    // Other backends have no ceilings of their own: the machine's is that of the widest native variant.
    const ceilings = measureCeilings({ threads, variant: backend === 'native' ? variant : undefined })
    const ids = promptIds(prompt, vocabulary, round + 1)
    const speeds = await ours.run(ids, decode, signal)
    const others = peer && (await peer.run(ids, decode, signal))
    if (round > 0) rounds.push({ ceilings, ours: speeds, peer: others })
  }
  return rounds
}
