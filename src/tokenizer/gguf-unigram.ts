import type { SegmentEncoder } from './id-buffer.js'
import { TextBuilder } from './json/alignment.js'
import { Charsmap } from './json/charsmap.js'
import type { Normalizer } from './json/normalizers.js'
import { Pipeline } from './json/pipeline.js'
import { flagAt, type Metadata } from './metadata.js'
import { SPACE_MARK } from './sentencepiece.js'
import { isPlain, TokenType } from './token-type.js'
import { Unigram } from './unigram.js'
import type { Vocabulary } from './vocabulary.js'

const CHARSMAP = 'tokenizer.ggml.precompiled_charsmap'

/**
 * Unigram as llama.cpp has it (src/llama-vocab.cpp, llm_tokenizer_ugm), normalized by SentencePiece's rules.
 * @throws Error naming the key for metadata that are missing or damaged
 */
export function ggufUnigram(vocabulary: Vocabulary, metadata: Metadata): SegmentEncoder {
  const { ids, types, scores, unknownId, addSpacePrefix } = vocabulary
  if (!scores)
    throw new Error(
      'GGUF metadata: tokenizer.ggml.scores is missing; a Unigram vocabulary is nothing without',
    )
  const isA = (type: number) => (id: number) => types[id] === type
  const lowestScore = Array.from(scores)
    .filter((_, id) => isA(TokenType.normal)(id))
    .reduce((lowest, score) => Math.min(lowest, score), Number.POSITIVE_INFINITY)
  const model = new Unigram({
    pieces: [...ids].filter(([, id]) => isPlain(types[id]!)),
    scores: Array.from(scores, (score, id) => (isA(TokenType.userDefined)(id) ? 0 : score)),
    lowestScore,
    unknownId,
  })
  const mergeSpaces = flagAt(metadata, 'tokenizer.ggml.remove_extra_whitespaces') ?? false
  const normalizer = spaceNormalizer(charsmapOf(metadata), addSpacePrefix, mergeSpaces)
  return new Pipeline({ normalizer, stages: [], model }, false)
}

function charsmapOf(metadata: Metadata): Charsmap | undefined {
  const value = metadata.get(CHARSMAP)
  if (value === undefined) return undefined
  const isArray = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
  if (!isArray) throw new Error(`GGUF metadata: ${CHARSMAP} should be an array of bytes`)
  const bytes = Uint8Array.from(value as ArrayLike<number>)
  if (bytes.length === 0) return undefined
  try {
    return new Charsmap(bytes)
  } catch (cause) {
    throw new Error(`GGUF metadata: ${CHARSMAP} ${(cause as Error).message}`, { cause })
  }
}

/**
 * Replaces by the longest rule at every place, then writes spaces as ▁: one before the text if it is to begin with one,
 * and one for every run of them, those at the end none, if runs are merged.
 */
function spaceNormalizer(map: Charsmap | undefined, addPrefix: boolean, mergeSpaces: boolean): Normalizer {
  return (text, track) => {
    const builder = new TextBuilder(text, track)
    let hasPrefix = false
    let inWord = false
    for (let at = 0; at < text.length; ) {
      const found = map?.find(text, at, text.length, true)
      const end = at + (found?.length ?? (text.codePointAt(at)! > 0xffff ? 2 : 1))
      const shown = found?.text ?? text.slice(at, end)
      for (const char of shown) {
        if (char === ' ') {
          inWord = false
          if (!mergeSpaces) builder.replace(at, end, SPACE_MARK)
          continue
        }
        if (!inWord && (mergeSpaces || (addPrefix && !hasPrefix))) {
          // The space that a word of merged ones begins with stands right before it.
          const isSpace = mergeSpaces && at > 0 && text[at - 1] === ' '
          builder.replace(isSpace ? at - 1 : at, at, SPACE_MARK)
          hasPrefix = true
        }
        inWord = true
        if (char === text.slice(at, end)) builder.copy(at, end)
        else builder.replace(at, end, char)
      }
      at = end
    }
    return builder.result()
  }
}
