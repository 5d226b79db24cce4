import { tokenizerFromJson } from '../json/load.js'
import { tokenizerFromGguf, type VocabularyTokenizer } from '../tokenizer.js'
import { encodeJob, type MarkKind } from './chunk.js'
import { type ParallelParts, parallelParts } from './kinds.js'
import { type PackedSource, unpack } from './source.js'
import type { FromThread, ToThread } from './thread.js'

/** A thread of `encodeParallel`: makes the tokenizer once, then encodes chunk after chunk. */

let parts: ParallelParts | undefined
let marks: MarkKind = 'ends'

const port = globalThis.process?.getBuiltinModule?.('node:worker_threads').parentPort

/** Copies: memory that changes hands has to be given back in one thread and asked for in the other, which takes longer. */
function send(message: FromThread): void {
  if (port) port.postMessage(message)
  else globalThis.postMessage(message)
}

function partsOf(packed: PackedSource): ParallelParts | undefined {
  const source = unpack(packed)
  const tokenizer =
    source.kind === 'gguf'
      ? tokenizerFromGguf(source.metadata, source.options)
      : tokenizerFromJson(source.json, source.options)
  return parallelParts((tokenizer as VocabularyTokenizer).parts.encoder)
}

function receive(message: ToThread): void {
  if ('source' in message) {
    parts = partsOf(message.source)
    marks = message.marks
    send({ kind: 'ready' })
    return
  }
  const { id, job } = message
  try {
    send({ kind: 'chunk', id, chunk: encodeJob(parts!.encoder, marks, job) })
  } catch (error) {
    send({ kind: 'error', id, message: (error as Error).message })
  }
}

if (port) port.on('message', receive)
else globalThis.onmessage = ({ data }) => receive(data)
