import { createHash } from 'node:crypto'
import { breathe } from '../../engine/breathe.js'
import { Random } from '../../engine/random.js'
import type { Tokenizer } from '../../tokenizer/index.js'
import { bytesOf } from './gguf.js'
import type { Batch } from './network.js'

/** Tokenized documents, those longer than the context cut into pieces. */
export interface Dataset {
  /** The tokens of all pieces, one after the other. */
  readonly ids: Int32Array
  /** [pieces + 1]: piece p is the tokens starts[p] … starts[p + 1] − 1; it trains one token fewer. */
  readonly starts: Int32Array
  readonly documents: number
  /** UTF-8 bytes of the documents. */
  readonly bytes: number
  /** Tokens that are predicted in one pass over all pieces. */
  readonly tokens: number
  /** Of ids and starts, to notice that a training goes on with other data. */
  readonly fingerprint: string
}

/**
 * Documents → tokens. Each begins with the vocabulary's BOS and ends with its EOS, where it has them. A piece has at
 * most context + 1 tokens: `context` that are read, each with the one that follows.
 * @throws Error if nothing is left to train on
 */
export async function tokenizeDocuments(
  documents: Iterable<string> | AsyncIterable<string>,
  tokenizer: Tokenizer,
  context: number,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (documents: number) => void } = {},
): Promise<Dataset> {
  let ids = new Int32Array(1 << 16)
  let length = 0
  const starts = [0]
  let bytes = 0
  let count = 0
  for await (const text of documents) {
    const tokens = [...tokenizer.encode(text, { addSpecial: false })]
    if (tokenizer.bosId !== undefined) tokens.unshift(tokenizer.bosId)
    if (tokenizer.eosId !== undefined) tokens.push(tokenizer.eosId)
    for (let at = 0; at + 1 < tokens.length; at += context) {
      const piece = tokens.slice(at, at + context + 1)
      while (length + piece.length > ids.length) ids = doubled(ids)
      ids.set(piece, length)
      length += piece.length
      starts.push(length)
    }
    bytes += Buffer.byteLength(text)
    if (++count % 512 === 0) {
      onProgress?.(count)
      await breathe(signal)
    }
  }
  onProgress?.(count)
  const pieces = starts.length - 1
  if (pieces === 0)
    throw new Error('the data holds no document of two tokens or more; there is nothing to train on')
  const data = { ids: ids.slice(0, length), starts: Int32Array.from(starts) }
  const hash = createHash('sha256').update(bytesOf(data.ids)).update(bytesOf(data.starts))
  return { ...data, documents: count, bytes, tokens: length - pieces, fingerprint: hash.digest('hex') }
}

function doubled(ids: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * ids.length)
  larger.set(ids)
  return larger
}

/** Where in the data a training is. */
export interface DataPosition {
  /** From 0. */
  readonly epoch: number
  /** Pieces of this epoch that were taken. */
  readonly taken: number
}

/** Goes over the pieces again and again, each time in another order, which the seed and the epoch decide. */
export class BatchSource {
  readonly #data: Dataset
  readonly #seed: number
  #order: Uint32Array
  #position: DataPosition

  constructor(data: Dataset, seed: number, position: DataPosition = { epoch: 0, taken: 0 }) {
    this.#data = data
    this.#seed = seed
    this.#position = position
    this.#order = this.#shuffled(position.epoch)
  }

  get position(): DataPosition {
    return this.#position
  }

  /** @throws RangeError for a place beyond the data */
  set position(position: DataPosition) {
    if (position.taken > this.#order.length)
      throw new RangeError(
        `the data has ${this.#order.length} pieces; ${position.taken} cannot have been taken`,
      )
    if (position.epoch !== this.#position.epoch) this.#order = this.#shuffled(position.epoch)
    this.#position = position
  }

  /** The next pieces, of `tokens` predicted tokens at least, in batches of at most `rows`. */
  next(tokens: number, rows: number): Batch[] {
    const pieces: number[] = []
    for (let count = 0; count < tokens; ) {
      if (this.#position.taken === this.#order.length)
        this.position = { epoch: this.#position.epoch + 1, taken: 0 }
      const piece = this.#order[this.#position.taken]
      this.#position = { epoch: this.#position.epoch, taken: this.#position.taken + 1 }
      pieces.push(piece)
      count += rowsOf(this.#data, piece)
    }
    return packPieces(this.#data, pieces, rows)
  }

  #shuffled(epoch: number): Uint32Array {
    const random = new Random(this.#seed + epoch * 2 ** 20)
    const order = Uint32Array.from({ length: this.#data.starts.length - 1 }, (_, i) => i)
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random.nextDouble() * (i + 1))
      const swapped = order[i]
      order[i] = order[j]
      order[j] = swapped
    }
    return order
  }
}

const tokensOf = ({ ids, starts }: Dataset, piece: number) => ids.subarray(starts[piece], starts[piece + 1])
const rowsOf = ({ starts }: Dataset, piece: number) => starts[piece + 1] - starts[piece] - 1

/**
 * Batches of at most `rows` tokens, of whole pieces, in order, and of about the same size: a last one of a few tokens
 * would cost almost as much as a full one.
 * @throws RangeError for a piece that is longer
 */
export function packPieces(data: Dataset, pieces: readonly number[], rows: number): Batch[] {
  const total = pieces.reduce((sum, piece) => sum + rowsOf(data, piece), 0)
  const enough = total / Math.ceil(total / rows)
  const batches: Batch[] = []
  let members: number[] = []
  let filled = 0
  const close = () => {
    if (members.length > 0) batches.push(packSequences(members.map((piece) => tokensOf(data, piece))))
    members = []
    filled = 0
  }
  for (const piece of pieces) {
    const length = rowsOf(data, piece)
    if (length > rows) throw new RangeError(`a piece of ${length} tokens does not fit a batch of ${rows}`)
    if (filled + length > rows || filled >= enough) close()
    members.push(piece)
    filled += length
  }
  close()
  return batches
}

/** Sequences one after the other; of each, every token but the last is read, and predicts the next. */
export function packSequences(sequences: readonly Int32Array[]): Batch {
  const rows = sequences.reduce((sum, { length }) => sum + length - 1, 0)
  const batch = {
    ids: new Int32Array(rows),
    targets: new Int32Array(rows),
    positions: new Int32Array(rows),
    starts: new Int32Array(sequences.length + 1),
  }
  let row = 0
  sequences.forEach((tokens, i) => {
    batch.ids.set(tokens.subarray(0, -1), row)
    batch.targets.set(tokens.subarray(1), row)
    for (let position = 0; position + 1 < tokens.length; position++)
      batch.positions[row + position] = position
    row += tokens.length - 1
    batch.starts[i + 1] = row
  })
  return batch
}
