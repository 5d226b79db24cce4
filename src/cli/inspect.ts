import { Command } from 'commander'
import type { CacheType } from '../backend/index.js'
import { modelConfig, readTokenizer } from '../engine/config.js'
import { DEFAULT_BATCH, DEFAULT_CONTEXT } from '../engine/engine.js'
import { cacheBytesPerToken, defaultCacheType, estimateMemory, formatBytes } from '../engine/memory.js'
import { checkTensors } from '../engine/weights.js'
import { type GgufFile, type GgufSummary, openGguf, summarizeGguf } from '../format/index.js'
import { cacheTypeOption, positiveNumber } from './options.js'

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show what a GGUF file holds and what running it would take. Reads the header only.')
    .argument('<file>', 'GGUF file')
    .option(
      '--ctx <tokens>',
      'context for the memory estimate (default: trained length, at most 4096)',
      positiveNumber,
    )
    .addOption(cacheTypeOption())
    .option('--tensors', 'list every tensor')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  multiscale inspect model.gguf --tensors\n  multiscale inspect model.gguf --ctx 32768 --kv mxfp4',
    )
    .action(inspect)
}

async function inspect(
  path: string,
  flags: { ctx?: number; kv?: CacheType; tensors?: boolean; json?: boolean },
): Promise<void> {
  await using file = await openGguf(path)
  const summary = summarizeGguf(file)
  const running = runnable(file, flags)
  const tensors = [...file.tensors.values()].map(({ name, type, shape, byteLength }) => ({
    name,
    type,
    shape,
    byteLength,
  }))
  if (flags.json) {
    const types = Object.fromEntries(summary.types)
    console.log(JSON.stringify({ ...summary, types, run: running, ...(flags.tensors && { tensors }) }))
    return
  }
  for (const [label, value] of rows(summary, running)) console.log(`${label.padEnd(15)} ${value}`)
  if (!flags.tensors) return
  console.log()
  const width = Math.max(...tensors.map(({ name }) => name.length))
  for (const { name, type, shape, byteLength } of tensors) {
    console.log(
      `${name.padEnd(width)}  ${type.padEnd(6)} ${`[${shape.join(', ')}]`.padEnd(16)} ${formatBytes(byteLength)}`,
    )
  }
}

type Running =
  | {
      supported: true
      context: number
      cacheType: CacheType
      memory: ReturnType<typeof estimateMemory>
      cacheBytesPerToken: number
    }
  | { supported: false; reason: string }

/** Whether this version runs the file, and with how much memory. */
function runnable(file: GgufFile, { ctx, kv }: { ctx?: number; kv?: CacheType }): Running {
  try {
    const config = modelConfig(file)
    checkTensors(file, config)
    readTokenizer(file, config)
    const context = Math.min(ctx ?? DEFAULT_CONTEXT, config.trainedContext)
    const cacheType = kv ?? defaultCacheType('native', config)
    const memory = estimateMemory(file, config, {
      backend: 'native',
      context,
      cacheType,
      batch: Math.min(DEFAULT_BATCH, context),
    })
    return {
      supported: true,
      context,
      cacheType,
      memory,
      cacheBytesPerToken: cacheBytesPerToken(config, cacheType),
    }
  } catch (error) {
    return { supported: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

function rows(s: GgufSummary, running: Running): [label: string, value: string][] {
  const given = (value: unknown) => (value === undefined ? 'not stated' : String(value))
  const types = [...s.types].map(
    ([type, share]) => `${type} ${formatBytes(share.bytes)} (${share.tensors} tensors)`,
  )
  const { rope } = s
  const scaling = rope.hasFrequencies
    ? ', own frequency divisors'
    : rope.scalingType
      ? `, ${rope.scalingType} × ${given(rope.scalingFactor)}`
      : ''
  return [
    ['file', `${s.file}, GGUF v${s.version}, ${formatBytes(s.fileSize)}`],
    ['model', `${given(s.name)} (${given(s.architecture)})`],
    ['parameters', `${(s.parameters / 1e6).toFixed(1)} M in ${s.tensorCount} tensors`],
    ['types', types.join(', ')],
    ['layers', given(s.layers)],
    ['width', `${given(s.embeddingLength)}, feed-forward ${given(s.feedForwardLength)}`],
    ['heads', `${given(s.heads)} query, ${given(s.kvHeads)} key/value, size ${given(s.keyLength)}`],
    [
      'vocabulary',
      `${given(s.vocabularySize)} tokens (${given(s.tokenizer)} tokenizer${s.hasChatTemplate ? ', chat template' : ''})`,
    ],
    ['context', `${given(s.contextLength)} tokens`],
    ['rotary', `base ${given(rope.base)}, ${given(rope.dimensions)} elements of a head${scaling}`],
    ['embeddings', embeddingText(s)],
    ['memory', memoryText(running)],
  ]
}

function embeddingText({ memory }: GgufSummary): string {
  if (memory.embeddingBytes === 0) return 'none in this file'
  return memory.tiedEmbeddings ? 'tied to the output' : 'separate from the output'
}

function memoryText(running: Running): string {
  if (!running.supported) return `cannot be run: ${running.reason}`
  const { memory, context, cacheType } = running
  return (
    `about ${formatBytes(memory.total)} at a context of ${context}: weights ${formatBytes(memory.weights)}, ` +
    `${cacheType} cache ${formatBytes(memory.cache)} (${formatBytes(running.cacheBytesPerToken)} a token), other ${formatBytes(memory.other)}`
  )
}
