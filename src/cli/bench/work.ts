import type { Ceilings } from '../../backend/index.js'
import { modelConfig } from '../../engine/config.js'
import { cacheBytesPerToken, packedBytes } from '../../engine/memory.js'
import type { ModelInfo } from '../../engine/types.js'
import { openGguf, tensorType } from '../../format/index.js'

/** What a token costs at least, from the model's shapes: the numerators of the shares of the ceilings. */
export interface Work {
  /** Bytes of weights, as packed, that each generated token reads: all matrices, the embedding only if it is the output. */
  readonly weightBytes: number
  /** Keys and values of one position. */
  readonly cacheBytes: number
  /** Multiply-adds of a token with the matrices of all layers. */
  readonly layers: MultiplyAdds
  /** With the output matrix: once a prompt, since only its last token needs logits. */
  readonly output: MultiplyAdds
}

export interface MultiplyAdds {
  /** Activation × weight code; each takes as many as there are digits. */
  readonly codes: number
  /** float32, for F32, F16 and BF16 weights. */
  readonly float: number
}

/** Positions that a model was trained for, from its header. */
export async function trainedContext(path: string): Promise<number> {
  await using file = await openGguf(path)
  return modelConfig(file).trainedContext
}

export async function modelWork(path: string, { backend, cacheType }: ModelInfo): Promise<Work> {
  await using file = await openGguf(path)
  const config = modelConfig(file)
  const output = config.tied ? 'token_embd.weight' : 'output.weight'
  const sums = { layers: { codes: 0, float: 0 }, output: { codes: 0, float: 0 } }
  let weightBytes = 0
  for (const [name, tensor] of file.tensors) {
    const isVector = tensor.shape[0] === 1
    if (isVector || (name === 'token_embd.weight' && name !== output)) continue
    weightBytes += packedBytes(tensor, backend)
    const kind = tensorType(tensor.type).kind === 'codes' ? 'codes' : 'float'
    sums[name === output ? 'output' : 'layers'][kind] += tensor.shape[0] * tensor.shape[1]
  }
  return { weightBytes, cacheBytes: cacheBytesPerToken(config, cacheType), ...sums }
}

/** Bytes that each generated token reads, in the mean over `decode` tokens after a prompt of `prompt`. */
export function bytesPerToken(work: Work, prompt: number, decode: number): number {
  // The first token comes with the prompt; the passes after it see prompt + 1 … prompt + decode − 1 positions.
  return work.weightBytes + work.cacheBytes * (prompt + decode / 2)
}

/** Tokens per second if memory did nothing but be read at its bandwidth. */
export function decodeCeiling(work: Work, prompt: number, decode: number, ceilings: Ceilings): number {
  return ceilings.readBandwidth / bytesPerToken(work, prompt, decode)
}

/** Tokens per second if all cores did nothing but the multiply-adds of the matrices; attention is left out. */
export function prefillCeiling(work: Work, prompt: number, passes: number, ceilings: Ceilings): number {
  const codes = prompt * work.layers.codes + work.output.codes
  const float = prompt * work.layers.float + work.output.float
  return prompt / ((codes * passes) / ceilings.int8Peak + float / ceilings.floatPeak)
}
