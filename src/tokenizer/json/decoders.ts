import { CHAR_BYTES } from '../bytes.js'
import { type Field, type Makers, PartReader } from './field.js'
import { patternOf } from './pattern.js'

/** What a token adds to a text: bytes where it stands for bytes, else text. */
export type Shown = string | Uint8Array

/** Where in the text a token stands. */
export interface Place {
  readonly isFirst: boolean
  readonly isLast: boolean
}

/**
 * One step of a decoder. Before `Fuse` the steps see token by token; what `Strip` takes off after `Fuse`, it takes off
 * the whole text.
 */
export interface DecoderStep {
  /** What becomes of one token's text. */
  show?(text: string, place: Place): Shown
  readonly fuses?: boolean
  /** Whether `show` shows the last token otherwise than others. */
  readonly looksAtEnd?: boolean
  readonly strip?: { readonly content: string; readonly start: number; readonly stop: number }
}

/** Reads `decoder` into steps; undefined where there is none: then tokens are joined by spaces. */
export function readDecoder(field: Field): DecoderStep[] | undefined {
  if (!field.exists) return undefined
  const steps = new PartReader('decoder', MAKERS).part(field)
  const fuse = steps.findIndex(({ fuses }) => fuses)
  if (fuse >= 0 && steps.some(({ strip }, i) => i > fuse && strip && strip.stop > 0))
    throw field.error(
      'strips the end of the whole text (Strip with a stop, after Fuse), which is not supported',
    )
  return steps
}

const replaceAll = (from: string, to: string) => (text: string) =>
  from === '' ? text : text.replaceAll(from, () => to)

const MAKERS: Makers<DecoderStep[]> = {
  Sequence: (field, parts) => parts.sequence(field.get('decoders')).flat(),
  ByteLevel: () => [{ show: byteLevel }],
  ByteFallback: () => [{ show: byteFallback }],
  Fuse: () => [{ fuses: true }],
  Replace: (field) => {
    const content = field.get('content').string()
    const pattern = patternOf(field.get('pattern'))
    if (pattern.text !== undefined) return [{ show: replaceAll(pattern.text, content) }]
    const expression = new RegExp(pattern.source, 'vg')
    return [{ show: (text) => text.replace(expression, () => content) }]
  },
  Strip: (field) => {
    const content = field.get('content').string()
    if ([...content].length !== 1) field.get('content').fail('one character')
    const start = field.get('start').integer(0, 2 ** 31)
    const stop = field.get('stop').integer(0, 2 ** 31)
    return [{ strip: { content, start, stop } }]
  },
  Metaspace: (field) => {
    const mark = field.get('replacement').exists ? field.get('replacement').string() : '▁'
    if ([...mark].length !== 1) field.get('replacement').fail('one character')
    const before = field.get('add_prefix_space').flag(true) ? 'always' : 'never'
    const strips = field.get('prepend_scheme').oneOf(['always', 'first', 'never'], before) !== 'never'
    return [{ show: (text, { isFirst }) => text.replaceAll(mark, isFirst && strips ? '' : ' ') }]
  },
  WordPiece: (field) => {
    const prefix = field.get('prefix').exists ? field.get('prefix').string() : '##'
    const tidies = field.get('cleanup').flag(true)
    return [
      {
        show: (text, { isFirst }) => {
          const continues = prefix !== '' && text.startsWith(prefix)
          const shown = isFirst ? text : continues ? text.slice(prefix.length) : ` ${text}`
          return tidies ? tidy(shown) : shown
        },
      },
    ]
  },
  BPEDecoder: (field) => {
    const suffix = field.get('suffix').exists ? field.get('suffix').string() : '</w>'
    return [{ show: (text, { isLast }) => replaceAll(suffix, isLast ? '' : ' ')(text), looksAtEnd: true }]
  },
}

/** A token in GPT-2's alphabet for bytes; one with other characters in it is text. */
function byteLevel(text: string): Shown {
  const bytes: number[] = []
  for (const char of text) {
    const byte = CHAR_BYTES.get(char)
    if (byte === undefined) return text
    bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}

function byteFallback(text: string): Shown {
  return /^<0x[0-9A-Fa-f]{2}>$/.test(text) ? Uint8Array.of(Number.parseInt(text.slice(3, 5), 16)) : text
}

/** English punctuation and contractions without the space that BERT's tokens have before them. */
const TIDIED = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const

const tidy = (text: string) => TIDIED.reduce((tidied, [from, to]) => tidied.replaceAll(from, to), text)
