import type { Line } from './mesh.js'

/**
 * Factors of the sweeps for a kernel e^((t_i + s_j − |x_i − y_j|)/ε) with potentials t of the targets and s of the sources:
 * one part for each of `lines` lines, one after the other. None is above 1, so nothing overflows whatever ε is.
 */
export interface Factors {
  /** [lines, targets] A left sum's way from target i − 1 to i, a right sum's from i + 1 to i. */
  readonly leftDecay: Float64Array
  readonly rightDecay: Float64Array
  /** [lines, sources] Source j in the left sum of the first target at or after it, in the right sum of the last one before it. */
  readonly leftEntry: Float64Array
  readonly rightEntry: Float64Array
}

export function allocateFactors({ targets, sources }: Line, lines: number): Factors {
  return {
    leftDecay: new Float64Array(lines * targets.length),
    rightDecay: new Float64Array(lines * targets.length),
    leftEntry: new Float64Array(lines * sources.length),
    rightEntry: new Float64Array(lines * sources.length),
  }
}

/**
 * Fills in one line's factors. Where t is the soft transform of s, every exponent is at most 0 but for rounding, which is cut off.
 * @param t potentials of the targets, of which this line's begin at `line` · targets; s likewise
 */
export function fillFactors(
  { targets, sources, dividing }: Line,
  line: number,
  t: Float64Array,
  s: Float64Array,
  epsilon: number,
  { leftDecay, rightDecay, leftEntry, rightEntry }: Factors,
): void {
  const [n, m] = [targets.length, sources.length]
  const [first, firstSource] = [line * n, line * m]
  if (t[first] === Infinity) {
    // No source of this line has any weight.
    for (const decays of [leftDecay, rightDecay]) decays.fill(0, first, first + n)
    for (const entries of [leftEntry, rightEntry]) entries.fill(0, firstSource, firstSource + m)
    return
  }
  let source = 0
  for (let i = 0; i < n; i++) {
    const here = t[first + i]
    if (i > 0) {
      const before = t[first + i - 1]
      const gap = targets[i] - targets[i - 1]
      leftDecay[first + i] = Math.exp(Math.min(0, (here - before - gap) / epsilon))
      rightDecay[first + i - 1] = Math.exp(Math.min(0, (before - here - gap) / epsilon))
    }
    const end = dividing[i]
    for (; source < end; source++) {
      const at = firstSource + source
      leftEntry[at] = Math.exp(Math.min(0, (here + s[at] - (targets[i] - sources[source])) / epsilon))
    }
    const next = i + 1 < n ? dividing[i + 1] : m
    for (let j = end; j < next; j++) {
      const at = firstSource + j
      rightEntry[at] = Math.exp(Math.min(0, (here + s[at] - (sources[j] - targets[i])) / epsilon))
    }
  }
}

/**
 * Multiplies the kernel of every line with v: two sweeps of targets + sources multiply-adds (docs/papers/finom.md, "The sweeps").
 * @param v [lines, sources] @param out [targets, lines]: turned, so that the next axis of a grid lies in lines
 * @param scratch as long as there are targets
 */
export function sweep(
  { targets, sources, dividing }: Line,
  { leftDecay, rightDecay, leftEntry, rightEntry }: Factors,
  lines: number,
  v: Float64Array,
  out: Float64Array,
  scratch: Float64Array,
): void {
  const [n, m] = [targets.length, sources.length]
  for (let line = 0; line < lines; line++) {
    const [first, firstSource] = [line * n, line * m]
    let right = 0
    let j = m - 1
    for (let i = n - 1; i >= 0; i--) {
      right *= rightDecay[first + i]
      for (const begin = dividing[i]; j >= begin; j--)
        right += rightEntry[firstSource + j] * v[firstSource + j]
      scratch[i] = right
    }
    let left = 0
    j = 0
    for (let i = 0; i < n; i++) {
      left *= leftDecay[first + i]
      for (const end = dividing[i]; j < end; j++) left += leftEntry[firstSource + j] * v[firstSource + j]
      out[i * lines + line] = left + scratch[i]
    }
  }
}

/**
 * The same with every term times |x_i − y_j| or, signed, times y_j − x_i. All terms of a sweep have one sign: nothing cancels in it.
 */
export function momentSweep(
  { targets, sources, dividing }: Line,
  { leftDecay, rightDecay, leftEntry, rightEntry }: Factors,
  lines: number,
  v: Float64Array,
  out: Float64Array,
  scratch: Float64Array,
  isSigned: boolean,
): void {
  const [n, m] = [targets.length, sources.length]
  for (let line = 0; line < lines; line++) {
    const [first, firstSource] = [line * n, line * m]
    let sum = 0
    let moment = 0
    let j = m - 1
    for (let i = n - 1; i >= 0; i--) {
      if (i < n - 1) moment += (targets[i + 1] - targets[i]) * sum
      moment *= rightDecay[first + i]
      sum *= rightDecay[first + i]
      for (const begin = dividing[i]; j >= begin; j--) {
        const term = rightEntry[firstSource + j] * v[firstSource + j]
        sum += term
        moment += term * (sources[j] - targets[i])
      }
      scratch[i] = moment
    }
    sum = 0
    moment = 0
    j = 0
    for (let i = 0; i < n; i++) {
      if (i > 0) moment += (targets[i] - targets[i - 1]) * sum
      moment *= leftDecay[first + i]
      sum *= leftDecay[first + i]
      for (const end = dividing[i]; j < end; j++) {
        const term = leftEntry[firstSource + j] * v[firstSource + j]
        sum += term
        moment += term * (targets[i] - sources[j])
      }
      out[i * lines + line] = isSigned ? scratch[i] - moment : scratch[i] + moment
    }
  }
}
