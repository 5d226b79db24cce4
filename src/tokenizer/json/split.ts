/** What becomes of the places that a pattern matches, and of what lies between them. */
export const BEHAVIORS = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
] as const
export type Behavior = (typeof BEHAVIORS)[number]

/** Called with UTF-16 offsets of pieces, in order. */
export type OnSpan = (start: number, end: number) => void

/** Calls `onMatch` for every match in a text, in order; matches may be empty. */
export type Matcher = (text: string, onMatch: OnSpan) => void

/** Cuts a text into pieces; what is in none of them is left out. */
export type Cutter = (text: string, onPiece: OnSpan) => void

/** Whether a text is always cut at a place inside it, whatever stands around the two characters there. */
export type CutTest = (text: string, at: number) => boolean

/** Where a cutter by single characters cuts. @param source of one character, for the flag v */
export function charCuts(source: string, behavior: Behavior): CutTest {
  const expression = new RegExp(source, 'v')
  const before: CutTest = (text, at) => {
    const isPair = at > 1 && text.codePointAt(at - 2)! > 0xffff
    return expression.test(text.slice(at - (isPair ? 2 : 1), at))
  }
  const behind: CutTest = (text, at) => expression.test(String.fromCodePoint(text.codePointAt(at)!))
  switch (behavior) {
    case 'MergedWithPrevious':
      return before
    case 'MergedWithNext':
      return behind
    case 'Contiguous':
      return (text, at) => before(text, at) !== behind(text, at)
    default:
      return (text, at) => before(text, at) || behind(text, at)
  }
}

/** A cutter as Hugging Face's `SplitDelimiterBehavior` has it; `invert` takes what lies between for the matches. */
export function cutter(matcher: Matcher, behavior: Behavior, invert = false): Cutter {
  return (text, onPiece) => {
    const joiner = JOINERS[behavior](onPiece)
    let done = 0
    const span = (start: number, end: number, isMatch: boolean) => joiner.add(start, end, isMatch !== invert)
    matcher(text, (start, end) => {
      if (start > done) span(done, start, false)
      span(start, end, true)
      done = end
    })
    if (done < text.length) span(done, text.length, false)
    joiner.end()
  }
}

/** Takes all matches and all that lies between, in order, and makes pieces of them. */
interface Joiner {
  add(start: number, end: number, isMatch: boolean): void
  end(): void
}

const JOINERS: Readonly<Record<Behavior, (onPiece: OnSpan) => Joiner>> = {
  Removed: (onPiece) => ({
    add: (start, end, isMatch) => {
      if (!isMatch && end > start) onPiece(start, end)
    },
    end: () => {},
  }),
  Isolated: (onPiece) => ({
    add: (start, end) => {
      if (end > start) onPiece(start, end)
    },
    end: () => {},
  }),
  // A match joins what lies before it, but no other match.
  MergedWithPrevious: (onPiece) => joining(onPiece, (wasMatch, isMatch) => isMatch && !wasMatch),
  MergedWithNext: (onPiece) => joining(onPiece, (wasMatch, isMatch) => wasMatch && !isMatch),
  Contiguous: (onPiece) => joining(onPiece, (wasMatch, isMatch) => wasMatch === isMatch),
}

/** Holds a piece back until it is known that the next span does not join it. */
function joining(onPiece: OnSpan, joins: (wasMatch: boolean, isMatch: boolean) => boolean): Joiner {
  let from = 0
  let to = -1
  let wasMatch = false
  const emit = () => {
    if (to > from) onPiece(from, to)
  }
  return {
    add: (start, end, isMatch) => {
      if (to < 0 || !joins(wasMatch, isMatch)) {
        emit()
        from = start
      }
      to = end
      wasMatch = isMatch
    },
    end: emit,
  }
}

/** Every place where a text stands as it is. */
export function textMatcher(pattern: string): Matcher {
  return (text, onMatch) => {
    if (pattern === '') return
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + pattern.length))
      onMatch(at, at + pattern.length)
  }
}

/**
 * Every match of an expression, from left to right.
 * @param source for the flag v
 */
export function regexMatcher(source: string): Matcher {
  const expression = new RegExp(source, 'vg')
  return (text, onMatch) => {
    for (let at = 0; at <= text.length; ) {
      expression.lastIndex = at
      const match = matchOf(expression, text, at)
      if (!match) return
      const end = match.index + match[0].length
      onMatch(match.index, end)
      // Behind an empty match the search goes on one character later.
      at = end > match.index ? end : end + (text.codePointAt(end)! > 0xffff ? 2 : 1)
    }
  }
}

function matchOf(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  try {
    return expression.exec(text)
  } catch (error) {
    // V8 keeps a place to back up to for every character of a match: about 64 MiB of them, then this RangeError.
    if (!(error instanceof RangeError)) throw error
    throw new Error(
      `The text holds a run of millions of characters of one kind after index ${at}, too long to pre-tokenize; encode it in parts`,
      { cause: error },
    )
  }
}
