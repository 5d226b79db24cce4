import {
  type AttentionInput,
  type AttentionOptions,
  bf16Attention,
  type CodeFormat,
  dequantizeRows,
  exactAttention,
  msdAttention,
  pasaAttention,
  quantizeRows,
} from '../../../attention/index.js'
import { type ErrorReport, ErrorSums } from './errors.js'
import type { Head } from './head.js'
import { type KeyShift, shiftKeys, unshifted } from './key-shift.js'

/** What a method makes of a head. */
interface Attempt {
  readonly method: string
  readonly out: Float64Array
  /** Of a method over codes: exact attention over what they stand for, and the keys among it. */
  readonly codes?: { readonly exact: Float64Array; readonly k: Float64Array }
}

export interface MethodReport {
  readonly method: string
  /** Against exact attention over the keys and values as they were. Null: it overflowed. */
  readonly error: ErrorReport | null
  /** Against exact attention over what the cache's codes stand for; undefined for a method without codes. */
  readonly sameCodes?: ErrorReport | null
  /** Of the cached keys themselves. */
  readonly keys?: ErrorReport | null
}

/** Every method's errors, over the heads that were added. */
export class Comparison {
  readonly #sums = new Map<string, { error: ErrorSums; sameCodes?: ErrorSums; keys?: ErrorSums }>()

  /** @param attempts of `attempts(head)` */
  add({ k, headSize }: Head, exact: Float64Array, attempts: readonly Attempt[]): void {
    for (const { method, out, codes } of attempts) {
      let sums = this.#sums.get(method)
      if (!sums) {
        const ofCodes = codes && { sameCodes: new ErrorSums(), keys: new ErrorSums() }
        sums = { error: new ErrorSums(), ...ofCodes }
        this.#sums.set(method, sums)
      }
      sums.error.add(out, exact, headSize)
      if (!codes) continue
      sums.sameCodes?.add(out, codes.exact, headSize)
      sums.keys?.add(codes.k, k, headSize)
    }
  }

  report(): MethodReport[] {
    return [...this.#sums].map(([method, { error, sameCodes, keys }]) => ({
      method,
      error: error.report(),
      sameCodes: sameCodes?.report(),
      keys: keys?.report(),
    }))
  }
}

/** All methods on one head. */
export function attempts(head: Head, options: AttentionOptions): Attempt[] {
  const over = (format: CodeFormat, shift: KeyShift, readings: readonly Reading[]) =>
    overCodes(head, options, { format, shift, readings })
  return [
    { method: 'binary16, FlashAttention', out: pasaAttention(head, { ...options, beta: 0 }) },
    { method: 'binary16, PASA', out: pasaAttention(head, options) },
    { method: 'bfloat16 cache', out: bf16Attention(head, options) },
    ...over('int8', 'none', ['bfloat16', 1, 2]),
    ...over('int8', 'own', [1, 2]),
    ...over('int8', 'previous', [1, 2]),
    ...(head.turn ? over('int8', 'turned', [2]) : []),
    ...over('mxfp4', 'none', ['bfloat16', 2]),
    ...over('mxfp4', 'own', [2]),
    ...over('mxfp4', 'previous', [2]),
    ...(head.turn ? over('mxfp4', 'turned', [2]) : []),
  ]
}

const CACHES: Readonly<Record<CodeFormat, string>> = { int8: 'INT8 cache', mxfp4: 'MXFP4 cache' }
const SHIFTS: Readonly<Record<KeyShift, string>> = {
  none: '',
  own: ", less the block's mean key",
  previous: ", less the previous block's mean key",
  turned: ", less the previous block's mean key, turned on",
}
const READINGS = { bfloat16: 'made bfloat16', 1: 'MSD, 1 digit', 2: 'MSD, 2 digits' } as const
type Reading = keyof typeof READINGS

/** One cache of codes, read in several ways. */
function overCodes(
  head: Head,
  options: AttentionOptions,
  how: { readonly format: CodeFormat; readonly shift: KeyShift; readonly readings: readonly Reading[] },
): Attempt[] {
  const { format, shift, readings } = how
  const { q, v, rows, headSize } = head
  const { shifts, rest } = shift === 'none' ? { shifts: undefined, rest: head.k } : shiftKeys(head, shift)
  const shape = { rows: head.keys, cols: headSize, format }
  const [keys, values] = [quantizeRows(rest, shape), quantizeRows(v, shape)]
  const k = unshifted(dequantizeRows(keys), shifts, headSize)
  const same: AttentionInput = { ...head, k, v: dequantizeRows(values) }
  const codes = { exact: exactAttention(same, options), k }
  return readings.map((reading) => ({
    method: `${CACHES[format]}${SHIFTS[shift]}: ${READINGS[reading]}`,
    out:
      reading === 'bfloat16'
        ? bf16Attention(same, options)
        : msdAttention({ q, rows, keys, values, shifts }, { ...options, passes: reading }),
    codes,
  }))
}
