import type { SegmentEncoder } from './id-buffer.js'
import { TextBuilder } from './json/alignment.js'
import { CHINESE } from './json/bert-normalizer.js'
import type { Normalizer } from './json/normalizers.js'
import { Pipeline } from './json/pipeline.js'
import { cutting, prefixing } from './json/pretokenizers.js'
import { charCuts, cutter, textMatcher } from './json/split.js'
import { SPACE_MARK } from './sentencepiece.js'
import { isPlain } from './token-type.js'
import type { Vocabulary } from './vocabulary.js'
import { WordPiece } from './wordpiece.js'

/**
 * WordPiece as llama.cpp has it (src/llama-vocab.cpp, llm_tokenizer_wpm): words begin with ▁ in the vocabulary, no word
 * is too long, and accents go: all marks, and of a character's canonical decomposition all but the first part (which
 * leaves of a Hangul syllable its initial consonant).
 * @throws Error if the vocabulary has no unknown token
 */
export function ggufWordPiece(vocabulary: Vocabulary): SegmentEncoder {
  const { ids, types, unknownId } = vocabulary
  if (unknownId === undefined)
    throw new Error('GGUF metadata: tokenizer.ggml.unknown_token_id is missing, and [UNK] is no token')
  const tokens = [...ids].filter(([, id]) => isPlain(types[id]!))
  return new Pipeline(
    {
      normalizer,
      stages: [cutting(cutter(textMatcher(' '), 'Removed'), charCuts(' ', 'Removed')), prefixing(SPACE_MARK)],
      model: new WordPiece({
        first: tokens,
        others: tokens,
        unknownId,
        longestWord: Number.POSITIVE_INFINITY,
      }),
    },
    false,
  )
}

const SPACE = /\p{White_Space}/u
const REMOVED = /[\uFFFD\p{Cc}\p{Cf}\p{Co}\p{M}]/u
/** Words of their own. Symbols beyond ASCII are not. */
const SINGLE = new RegExp(`[\\p{P}$+<=>^\`|~${CHINESE}]`, 'u')

const normalizer: Normalizer = (text, track) => {
  const builder = new TextBuilder(text, track)
  for (let at = 0; at < text.length; ) {
    const end = at + (text.codePointAt(at)! > 0xffff ? 2 : 1)
    const char = String.fromCodePoint(text.slice(at, end).normalize('NFD').codePointAt(0)!)
    if (SPACE.test(char)) builder.replace(at, end, ' ')
    else if (!REMOVED.test(char)) {
      const lower = char.toLowerCase()
      // Lower case that is more than one character is left alone, as a table of single characters has it.
      const shown = [...lower].length === 1 ? lower : char
      const isSingle = SINGLE.test(char)
      if (isSingle) builder.replace(at, at, ' ')
      if (shown === text.slice(at, end)) builder.copy(at, end)
      else builder.replace(at, end, shown)
      if (isSingle) builder.replace(end, end, ' ')
    }
    at = end
  }
  return builder.result()
}
