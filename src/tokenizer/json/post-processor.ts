import { MAX_TOKEN_ID } from './added-tokens.js'
import { type Field, type Makers, PartReader } from './field.js'

/** Ids that `addSpecial` puts before and after a text. */
export interface Frame {
  readonly prefix: readonly number[]
  readonly suffix: readonly number[]
}

const EMPTY: Frame = { prefix: [], suffix: [] }

/** Reads `post_processor`; an empty frame where there is none. @throws Error naming the key of what cannot be used */
export function readPostProcessor(field: Field): Frame {
  return field.exists ? new PartReader('post-processor', MAKERS).part(field) : EMPTY
}

const MAKERS: Makers<Frame> = {
  // It only trims offsets.
  ByteLevel: () => EMPTY,
  Sequence: (field, parts) =>
    parts.sequence(field.get('processors')).reduce(
      (inner, outer) => ({
        prefix: [...outer.prefix, ...inner.prefix],
        suffix: [...inner.suffix, ...outer.suffix],
      }),
      EMPTY,
    ),
  BertProcessing: (field) => between(field),
  RobertaProcessing: (field) => between(field),
  TemplateProcessing: (field) => {
    const special = field.get('special_tokens')
    const prefix: number[] = []
    const suffix: number[] = []
    let ids = prefix
    for (const piece of field.get('single').items()) {
      const sequence = piece.get('Sequence')
      if (sequence.exists) {
        sequence.get('id').oneOf(['A'])
        if (ids === suffix) throw piece.error('is the text once more; a template for one text has it once')
        ids = suffix
      } else {
        const name = piece.get('SpecialToken').get('id').string()
        for (const id of special.get(name).get('ids').items()) ids.push(id.integer(0, MAX_TOKEN_ID))
      }
    }
    if (ids === prefix) throw field.get('single').error('leaves out the text: no piece is {"Sequence": …}')
    return { prefix, suffix }
  },
}

/** `cls` before and `sep` after, each [text, id]. */
function between(field: Field): Frame {
  const idAt = (name: string) => {
    const items = field.get(name).items()
    if (items.length !== 2) field.get(name).fail('a token and its id')
    return items[1]!.integer(0, MAX_TOKEN_ID)
  }
  return { prefix: [idAt('cls')], suffix: [idAt('sep')] }
}
