import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { buffer as readAll } from 'node:stream/consumers'
import { Command, Option } from 'commander'
import { openGguf } from '../format/index.js'
import { loadTokenizer, type ParallelEncoding, type Tokenizer } from '../tokenizer/index.js'
import { builtIn, positiveNumber } from './options.js'
import { counted, interruptSignal, progressBar, threeDigits } from './terminal.js'

interface TokenizeFlags {
  model: string
  tokenizer?: string
  threads?: number
  ids?: boolean
  count?: boolean
  pieces?: boolean
  special?: boolean
  addSpecial: boolean
  verify?: boolean
  json?: boolean
}

/** With --verify even a short text is encoded in so many chunks, if they are not too short to overlap. */
const VERIFIED_CHUNKS = 16
const SHORTEST_CHUNK = 1024
/** Tokens that are printed at a time. */
const PRINTED = 1 << 16

export function tokenizeCommand(): Command {
  return new Command('tokenize')
    .description('Show the tokens of a text, encoded by several threads if it is long.')
    .argument('<file>', "text file, UTF-8, or '-' for stdin")
    .addOption(
      new Option('-m, --model <file>', 'GGUF file whose tokenizer is taken').default(
        builtIn,
        'the built-in model',
      ),
    )
    .addOption(new Option('--tokenizer <file>', 'tokenizer.json to take instead').conflicts('model'))
    .option(
      '--threads <n>',
      'threads for a text that is long enough (default: one per core, at most 8)',
      positiveNumber,
    )
    .addOption(new Option('--ids', 'print token ids, a line each (default)').conflicts(['count', 'pieces']))
    .addOption(new Option('--count', 'print how many tokens there are').conflicts('pieces'))
    .option('--pieces', 'print every id and, as a JSON string, the text that it stands for')
    .option('--special', 'read <|…|> tokens in the text as the control tokens they spell')
    .option('--no-add-special', 'without the BOS and EOS tokens that the model asks for')
    .option('--verify', 'encode in chunks and in sequence, and fail if these differ')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  multiscale tokenize book.txt --model model.gguf --count\n  multiscale tokenize - --tokenizer tokenizer.json --pieces < note.txt',
    )
    .action(tokenize)
}

async function tokenize(path: string, flags: TokenizeFlags): Promise<void> {
  const { threads, special: parseSpecial, addSpecial, verify } = flags
  const text = utf8(path, path === '-' ? await readAll(process.stdin) : await readFile(path))
  using tokenizer = await open(flags.tokenizer ?? flags.model)
  const chunkLength = verify ? Math.max(SHORTEST_CHUNK, Math.ceil(text.length / VERIFIED_CHUNKS)) : undefined
  const options = { parseSpecial, addSpecial }
  const signal = interruptSignal()
  const bar = progressBar('encoding')
  const started = performance.now()
  const encoding = await tokenizer
    .encodeParallel(text, {
      ...options,
      threads,
      chunkLength,
      signal,
      onProgress: ({ encodedChunks, totalChunks }) => bar.update(encodedChunks, totalChunks),
    })
    .finally(() => bar.end())
  const seconds = (performance.now() - started) / 1000
  // What follows would keep a signal from being heard; without a listener Ctrl-C ends the process at once.
  process.removeAllListeners('SIGINT')
  if (verify) compare(encoding.ids, tokenizer.encode(text, options), path)
  if (flags.json) console.log(JSON.stringify(report(tokenizer, text, encoding, { ...flags, seconds })))
  else {
    await print(tokenizer, encoding.ids, flags)
    if (verify) console.error(verification(encoding, seconds))
  }
}

/** @throws Error for another encoding: read as UTF-8, its tokens would be worth nothing */
function utf8(path: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  throw new Error(
    `${path === '-' ? 'stdin' : path} is not UTF-8 text; convert it first, e.g. with iconv -t utf-8`,
  )
}

/** @throws Error that names the file */
async function open(path: string): Promise<Tokenizer> {
  try {
    return await loadTokenizer(path, { openGguf })
  } catch (error) {
    const { message } = error as Error
    throw message.includes(path) ? error : new Error(`${path}: ${message}`, { cause: error })
  }
}

/** @throws Error if the ids differ, which they never should */
function compare(ids: Uint32Array, expected: Uint32Array, path: string): void {
  const at = expected.findIndex((id, i) => id !== ids[i])
  if (at < 0 && ids.length === expected.length) return
  const from = at < 0 ? expected.length : at
  throw new Error(
    `${path}: chunks and sequence differ from token ${from} on (${ids[from]}, should be ${expected[from]}; ${ids.length} and ${expected.length} tokens). This is a fault of multiscale: please report it with the file`,
  )
}

function report(
  tokenizer: Tokenizer,
  text: string,
  encoding: ParallelEncoding,
  { seconds, ...flags }: TokenizeFlags & { seconds: number },
) {
  const { ids, chunks, joins, retries, threads, sequential } = encoding
  const pieces = () => Array.from(ids, (id) => ({ id, text: pieceOf(tokenizer, id) }))
  return {
    tokens: ids.length,
    characters: text.length,
    ...(flags.pieces ? { pieces: pieces() } : !flags.count && { ids: Array.from(ids) }),
    ...(flags.verify && { verified: true }),
    stats: { seconds, chunks, joins, retries, threads, sequential },
  }
}

async function print(tokenizer: Tokenizer, ids: Uint32Array, flags: TokenizeFlags): Promise<void> {
  if (flags.count) return console.log(ids.length)
  const line = (id: number) =>
    flags.pieces ? `${id}\t${JSON.stringify(pieceOf(tokenizer, id))}\n` : `${id}\n`
  for (let at = 0; at < ids.length; at += PRINTED) {
    const lines = Array.from(ids.subarray(at, at + PRINTED), line).join('')
    if (!process.stdout.write(lines)) await new Promise((resolve) => process.stdout.once('drain', resolve))
  }
}

/** The token's bytes as text; those of half a character as U+FFFD. */
function pieceOf(tokenizer: Tokenizer, id: number): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(tokenizer.bytesOf(id, { skipSpecial: false }))
}

function verification({ chunks, joins, retries, threads, sequential }: ParallelEncoding, seconds: number) {
  if (sequential)
    return '[nothing to verify: no joins are proved for this tokenizer and text, all was encoded in sequence]'
  const how = `${counted(chunks, 'chunk')}, ${counted(joins, 'join')}, ${retries} retried`
  return `[verified: the same ids in chunks and in sequence | ${how} | ${counted(threads, 'thread')}, ${threeDigits(seconds)} s]`
}
