import { ByteLevelBpe } from '../bpe.js'
import { CharacterBpe } from '../character-bpe.js'
import type { IdBuffer, SegmentEncoder } from '../id-buffer.js'
import { Pipeline } from '../json/pipeline.js'
import type { Stage } from '../json/pretokenizers.js'
import type { CutTest } from '../json/split.js'
import { SentencePieceBpe } from '../sentencepiece.js'
import { Unigram } from '../unigram.js'
import { CutSeam, EitherSeam, PairSeam, ScanSeam, type Seam, UnigramSeam } from './seam.js'

/** Takes what is to be encoded, in order: texts, and by `push` tokens. */
export interface TextSink extends IdBuffer {
  addText(text: string, isStart: boolean): void
}

/** An encoder as threads share its work. */
export interface ParallelParts {
  /**
   * Does what must be done to a text as a whole and hands on what is left to be encoded.
   */
  prepare(text: string, isStart: boolean, sink: TextSink): void
  /** Encodes texts that were handed on, and parts of them. */
  readonly encoder: SegmentEncoder
  /** Where parts may be joined. */
  readonly seam: Seam
}

/** How an encoder's work can be shared, and which lemma joins its parts; undefined if there is none. */
export function parallelParts(encoder: SegmentEncoder): ParallelParts | undefined {
  if (encoder instanceof Pipeline) return pipelineParts(encoder)
  const seam = seamOf(encoder)
  if (!seam) return undefined
  return {
    prepare: (text, isStart, sink) => sink.addText(text, isStart),
    encoder,
    seam,
  }
}

/** @param encodes what encodes texts with this model, if not itself */
function seamOf(model: SegmentEncoder, encodes = model): Seam | undefined {
  if (model instanceof ByteLevelBpe) return model.preTokenizer.scanner && new ScanSeam()
  if (model instanceof SentencePieceBpe) return new PairSeam(encodes)
  if (model instanceof CharacterBpe) return mergesAnywhere(model) ? new PairSeam(encodes) : undefined
  if (model instanceof Unigram) return new UnigramSeam(model)
  return undefined
}

/** Whether a character's symbol does not depend on its place, and merges end where characters do. */
function mergesAnywhere({ parts }: CharacterBpe): boolean {
  const { prefix, suffix, ignoreMerges, byteIds, table } = parts
  let mergesBytes = false
  if (byteIds) {
    const bytes = new Set(byteIds.filter((id) => id >= 0))
    table.forEach((left, right) => {
      mergesBytes ||= bytes.has(left) || bytes.has(right)
    })
  }
  return prefix === '' && suffix === '' && !ignoreMerges && !mergesBytes
}

function pipelineParts(pipeline: Pipeline): ParallelParts | undefined {
  const { normalizer, added, stages, model } = pipeline.parts
  const changes = prefixOf(stages, ({ changes }) => changes === true)
  const rest = stages.slice(changes.length)
  const cutting = prefixOf(rest, ({ cutsAt }) => cutsAt !== undefined)
  const encoder = rest.length === 0 ? model : new Pipeline({ stages: rest, model }, false)
  const modelSeam = cutting.length === rest.length ? seamOf(model, encoder) : undefined
  const cutSeam = cutting.length > 0 ? new CutSeam(cutting.map(({ cutsAt }) => cutsAt as CutTest)) : undefined
  const seam = cutSeam && modelSeam ? new EitherSeam(cutSeam, modelSeam) : (cutSeam ?? modelSeam)
  if (!seam) return undefined
  return {
    prepare: (text, isStart, sink) => {
      const handOn: Stage = (piece, _base, _prefix, isFirst) => sink.addText(piece, isFirst)
      const before = new Pipeline(
        { normalizer, added, stages: [...changes, handOn], model },
        pipeline.special,
      )
      before.encode(text, isStart, sink)
    },
    encoder,
    seam,
  }
}

/** The first of the items, up to the first that fails the test. */
function prefixOf<T>(items: readonly T[], test: (item: T) => boolean): readonly T[] {
  const end = items.findIndex((item) => !test(item))
  return end < 0 ? items : items.slice(0, end)
}
