import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import {
  corpusDocuments,
  DEFAULT_HELD_OUT,
  type DocumentKind,
  SEPARATOR,
  type Split,
} from '../corpus/index.js'
import { formatBytes } from '../engine/memory.js'
import type { ByteSink } from '../format/index.js'
import { replaceFile } from '../format/sink-node.js'
import { positiveNumber, realNumber, wholeNumber } from './options.js'
import { interruptSignal, progressBar, threeDigits } from './terminal.js'

/** Bytes that are gathered before they are written: few system calls, little memory. */
const CHUNK_BYTES = 1 << 20

interface CorpusFlags {
  seed: number
  megabytes: number
  heldOut: number
  json?: boolean
}

export function corpusCommand(): Command {
  return new Command('corpus')
    .description(
      "Write the built-in model's corpus: children's stories, questions and arithmetic, as train.txt and heldout.txt.",
    )
    .argument('<directory>', 'where to write; it is made if it is missing')
    .option('--seed <n>', 'the same number gives the same files', wholeNumber, 1)
    .option('--megabytes <n>', 'size of both files together, in millions of bytes', positiveNumber, 40)
    .option(
      '--held-out <share>',
      'share that is kept from training, by what it is about',
      share,
      DEFAULT_HELD_OUT,
    )
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', '\nExample:\n  multiscale corpus data --seed 1 --megabytes 40')
    .action(writeCorpus)
}

function share(text: string): number {
  const value = realNumber(text)
  if (value < 0 || value > 1) throw new InvalidArgumentError('a number from 0 to 1 is needed.')
  return value
}

async function writeCorpus(directory: string, flags: CorpusFlags): Promise<void> {
  const { seed, heldOut } = flags
  const total = flags.megabytes * 1e6
  const signal = interruptSignal()
  await mkdir(directory, { recursive: true })
  const kinds: Partial<Record<DocumentKind, { documents: number; bytes: number }>> = {}
  const bar = progressBar('writing')
  const started = performance.now()
  let bytes = 0
  let shown = 0
  const fill = async (files: Record<Split, DocumentWriter>) => {
    for (const { text, kind, split } of corpusDocuments({ seed, split: 'all', heldOut })) {
      if (bytes >= total) break
      const added = await files[split].add(text)
      bytes += added
      kinds[kind] ??= { documents: 0, bytes: 0 }
      kinds[kind].documents++
      kinds[kind].bytes += added
      if (bytes - shown < CHUNK_BYTES) continue
      shown = bytes
      signal.throwIfAborted()
      bar.update(bytes, total)
    }
    for (const file of Object.values(files)) await file.flush()
    return Object.values(files)
  }
  const path = (split: Split) => join(directory, `${split}.txt`)
  const files = await replaceFile(path('train'), (train) =>
    replaceFile(path('heldout'), (heldout) =>
      fill({ train: new DocumentWriter(train), heldout: new DocumentWriter(heldout) }),
    ),
  ).finally(() => bar.end())
  const seconds = (performance.now() - started) / 1000
  const written = files.map(({ sink, documents, bytes }) => ({ path: sink.name, documents, bytes }))
  if (flags.json) return console.log(JSON.stringify({ seed, heldOut, files: written, kinds, seconds }))
  for (const { path, documents, bytes } of written)
    console.log(`${path}: ${documents} documents, ${formatBytes(bytes)}`)
  console.error(`[${threeDigits(bytes / 1e6 / seconds)} MB/s]`)
}

/** Documents, one after the other, gathered into large writes. */
class DocumentWriter {
  documents = 0
  bytes = 0
  #pending = ''

  constructor(readonly sink: ByteSink) {}

  /** @returns the bytes that the document takes; its characters are ASCII */
  async add(text: string): Promise<number> {
    const entry = `${text}\n${SEPARATOR}\n`
    this.documents++
    this.bytes += entry.length
    this.#pending += entry
    if (this.#pending.length >= CHUNK_BYTES) await this.flush()
    return entry.length
  }

  async flush(): Promise<void> {
    await this.sink.write(Buffer.from(this.#pending, 'latin1'))
    this.#pending = ''
  }
}
