/** Cuts a stream of text at the first stop string. */
export interface StopMatcher {
  /**
   * Adds text. Returns what can be shown for certain: all but a suffix that may yet become a stop string.
   * Once a stop string is complete, `stopped` is that string, the text before it is returned, and later text
   * is swallowed.
   */
  push(text: string): { text: string; stopped?: string }
  /** The text ends here: what was held back, the empty string if a stop string was found. */
  flush(): string
}

/**
 * A matcher for strings at which generation stops; they are not shown themselves. The match that is complete
 * first wins, and of several complete at one character the longest: so a stop takes effect with the character
 * that completes it, however the text was cut into chunks, and never depends on text that follows. Costs
 * O(number of stop strings) a character (Knuth, Morris and Pratt 1977).
 * @throws Error for an empty stop string, which would stop everywhere
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  if (stops.some((stop) => stop.length === 0))
    throw new Error('A stop string is empty; remove it, or give the text to stop at')
  // Longest first, so that the first found at a character is the one to report.
  const patterns = [...stops].sort((a, b) => b.length - a.length).map((stop) => new Pattern(stop))
  let held = ''
  let stopped: string | undefined

  return {
    push(text) {
      if (stopped !== undefined) return { text: '', stopped }
      const joined = held + text
      for (let i = held.length; i < joined.length; i++) {
        const unit = joined.charCodeAt(i)
        for (const pattern of patterns) {
          if (!pattern.advance(unit)) continue
          stopped = pattern.text
          held = ''
          return { text: joined.slice(0, i + 1 - stopped.length), stopped }
        }
      }
      const keep = patterns.reduce((longest, { matched }) => Math.max(longest, matched), 0)
      held = joined.slice(joined.length - keep)
      return { text: joined.slice(0, joined.length - keep) }
    },
    flush() {
      const rest = held
      held = ''
      for (const pattern of patterns) pattern.matched = 0
      return rest
    },
  }
}

/** One stop string and how much of it the text so far ends with. */
class Pattern {
  readonly text: string
  matched = 0
  /** Length of the longest proper prefix of the stop string that ends its first `i` characters. */
  private readonly borders: Int32Array

  constructor(text: string) {
    this.text = text
    this.borders = new Int32Array(text.length + 1)
    for (let i = 1, border = 0; i < text.length; i++) {
      while (border > 0 && text[i] !== text[border]) border = this.borders[border]!
      if (text[i] === text[border]) border++
      this.borders[i + 1] = border
    }
  }

  /** Adds a UTF-16 unit to the text; returns whether the stop string now ends it. */
  advance(unit: number): boolean {
    const { text, borders } = this
    while (this.matched > 0 && text.charCodeAt(this.matched) !== unit) this.matched = borders[this.matched]!
    if (text.charCodeAt(this.matched) === unit) this.matched++
    return this.matched === text.length
  }
}
