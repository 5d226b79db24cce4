import { sequenceOffsets } from '../batch.js'
import { packSequences } from '../trainer/dataset.js'
import type { Batch, Network } from '../trainer/network.js'
import type { Rollout } from './rollouts.js'

/** Prompts with their completions, as batches of the network, and where the completions' tokens lie in them. */
export interface Experience {
  readonly batches: readonly Batch[]
  /** For each batch: its rows that predict a token of a completion, ascending. */
  readonly rows: readonly Int32Array[]
  /** Completion i is the tokens offsets[i] … offsets[i + 1] − 1 of all completions' tokens. */
  readonly offsets: Float64Array
}

/** @param most tokens of one batch. @throws RangeError for a prompt and completion that are longer */
export function packExperience(
  prompts: readonly Int32Array[],
  rollouts: readonly Rollout[],
  most: number,
): Experience {
  const batches: Batch[] = []
  const rows: Int32Array[] = []
  let members: number[] = []
  let filled = 0
  const lengthOf = (i: number) => prompts[i].length + rollouts[i].tokens.length - 1
  const close = () => {
    if (members.length === 0) return
    const packed = pack(members.map((i) => ({ prompt: prompts[i], completion: rollouts[i].tokens })))
    batches.push(packed.batch)
    rows.push(packed.rows)
    members = []
    filled = 0
  }
  rollouts.forEach((_, i) => {
    const length = lengthOf(i)
    if (length > most) throw new RangeError(`completion ${i} has ${length} tokens; a batch holds ${most}`)
    if (filled + length > most) close()
    members.push(i)
    filled += length
  })
  close()
  return { batches, rows, offsets: sequenceOffsets(rollouts.map(({ tokens }) => tokens.length)) }
}

function pack(sequences: readonly { prompt: Int32Array; completion: Int32Array }[]) {
  const batch = packSequences(
    sequences.map(({ prompt, completion }) => Int32Array.of(...prompt, ...completion)),
  )
  const rows = sequences.flatMap(({ prompt, completion }, i) =>
    Array.from(completion, (_, token) => batch.starts[i] + prompt.length - 1 + token),
  )
  return { batch, rows: Int32Array.from(rows) }
}

/** Log-probabilities of all completions' tokens under the network, [tokens]. */
export function scoreExperience(
  network: Pick<Network, 'evaluate'>,
  { batches, rows, offsets }: Experience,
  temperature: number,
) {
  const all = new Float64Array(offsets[offsets.length - 1])
  let at = 0
  batches.forEach((batch, i) => {
    const logProbabilities = network.evaluate(batch, temperature)
    for (const row of rows[i]) all[at++] = logProbabilities[row]
  })
  return all
}

/** Adds the gradient of a loss whose derivative by each token's log-probability is known. */
export function accumulateExperience(
  network: Network,
  { batches, rows }: Experience,
  derivative: Float64Array,
  temperature: number,
): void {
  let at = 0
  batches.forEach((batch, i) => {
    const ofRow = new Float64Array(batch.ids.length)
    for (const row of rows[i]) ofRow[row] = derivative[at++]
    network.accumulate(batch, (part, begin) => ofRow.subarray(begin, begin + part.length), temperature)
  })
}
