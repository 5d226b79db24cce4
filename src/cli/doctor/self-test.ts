import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type Backend, createReferenceBackend } from '../../backend/index.js'
import { type Check, difference } from './check.js'
import { attentionCheck, normCheck } from './float-operations.js'
import { productChecks } from './products.js'

export interface SelfTestResult {
  readonly passed: boolean
  /** Checks that were run. */
  readonly checks: number
  readonly failures: readonly { readonly check: string; readonly message: string }[]
  /** Of all bits of the digit products: equal on all native variants. Null if it did not start. */
  readonly digest: string | null
}

export interface SelfTestOptions {
  readonly signal?: AbortSignal
  /** So many checks are done. */
  readonly onProgress?: (done: number) => void
}

/** The results that every backend must give, computed by the reference backend. */
export async function selfTestChecks(): Promise<Check[]> {
  const reference = createReferenceBackend()
  return [
    ...(await productChecks(reference)),
    await normCheck(reference),
    await attentionCheck(reference, 'f32'),
    await attentionCheck(reference, 'f16'),
  ]
}

/** Runs the checks on a backend. An operation that throws is a failure like a wrong value. */
export async function selfTest(
  backend: Backend,
  checks: readonly Check[],
  { signal, onProgress }: SelfTestOptions = {},
): Promise<SelfTestResult> {
  const failures: { check: string; message: string }[] = []
  const hash = createHash('sha256')
  for (const [i, check] of checks.entries()) {
    const actual = await check.run(backend).catch((error: unknown) => String(error))
    const message = typeof actual === 'string' ? actual : difference(check, actual)
    if (message !== null) failures.push({ check: check.name, message })
    if (check.lowBit && typeof actual !== 'string') hash.update(new Uint8Array(actual.buffer))
    onProgress?.(i + 1)
    await setImmediate() // an interrupt arrives by the event loop
    signal?.throwIfAborted()
  }
  const digest = hash.digest('hex').slice(0, 16)
  return { passed: failures.length === 0, checks: checks.length, failures, digest }
}
