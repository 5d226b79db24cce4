import { BYTE_CHARS, writeUtf8 } from '../bytes.js'
import { IdBuffer, type SegmentEncoder } from '../id-buffer.js'
import { OffsetRecorder } from '../offset-recorder.js'
import type { AddedTokenMatcher } from './added-tokens.js'
import type { Normalizer } from './normalizers.js'
import type { OnPiece, Stage } from './pretokenizers.js'

export interface PipelineParts {
  readonly normalizer?: Normalizer
  /** Added tokens that are looked for in normalized text. */
  readonly added?: AddedTokenMatcher
  readonly stages: readonly Stage[]
  readonly model: SegmentEncoder
}

/**
 * A tokenizer.json's way from a text without added tokens to ids: normalize, find the added tokens that stand in
 * normalized text, cut into pieces, encode each.
 */
export class Pipeline implements SegmentEncoder {
  readonly parts: PipelineParts
  private readonly stages: Stage
  /** Whether special tokens among the added ones count. */
  readonly special: boolean

  constructor(parts: PipelineParts, special: boolean) {
    this.parts = parts
    this.special = special
    this.stages = inTurn(parts.stages)
  }

  /** @param isStart whether the text begins the whole one */
  encode(text: string, isStart: boolean, out: IdBuffer): void {
    const { normalizer, added, model } = this.parts
    const recorder = out instanceof OffsetRecorder ? out : undefined
    const { origin } = out
    const normalized = normalizer ? normalizer(text, recorder !== undefined) : { text }
    recorder?.beginSegment(origin, normalized.alignment)
    const onPiece: OnPiece = (piece, base, prefix) => {
      out.origin = origin + base - prefix
      recorder?.beginPiece(base)
      model.encode(piece, false, out)
      out.endPiece(piece.length)
    }
    const onText = (start: number, end: number) => {
      const isAll = start === 0 && end === normalized.text.length
      const part = isAll ? normalized.text : normalized.text.slice(start, end)
      this.stages(part, start, 0, isStart && start === 0 && isSameStart(text, normalized.text), onPiece)
    }
    if (added)
      added.split(normalized.text, this.special, onText, (id, start, end) => {
        out.origin = origin
        recorder?.beginPiece(start)
        out.push(id, end)
      })
    else if (normalized.text !== '') onText(0, normalized.text.length)
    out.origin = origin
  }
}

function inTurn(stages: readonly Stage[], from = 0): Stage {
  const stage = stages[from]
  if (!stage) return (text, base, prefix, isFirst, onPiece) => onPiece(text, base, prefix, isFirst)
  if (from === stages.length - 1) return stage
  const rest = inTurn(stages, from + 1)
  return (text, base, prefix, isFirst, onPiece) =>
    stage(text, base, prefix, isFirst, (...piece) => rest(...piece, onPiece))
}

/** Whether a normalized text begins where the text does; spaces are what may be taken off. */
function isSameStart(text: string, normalized: string): boolean {
  return !/^\p{White_Space}/u.test(text) || /^\p{White_Space}|^▁/u.test(normalized)
}

/** Gives a model its pieces in GPT-2's alphabet for bytes; ends are those of the text. */
export class ByteAlphabet implements SegmentEncoder {
  private readonly model: SegmentEncoder
  private readonly remapped = new Remapped()

  constructor(model: SegmentEncoder) {
    this.model = model
  }

  encode(text: string, isStart: boolean, out: IdBuffer): void {
    const { remapped } = this
    if (remapped.unitEnds.length <= 3 * text.length) remapped.unitEnds = new Int32Array(6 * text.length)
    const bytes = new Uint8Array(4)
    let spelled = ''
    for (let at = 0; at < text.length; ) {
      const codePoint = text.codePointAt(at)!
      const next = at + (codePoint > 0xffff ? 2 : 1)
      const count = writeUtf8(codePoint, bytes, 0)
      for (let i = 0; i < count; i++) {
        spelled += BYTE_CHARS[bytes[i]!]!
        remapped.unitEnds[spelled.length] = i === count - 1 ? next : at
      }
      at = next
    }
    remapped.target = out
    this.model.encode(spelled, isStart, remapped)
  }
}

/** Passes tokens on, with the ends that a table gives for theirs. */
class Remapped extends IdBuffer {
  target?: IdBuffer
  unitEnds = new Int32Array(256)

  override push(id: number, end: number): void {
    this.target!.push(id, this.unitEnds[end]!)
  }
}
