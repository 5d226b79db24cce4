import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type CorpusDocument, type CorpusOptions, corpusDocuments } from '../../src/corpus/index.js'
import { PLOTS } from '../../src/corpus/plots/index.js'
import { planStory } from '../../src/corpus/story.js'

function take(count: number, options: Partial<CorpusOptions> = {}): CorpusDocument[] {
  const documents: CorpusDocument[] = []
  for (const document of corpusDocuments({ seed: 1, split: 'all', ...options })) {
    documents.push(document)
    if (documents.length === count) break
  }
  return documents
}

const hash = (documents: readonly CorpusDocument[]) =>
  createHash('sha256')
    .update(documents.map(({ text, kind, key }) => `${kind}\n${key}\n${text}\n`).join('\n'))
    .digest('hex')

const sample = take(20_000)
const stories = sample.filter(({ kind }) => kind.startsWith('story'))
/** Without the questions. */
const told = stories.map(({ text }) => text.split('\n\nQuestion:')[0])

describe('corpusDocuments', () => {
  it('is a pure function of the seed', () => {
    expect(hash(take(300))).toBe(hash(sample.slice(0, 300)))
    expect(hash(take(300, { seed: 2 }))).not.toBe(hash(sample.slice(0, 300)))
    // Pinned: a change of any word of the corpus changes it. Then a model trained on it is another.
    expect(hash(sample.slice(0, 300))).toBe(
      'd2b05f8c625920bf6e0a89c9c974bd93d916ee0e98083fe2c60ea2bc17e25b5f',
    )
  })

  it('gives each split as it is in all', () => {
    const train = take(200, { split: 'train' })
    expect(train.map(({ text }) => text)).toEqual(
      sample
        .filter(({ split }) => split === 'train')
        .slice(0, 200)
        .map(({ text }) => text),
    )
    const heldout = take(100, { split: 'heldout' })
    expect(heldout.map(({ text }) => text)).toEqual(
      sample
        .filter(({ split }) => split === 'heldout')
        .slice(0, 100)
        .map(({ text }) => text),
    )
  })

  it('never has a held-out key in training, whatever the seed', () => {
    const keys = (documents: readonly CorpusDocument[]) => new Set(documents.flatMap((one) => one.keys))
    const train = keys([...sample, ...take(20_000, { seed: 77 })].filter(({ split }) => split === 'train'))
    const heldout = keys([
      ...take(1000, { seed: 3, split: 'heldout' }),
      ...sample.filter((one) => one.split === 'heldout'),
    ])
    expect(heldout.size).toBeGreaterThan(500)
    expect([...heldout].filter((key) => train.has(key))).toEqual([])
  })

  it('holds out about the share that is asked for', () => {
    const share = sample.filter(({ split }) => split === 'heldout').length / sample.length
    expect(share).toBeGreaterThan(0.014)
    expect(share).toBeLessThan(0.026)
    expect(take(500, { heldOut: 0 }).every(({ split }) => split === 'train')).toBe(true)
  })

  it('has the shares of kinds by bytes', () => {
    const bytes = new Map<string, number>()
    for (const { kind, text } of sample) bytes.set(kind, (bytes.get(kind) ?? 0) + text.length)
    const total = [...bytes.values()].reduce((sum, count) => sum + count)
    const share = (kind: string) => bytes.get(kind)! / total
    expect(share('story') + share('story with questions')).toBeCloseTo(0.8, 1)
    expect(share('questions')).toBeCloseTo(0.1, 1)
    expect(share('arithmetic')).toBeCloseTo(0.1, 1)
    const asked = stories.filter(({ kind }) => kind === 'story with questions').length / stories.length
    expect(asked).toBeGreaterThan(0.22)
    expect(asked).toBeLessThan(0.28)
  })

  it('refuses a seed or share that is none', () => {
    expect(() => take(1, { seed: -1 })).toThrow(RangeError)
    expect(() => take(1, { seed: 0.5 })).toThrow(RangeError)
    expect(() => take(1, { heldOut: 2 })).toThrow(RangeError)
  })
})

describe('stories', () => {
  it('have 80 to 220 words', () => {
    const lengths = told.map((text) => text.split(/\s+/).length)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(80)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(220)
  })

  it('come from all plots, each with its own name', () => {
    expect(new Set(PLOTS.map(({ name }) => name)).size).toBe(PLOTS.length)
    expect(PLOTS.length).toBeGreaterThanOrEqual(25)
    expect(new Set(stories.map(({ key }) => key.split('/')[1])).size).toBe(PLOTS.length)
  })

  it('begin with "Once upon a time" most often', () => {
    const share = told.filter((text) => text.startsWith('Once upon a time')).length / told.length
    expect(share).toBeGreaterThan(0.36)
    expect(share).toBeLessThan(0.46)
  })

  it.each(PLOTS)('of $name differ', (plot) => {
    const texts = Array.from({ length: 40 }, (_, index) => planStory(5, index, plot).tell().text)
    const sentences = texts.map((text) => new Set(text.split(/(?<=[.!?]"?)\s+/)))
    let shared = 0
    for (let i = 1; i < sentences.length; i++)
      shared +=
        [...sentences[i]].filter((sentence) => sentences[i - 1].has(sentence)).length / sentences[i].size
    expect(shared / (sentences.length - 1)).toBeLessThan(0.15)
  })
})

describe('variety', () => {
  it('of words', () => {
    const words = new Set(sample.flatMap(({ text }) => text.toLowerCase().match(/[a-z]+(?:'[a-z]+)?/g) ?? []))
    expect(words.size).toBeGreaterThan(2000)
    expect(words.size).toBeLessThan(5000)
  })

  it('of sentences and of strings of 8 words', () => {
    const sentences = told.slice(0, 5000).flatMap((text) => text.split(/(?<=[.!?]"?)\s+/))
    expect(new Set(sentences).size / sentences.length).toBeGreaterThan(0.5)
    const grams: string[] = []
    for (const text of told.slice(0, 2000)) {
      const words = text.split(/\s+/)
      for (let at = 0; at + 8 <= words.length; at++) grams.push(words.slice(at, at + 8).join(' '))
    }
    expect(new Set(grams).size / grams.length).toBeGreaterThan(0.6)
  })

  it('of whole documents', () => {
    expect(new Set(sample.map(({ text }) => text)).size / sample.length).toBeGreaterThan(0.999)
  })
})
