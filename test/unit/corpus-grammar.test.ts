import { describe, expect, it } from 'vitest'
import type { Character } from '../../src/corpus/character.js'
import { corpusDocuments } from '../../src/corpus/index.js'
import { PLOTS } from '../../src/corpus/plots/index.js'
import { Random } from '../../src/corpus/random.js'
import { Scene } from '../../src/corpus/scene.js'
import { setStage } from '../../src/corpus/stage.js'
import { charactersOf, planStory } from '../../src/corpus/story.js'
import { polish, template } from '../../src/corpus/template.js'
import { ANIMALS } from '../../src/corpus/words/animals.js'
import { gerund, past, plural } from '../../src/corpus/words/verbs.js'

const texts: { text: string; kind: string; key: string }[] = []
for (const document of corpusDocuments({ seed: 11, split: 'all' })) {
  texts.push(document)
  if (texts.length === 8000) break
}
const stories = texts.filter(({ kind }) => kind.startsWith('story'))
const prose = texts.filter(({ kind }) => kind !== 'arithmetic')

/** What a pattern finds, with its surroundings, in the texts. */
function finds(pattern: RegExp, where: readonly { text: string }[] = texts): string[] {
  return where.flatMap(({ text }) =>
    [...text.matchAll(pattern)].map(({ index }) => text.slice(Math.max(0, index - 30), index + 40)),
  )
}

describe('the corpus', () => {
  it('has "a" before consonants and "an" before vowels, as they sound', () => {
    const vowel = '[aeiou](?!ni[cfqv]|s[eu]|ne\\b|uro)|hour\\b|honest'
    expect(finds(new RegExp(`\\ba (?:${vowel})`, 'gi'), prose)).toEqual([])
    expect(finds(new RegExp(`\\ban (?!${vowel})`, 'gi'), prose)).toEqual([])
  })

  it('has clean spaces, no placeholder and only ASCII', () => {
    expect(finds(/ {2}| \n|\n | [.,!?]|\n{3}|^\s|\s$/g)).toEqual([])
    expect(finds(/undefined|null|NaN|[{}[\]|$_]|\bobject\b/g)).toEqual([])
    expect(finds(/[^\n\x20-\x7e]/g)).toEqual([])
  })

  it('has no doubled word or sign', () => {
    // "Tap, tap" and "looked and looked" are meant; "had had" and "the the" never are.
    expect(finds(/\b(\w+) \1\b(?!,)/gi, stories)).toEqual([])
    expect(finds(/[,;:!?][.,;:!?]|(?<!\.)\.\.(?!\.)|\.{4}/g)).toEqual([])
  })

  it('begins every sentence with a capital and ends it with a sign', () => {
    expect(finds(/(?:^|[.!?] |[.]" |\n)"?[a-z]/g, stories)).toEqual([])
    for (const { text } of stories)
      for (const paragraph of text.split(/\n+/)) expect(paragraph).toMatch(/[.!?]"?$/)
  })

  it('opens and closes its quotation marks', () => {
    for (const { text } of prose)
      for (const paragraph of text.split(/\n+/)) {
        expect((paragraph.match(/"/g) ?? []).length % 2, paragraph).toBe(0)
        for (const quote of paragraph.match(/"[^"]*"/g) ?? [])
          expect(quote).toMatch(/^"[A-Z].*[.,!?]"$|^"Good morning"$|^"[a-z].*[.,!?]"$/)
      }
  })

  it('says Mom and Dad as names only without an article or possessive', () => {
    expect(finds(/\b(?:the|his|her|a) (?:Mom|Dad|Grandma|Grandpa)\b/g, stories)).toEqual([])
    expect(
      finds(/(?:^|[^'\w])(?:mom|dad|grandma|grandpa)(?:$|\b)/g, stories).filter(
        (found) => !/(?:\b(?:[Hh]is|[Hh]er|own|a)|'s) (?:mom|dad|grandma|grandpa)/.test(found),
      ),
    ).toEqual([])
  })

  it('introduces everybody before the name is used', () => {
    for (const { text } of stories) expect(text).not.toMatch(/the (?:girl|boy) [A-Z]/)
  })
})

describe('pronouns', () => {
  const scenes = Array.from({ length: 3000 }, (_, index) => {
    const plot = PLOTS[index % PLOTS.length]
    const { scene } = setStage(plot, new Random(19, index * 4 + 2))
    return { characters: charactersOf(scene), text: planStory(19, index, plot).tell().text }
  })

  it('are only of sexes that somebody in the story has', () => {
    for (const { characters, text } of scenes) {
      const sexes = new Set(characters.map(({ sex }) => sex))
      const narration = text.replace(/"[^"]*"/g, '')
      if (!sexes.has('f')) expect(narration).not.toMatch(/\b(?:she|hers|herself)\b/i)
      if (!sexes.has('m')) expect(narration).not.toMatch(/\b(?:he|him|himself)\b/i)
    }
  })

  it('are not used where they could mean two', () => {
    const person = (name: string, sex: 'f' | 'm') => ({ name, sex })
    const scene = new Scene(new Random(1))
    const said = (...list: { name: string }[]) => {
      for (const one of list) scene.mention(one as unknown as Character)
      scene.tell('x. ')
    }
    const [tom, ben, lily] = [person('Tom', 'm'), person('Ben', 'm'), person('Lily', 'f')]
    const isClear = (one: { name: string }) => scene.isClear(one as unknown as Character)
    said(tom, lily)
    expect([isClear(tom), isClear(lily), isClear(ben)]).toEqual([true, true, false])
    said(tom, ben)
    expect([isClear(tom), isClear(ben), isClear(lily)]).toEqual([false, false, true])
    scene.paragraph()
    expect(isClear(tom)).toBe(false)
  })
})

describe('questions after stories', () => {
  const SMALL = new Set(
    [
      'a the was were is are did do does to of in on at it they and what who where why how by with for no yes not feel felt',
      'told needed brought found built became made loved wanted lost problem because came tie used followed done lived',
      'cried had ate saw knew thought heard visited left got hid ended met lay gave traded only friend time sent asked dreamed remembered fought truth grew sorry said gone promised too much blew hurt nobody back',
    ]
      .join(' ')
      .split(' '),
  )
  const stem = (word: string) => word.replace(/(?:'s|ing|ed|es|s|e|d)$/, '')
  const words = (text: string): string[] =>
    text
      .toLowerCase()
      .replaceAll("'s", '')
      .match(/[a-z]+(?:-[a-z]+)?/g) ?? []

  it('are answered by the story', () => {
    const missing = new Map<string, number>()
    let answers = 0
    for (const { text, kind } of stories) {
      if (kind !== 'story with questions') continue
      const [story, ...rest] = text.split(/\n\n(?=Question: )/)
      const known = new Set(words(story).map(stem))
      for (const [, answer] of rest.join('\n').matchAll(/^Answer: (.*)$/gm)) {
        answers++
        const question = rest.join('\n')
        for (const word of words(answer))
          if (
            !SMALL.has(word) &&
            !known.has(stem(word)) &&
            !words(question.replace(answer, '')).includes(word)
          )
            missing.set(`${word}: ${answer}`, (missing.get(`${word}: ${answer}`) ?? 0) + 1)
      }
    }
    expect(answers).toBeGreaterThan(1500)
    expect([...missing.keys()].slice(0, 20)).toEqual([])
  })
})

describe('word forms', () => {
  it('of verbs', () => {
    const verbs =
      'ride run play swim hop carry lie bake listen visit fix see draw watch stop skip open make catch beat hang'.split(
        ' ',
      )
    expect(verbs.map(past).join(' ')).toBe(
      'rode ran played swam hopped carried lay baked listened visited fixed saw drew watched stopped skipped opened made caught beat hung',
    )
    expect(verbs.map(gerund).join(' ')).toBe(
      'riding running playing swimming hopping carrying lying baking listening visiting fixing seeing drawing watching ' +
        'stopping skipping opening making catching beating hanging',
    )
  })

  it('of nouns', () => {
    expect('apple cherry box peach leaf sheep fish toy'.split(' ').map(plural).join(' ')).toBe(
      'apples cherries boxes peaches leaves sheep fish toys',
    )
  })

  it('of animals are all given', () => {
    for (const animal of ANIMALS) expect(Object.values(animal)).not.toContain(undefined)
  })
})

describe('templates', () => {
  it('get their articles and capitals', () => {
    expect(polish('a apple and a unicorn. it was a hour. "look," he said. "a owl!" cried Tom.')).toBe(
      'An apple and a unicorn. It was an hour. "Look," he said. "An owl!" cried Tom.',
    )
  })

  it('that are not well formed are refused', () => {
    for (const source of ['{a|b', 'a}', '[x', '$nothing', '{?f:a|b|c}'])
      expect(() => template(source)).toThrow()
  })
})
