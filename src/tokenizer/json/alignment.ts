/** Where every UTF-16 unit of a changed text comes from: units `starts[i]` … `ends[i]` of the text before. */
export interface Alignment {
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

/** A text after a change, and its alignment to the one before; none where every unit stayed where it was. */
export interface Aligned {
  readonly text: string
  readonly alignment?: Alignment
}

/**
 * Puts a changed text together from pieces that were copied and pieces that were replaced. It tracks alignment only
 * if asked to, so that who needs no offsets pays for none.
 */
export class TextBuilder {
  private readonly source: string
  private text = ''
  private readonly starts?: Uint32List
  private readonly ends?: Uint32List

  constructor(source: string, track: boolean) {
    this.source = source
    if (!track) return
    this.starts = new Uint32List(source.length)
    this.ends = new Uint32List(source.length)
  }

  copy(start: number, end: number): void {
    if (start === end) return
    this.text += start === 0 && end === this.source.length ? this.source : this.source.slice(start, end)
    if (!this.starts) return
    for (let i = start; i < end; i++) {
      this.starts.push(i)
      this.ends!.push(i + 1)
    }
  }

  /** `replacement` stands for units `start` … `end` of the source. */
  replace(start: number, end: number, replacement: string): void {
    this.text += replacement
    if (!this.starts) return
    for (let i = 0; i < replacement.length; i++) {
      this.starts.push(start)
      this.ends!.push(end)
    }
  }

  result(): Aligned {
    if (!this.starts) return { text: this.text }
    return { text: this.text, alignment: { starts: this.starts.take(), ends: this.ends!.take() } }
  }
}

/** The alignment of two changes, one after the other. */
export function compose(first: Alignment | undefined, second: Alignment | undefined): Alignment | undefined {
  if (!first || !second) return first ?? second
  const length = second.starts.length
  const starts = new Uint32Array(length)
  const ends = new Uint32Array(length)
  const last = first.starts.length - 1
  for (let i = 0; i < length; i++) {
    const start = second.starts[i]!
    const end = second.ends[i]!
    starts[i] = start <= last ? first.starts[start]! : last < 0 ? 0 : first.ends[last]!
    ends[i] = end > start ? first.ends[end - 1]! : starts[i]!
  }
  return { starts, ends }
}

class Uint32List {
  private values: Uint32Array
  private size = 0

  constructor(expected: number) {
    this.values = new Uint32Array(Math.max(16, expected))
  }

  push(value: number): void {
    if (this.size === this.values.length) {
      const larger = new Uint32Array(2 * this.size)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.size++] = value
  }

  take(): Uint32Array {
    return this.values.slice(0, this.size)
  }
}
