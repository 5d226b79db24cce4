import { createNativeTraining, ReferenceTraining, type TrainingOperations } from '../../src/backend/index.js'
import { NATIVE } from '../contract/backends.js'
import { seededRandom } from './quants.js'

/** What every test of the training operations runs over. */
export const TRAINING = NATIVE.map(({ label, variant }) => ({
  label,
  variant: variant as string,
  create: (threads = 2) => nativeTraining(variant as string, threads),
}))

/**
 * The variants whose exponential is rounded alike: with a fused multiply-add (base/simd.h, madd16). Plain C++ for x64 has
 * none; on arm64 every CPU has one.
 */
export const FUSED = TRAINING.filter(({ variant }) => process.arch === 'arm64' || variant !== 'generic')

export function nativeTraining(variant: string, threads: number): TrainingOperations<Float32Array> {
  const operations = createNativeTraining({ variant, threads })
  if (!operations) throw new Error('the addon disappeared between two calls')
  return operations
}

/** The oracle: the formulas in float64. */
export const EXACT = new ReferenceTraining<Float64Array>(Float64Array)

export const doubles = (x: Float32Array) => Float64Array.from(x)

export function uniform(length: number, seed: number, low: number, high: number): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length }, () => low + (high - low) * random())
}

/** Documents of these lengths, one after the other. */
export function documentsOf(lengths: readonly number[]) {
  const starts = [0]
  for (const length of lengths) starts.push(starts[starts.length - 1] + length)
  return {
    starts: Int32Array.from(starts),
    positions: Int32Array.from(lengths.flatMap((length) => Array.from({ length }, (_, i) => i))),
    rows: starts[starts.length - 1],
  }
}

/** Roundings of a sum of n terms in 16 lanes and a tree of four more (base/simd.h), each term's own not counted. */
export const laneSum = (n: number) => Math.ceil(n / 16) + 4

/** Those of a product's sum over k: fused multiply-adds in runs of 256, then the runs (kernels/train/contract.h). */
export const productSum = (k: number) => Math.min(k, 256) + Math.ceil(k / 256)
