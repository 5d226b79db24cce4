import { IdBuffer } from '../id-buffer.js'
import type { Job } from './chunk.js'
import type { TextSink } from './kinds.js'
import type { SeamText } from './seam.js'

/** A text that is cut into chunks; short texts and the tokens between them, that one thread encodes; tokens alone. */
export type PlanPart =
  | { readonly kind: 'long'; readonly text: SeamText; readonly cuts: readonly number[] }
  | { readonly kind: 'short'; readonly job: Job }
  | { readonly kind: 'tokens'; readonly ids: Uint32Array }

/** Parts a text into what threads encode: takes texts and tokens as they come. */
export class Plan extends IdBuffer implements TextSink {
  readonly parts: PlanPart[] = []
  private readonly chunkLength: number
  private readonly overlap: number
  private text = ''
  private spans: number[] = []

  /** @param chunkLength UTF-16 units, at least 1, as `overlap` */
  constructor(chunkLength: number, overlap: number) {
    super('count')
    this.chunkLength = chunkLength
    this.overlap = overlap
  }

  override push(id: number, _end: number): void {
    this.spans.push(-1 - id)
    if (this.spans.length >= this.chunkLength) this.endShort()
  }

  addText(text: string, isStart: boolean): void {
    if (text === '') return
    const cuts = chunkCuts(text, this.chunkLength, this.overlap)
    if (cuts.length > 1) {
      this.endShort()
      this.parts.push({ kind: 'long', text: { text, isStart }, cuts })
      return
    }
    this.text += text
    this.spans.push(2 * text.length + Number(isStart))
    if (this.text.length >= this.chunkLength) this.endShort()
  }

  /** The parts, when all has come. */
  end(): readonly PlanPart[] {
    this.endShort()
    return this.parts
  }

  private endShort(): void {
    if (this.spans.length === 0) return
    if (this.text === '')
      this.parts.push({ kind: 'tokens', ids: Uint32Array.from(this.spans, (span) => -1 - span) })
    else
      this.parts.push({
        kind: 'short',
        job: { text: this.text, parts: this.spans, start: 0, head: 0, tail: 0 },
      })
    this.text = ''
    this.spans = []
  }
}

/** Where chunks of about equal length begin; more than an overlap before the text's end. */
function chunkCuts(text: string, chunkLength: number, overlap: number): number[] {
  const count = Math.ceil(text.length / chunkLength)
  const cuts = [0]
  for (let i = 1; i < count; i++) {
    const cut = atCharacter(text, Math.floor((i * text.length) / count))
    if (cut > cuts.at(-1)! && cut + overlap < text.length) cuts.push(cut)
  }
  return cuts
}

/** The place itself, or the one behind the pair that it is inside of. */
export function atCharacter(text: string, at: number): number {
  const isInside = at > 0 && at < text.length && text.codePointAt(at - 1)! > 0xffff
  return isInside ? at + 1 : at
}
