import { describe, expect, it } from 'vitest'
import {
  type ArithmeticProblem,
  arithmeticProblems,
  corpusDocuments,
  listArithmeticProblems,
} from '../../src/corpus/index.js'
import { listFacts } from '../../src/corpus/knowledge/facts.js'

const pairs: { question: string; answer: string }[] = []
const lines: string[] = []
let documents = 0
for (const { text, kind } of corpusDocuments({ seed: 4, split: 'all' })) {
  if (kind !== 'arithmetic') continue
  for (const [, question, answer] of text.matchAll(/^Question: (.*)\nAnswer: (.*)$/gm))
    pairs.push({ question, answer })
  lines.push(...text.split('\n').filter((line) => /^\d/.test(line)))
  if (++documents === 3000) break
}

/** What the question asks for, worked out anew from its words. */
function solve(question: string): number {
  const numbers = (question.match(/\d+/g) ?? []).map(Number)
  const [a, b] = numbers
  if (/plus|\+|add |sum/.test(question)) return a + b
  if (/minus| - /.test(question)) return a - b
  if (/take \d+ (?:from|away)/.test(question)) return Math.abs(a - b)
  if (/double|two times/.test(question)) return 2 * a
  if (/half/.test(question)) return a / 2
  if (/comes after|one more/.test(question)) return a + 1
  if (/comes before|one less/.test(question)) return a - 1
  if (/bigger|larger|What is more/.test(question)) return Math.max(a, b)
  if (/smaller|What is less/.test(question)) return Math.min(a, b)
  if (
    /eats|loses|gives \d+ to|flies|fly away|takes|go out|goes out|pop|blows out|out of the bag/.test(question)
  )
    return a - b
  return a + b
}

const last = (text: string) => Number(text.match(/\d+/g)!.at(-1))

describe('arithmetic', () => {
  it('has right answers, from 0 to 20', () => {
    const plain = pairs.filter(({ question }) => !/count|numbers from/.test(question))
    expect(plain.length).toBeGreaterThan(8000)
    for (const { question, answer } of plain) {
      const value = /more\.$|bigger|larger|smaller|less\.$|is left\.|left|in all/.test(answer)
        ? Number(answer.match(/\d+/g)!.at(-1))
        : last(answer)
      expect(value, `${question} ${answer}`).toBe(solve(question))
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThanOrEqual(20)
    }
  })

  it('has right equations', () => {
    expect(lines.length).toBeGreaterThan(3000)
    for (const line of lines) {
      const [, a, sign, b, c] = /^(\d+) ([+-]) (\d+) = (\d+)$/.exec(line)!
      expect(sign === '+' ? Number(a) + Number(b) : Number(a) - Number(b), line).toBe(Number(c))
    }
  })

  it('counts without gaps', () => {
    const counting = pairs.filter(({ question }) => /count|numbers from/.test(question))
    expect(counting.length).toBeGreaterThan(200)
    for (const { question, answer } of counting) {
      const [from, to] = question.match(/\d+/g)!.map(Number)
      const step = from < to ? 1 : -1
      const expected = Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => from + i * step)
      expect(answer).toBe(`${expected.join(', ')}.`)
    }
  })

  it('agrees in number', () => {
    for (const { question, answer } of pairs) {
      expect(`${question} ${answer}`).not.toMatch(
        /(?<!\d)1 (?!plus|minus|is|comes|\+|-|more)[a-z]+s\b(?<!is|eats|flies|goes|falls|pops|sits|comes|grows)/,
      )
      expect(`${question} ${answer}`).not.toMatch(/(?<![\d,] |\d)\b1 (?:are|come|fly|go)\b/)
    }
  })
})

describe('arithmeticProblems', () => {
  function take(count: number, split: 'train' | 'heldout', seed = 1): ArithmeticProblem[] {
    const problems: ArithmeticProblem[] = []
    for (const problem of arithmeticProblems({ seed, split })) {
      problems.push(problem)
      if (problems.length === count) break
    }
    return problems
  }

  it('are the same for the same seed, and of the split', () => {
    expect(take(50, 'train')).toEqual(take(50, 'train'))
    expect(take(500, 'heldout').every(({ split }) => split === 'heldout')).toBe(true)
  })

  it('have the form of the documents, the number and the reply', () => {
    for (const { question, answer, reply } of take(500, 'train')) {
      expect(question).toMatch(/^Question: .*\?\nAnswer:$/)
      expect(reply).toMatch(/^ [A-Z0-9].*\.$/)
      expect(reply.match(/\d+/g)).toContain(String(answer))
      expect(answer).toBe(solve(question))
    }
  })

  it('are kept apart by operands, in either order', () => {
    const train = new Set(listArithmeticProblems('train').map(({ key }) => key))
    const heldout = new Set(listArithmeticProblems('heldout').map(({ key }) => key))
    expect([...heldout].filter((key) => train.has(key))).toEqual([])
    expect(heldout.size / (heldout.size + train.size)).toBeGreaterThan(0.06)
    expect(heldout.size / (heldout.size + train.size)).toBeLessThan(0.15)
    const key = (a: number, b: number) =>
      listArithmeticProblems().find(({ question }) => question.includes(`What is ${a} plus ${b}?`))!.key
    expect(key(7, 8)).toBe(key(8, 7))
  })
})

describe('facts', () => {
  it('are well formed, and some phrasings of some are held out', () => {
    const train = listFacts('train')
    const heldout = listFacts('heldout')
    expect(train.length).toBeGreaterThan(1500)
    expect(heldout.length).toBeGreaterThan(40)
    for (const { text } of [...train, ...heldout])
      expect(text).toMatch(/^Question: [A-Z].*\?\nAnswer: [A-Z].*\.$/)
  })
})
