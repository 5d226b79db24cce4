import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStopMatcher } from '../../src/engine/stop.js'

/** Pushes the chunks, then flushes; also what had been shown after each. */
function run(stops: string[], chunks: string[]) {
  const matcher = createStopMatcher(stops)
  let text = ''
  let stopped: string | undefined
  const shown: string[] = []
  for (const chunk of chunks) {
    const result = matcher.push(chunk)
    text += result.text
    stopped = result.stopped
    shown.push(text)
  }
  return { text: text + matcher.flush(), stopped, shown }
}

const fewLetters = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength, maxLength })

describe('stop strings', () => {
  test('one stop string: the text up to indexOf, in chunks of any size', () => {
    fc.assert(
      fc.property(fewLetters(1, 5), fc.array(fewLetters(0, 6), { maxLength: 12 }), (stop, chunks) => {
        const joined = chunks.join('')
        const at = joined.indexOf(stop)
        const { text, stopped } = run([stop], chunks)
        expect(text).toBe(at < 0 ? joined : joined.slice(0, at))
        expect(stopped).toBe(at < 0 ? undefined : stop)
      }),
      { numRuns: 1000 },
    )
  })

  test('several: the first complete one, then the longest; nothing certain is held back', () => {
    const anyStops = fc.array(fewLetters(1, 5), { maxLength: 4 })
    fc.assert(
      fc.property(anyStops, fc.array(fewLetters(0, 6), { maxLength: 12 }), (stops, chunks) => {
        const { text, stopped, shown } = run(stops, chunks)
        const joined = chunks.join('')
        const ends = stops
          .map((stop) => ({ stop, start: joined.indexOf(stop) }))
          .filter(({ start }) => start >= 0)
          .sort((a, b) => a.start + a.stop.length - b.start - b.stop.length || a.start - b.start)
        expect(stopped).toBe(ends[0]?.stop)
        expect(text).toBe(joined.slice(0, ends[0]?.start))

        let pushed = ''
        chunks.forEach((chunk, i) => {
          pushed += chunk
          if (ends[0] && pushed.length >= ends[0].start + ends[0].stop.length) return
          const heldLengths = stops.flatMap((stop) =>
            Array.from({ length: stop.length }, (_, n) => n).filter((n) => pushed.endsWith(stop.slice(0, n))),
          )
          expect(shown[i]).toBe(pushed.slice(0, pushed.length - Math.max(0, ...heldLengths)))
        })
      }),
      { numRuns: 1000 },
    )
  })

  test('text after the stop is swallowed', () => {
    const matcher = createStopMatcher(['</s>'])
    expect(matcher.push('one<')).toEqual({ text: 'one' })
    expect(matcher.push('/s>two')).toEqual({ text: '', stopped: '</s>' })
    expect(matcher.push('three')).toEqual({ text: '', stopped: '</s>' })
    expect(matcher.flush()).toBe('')
  })

  test('what was held back comes out at the end', () => {
    const matcher = createStopMatcher(['\n\nUser:'])
    expect(matcher.push('fine\n\nUse')).toEqual({ text: 'fine' })
    expect(matcher.flush()).toBe('\n\nUse')
    expect(matcher.push('r:')).toEqual({ text: 'r:' })
  })

  test('without stop strings everything passes', () => {
    expect(createStopMatcher([]).push('text')).toEqual({ text: 'text' })
  })

  test('an empty stop string is an error', () => {
    expect(() => createStopMatcher(['a', ''])).toThrow('A stop string is empty')
  })
})
