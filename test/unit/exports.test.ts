import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** What package.json promises to the outside exists, and says what the README says it does. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const { exports, bin, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>
  bin: Record<string, string>
  files: string[]
}

const CALLS: Record<string, string[]> = {
  '.': ['loadModel', 'Model', 'ContextLimitError', 'FormatError'],
  './dtype': ['bf16', 'fp16', 'fp8e4m3', 'fp8e5m2', 'fp4e2m1', 'e8m0'],
  './msd': [
    'decomposeInt8',
    'decomposeMxfp4',
    'recompose',
    'int8ErrorBound',
    'mxfp4ErrorBound',
    'quantizeFp8',
    'quantizeNvfp4',
    'effectiveBits',
  ],
  './attention': [
    'exactAttention',
    'msdAttention',
    'onlineAttention',
    'pasaAttention',
    'rescaleByExponent',
    'mlaAttention',
  ],
  './format': [
    'openGguf',
    'summarizeGguf',
    'decodeCodes',
    'dequantize',
    'writeGguf',
    'ggufBytes',
    'quantizeMatrix',
  ],
  './tokenizer': ['loadTokenizer', 'tokenizerFromGguf', 'tokenizerFromJson', 'trainBpe'],
  './backend': [
    'selectBackend',
    'createReferenceBackend',
    'createNativeBackend',
    'nativeVariants',
    'measureCeilings',
  ],
  './transport': ['sinkhorn1d', 'sinkhornGrid', 'exactW1', 'applyKernel1d', 'denseSinkhorn'],
  './rl': ['aisDiagnostics', 'aisMixing', 'aisWeights', 'rolloutWeights', 'groupAdvantages', 'grpoLoss'],
}

describe('package.json', () => {
  const entries = Object.entries(exports).filter(([, target]) => typeof target === 'object')

  it('exports what is described here', () => {
    expect(entries.map(([name]) => name).sort()).toEqual(Object.keys(CALLS).sort())
  })

  it.each(entries)('%s has code and types', async (name, target) => {
    if (typeof target === 'string') throw new Error('unreachable: filtered above')
    expect(existsSync(join(root, target.types)), target.types).toBe(true)
    const module = await import(name.replace('.', 'multiscale'))
    for (const call of CALLS[name]) expect(module, `${name} exports ${call}`).toHaveProperty(call)
  })

  it('has a command that runs', () => {
    expect(readFileSync(join(root, bin.multiscale), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it.each(files)('ships %s', (file) => {
    expect(existsSync(join(root, file))).toBe(true)
  })
})
