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
  private readonly parts: PipelineParts
  private readonly stages: Stage
  private readonly special: boolean

  /** @param special whether special tokens among the added ones count */
  constructor(parts: PipelineParts, special: boolean) {
    this.parts = parts
    this.special = special
    const { stages } = parts
    const run = (from: number): Stage => {
      const stage = stages[from]
      if (!stage) return (text, base, prefix, isFirst, onPiece) => onPiece(text, base, prefix, isFirst)
      if (from === stages.length - 1) return stage
      const rest = run(from + 1)
      return (text, base, prefix, isFirst, onPiece) =>
        stage(text, base, prefix, isFirst, (...piece) => rest(...piece, onPiece))
    }
    this.stages = run(0)
  }

  /** @param isStart whether the text begins the whole one */
  encode(text: string, isStart: boolean, out: IdBuffer): void {
    const { normalizer, added, model, stages } = this.parts
    const recorder = out instanceof OffsetRecorder ? out : undefined
    const normalized = normalizer ? normalizer(text, recorder !== undefined) : { text }
    recorder?.change(normalized.alignment)
    // What was stripped off the beginning counts: then nothing begins where the whole text does.
    const isKept = normalized.alignment?.starts[0] === 0 || isSameStart(text, normalized.text)
    const { origin } = out
    const onPiece: OnPiece = (piece, base, prefix) => {
      out.origin = origin + base - prefix
      recorder?.beginPiece(base)
      model.encode(piece, false, out)
    }
    const onText = (start: number, end: number) => {
      const isFirst = isStart && start === 0 && isKept
      const part = start === 0 && end === normalized.text.length ? normalized.text : normalized.text.slice(start, end)
      if (stages.length > 0) this.stages(part, start, 0, isFirst, onPiece)
      else onPiece(part, start, 0, isFirst)
    }
    if (!added) {
      if (normalized.text !== '') onText(0, normalized.text.length)
    } else
      added.split(normalized.text, this.special, onText, (id, start, end) => {
        out.origin = origin
        recorder?.beginPiece(start)
        out.push(id, end)
      })
    out.origin = origin
  }
}

/** Whether nothing but spaces could have been taken off the beginning, and none was. */
function isSameStart(text: string, normalized: string): boolean {
  return !/^\p{White_Space}/u.test(text) || /^\p{White_Space}|^▁/u.test(normalized)
}

/** Gives a model its pieces in GPT-2's alphabet for bytes; ends are those of the text. */
export class ByteAlphabet implements SegmentEncoder {
  private readonly model: SegmentEncoder
  private ends = new Int32Array(256)

  constructor(model: SegmentEncoder) {
    this.model = model
  }

  encode(text: string, isStart: boolean, out: IdBuffer): void {
    if (this.ends.length <= 3 * text.length) this.ends = new Int32Array(6 * text.length)
    const bytes = new Uint8Array(4)
    let spelled = ''
    for (let at = 0; at < text.length; ) {
      const codePoint = text.codePointAt(at)!
      const next = at + (codePoint > 0xffff ? 2 : 1)
      const count = writeUtf8(codePoint, bytes, 0)
      for (let i = 0; i < count; i++) {
        spelled += BYTE_CHARS[bytes[i]!]!
        this.ends[spelled.length] = i === count - 1 ? next : at
      }
      at = next
    }
    this.model.encode(spelled, isStart, new Remapped(out, this.ends))
  }
}

/** Passes tokens on, with the ends that a table gives for theirs. */
class Remapped extends IdBuffer {
  private readonly target: IdBuffer
  private readonly to: Int32Array

  constructor(target: IdBuffer, to: Int32Array) {
    super()
    this.target = target
    this.to = to
  }

  override push(id: number, end?: number): void {
    this.target.push(id, end === undefined ? undefined : this.to[end]!)
  }
}
