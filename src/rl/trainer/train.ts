import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createNativeTraining, ReferenceTraining, type TrainingOperations } from '../../backend/index.js'
import { availableMemory, formatBytes } from '../../engine/memory.js'
import { openGguf } from '../../format/index.js'
import { type Tokenizer, tokenizerFromGguf, trainBpe } from '../../tokenizer/index.js'
import { openCheckpoint, saveCheckpoint } from './checkpoint.js'
import { type Dataset, tokenizeDocuments } from './dataset.js'
import { readDocuments } from './documents.js'
import { type ExportType, exportModel } from './export.js'
import { type TokenizerMetadata, tokenizerMetadata } from './gguf.js'
import { completeRecipe, PRESETS, type PresetName, type Recipe } from './presets.js'
import { type ModelShape, trainingBytes } from './shape.js'
import { type StepReport, Trainer } from './trainer.js'

export interface TrainOptions {
  /** Text to learn: a file or folder for `readDocuments`. */
  readonly data: string
  /** The model file to write. Its checkpoints are `<out>.checkpoint`, until the model is there. */
  readonly out: string
  /** Default `tiny`. */
  readonly preset?: PresetName
  /** Takes the place of parts of the preset's shape. */
  readonly shape?: Partial<Omit<ModelShape, 'vocabulary'>>
  /** Takes the place of parts of the preset's recipe. Without `steps`, one epoch. */
  readonly recipe?: Partial<Recipe>
  /** Passes over the data, where `recipe.steps` is not given. Default 1. */
  readonly epochs?: number
  /** Tokens of a new vocabulary. Default: the preset's. */
  readonly vocabulary?: number
  /** Take the vocabulary of this GGUF instead of making one. */
  readonly tokenizer?: string
  /** Text that is not learned, to tell how well the rest was. */
  readonly heldOut?: string
  /** How matrices are stored in the model file. Default `F16`. */
  readonly type?: ExportType
  /** The model's name. Default: that of the file. */
  readonly name?: string
  /** Go on from the checkpoint. The recipe and shape are those of the checkpoint. */
  readonly resume?: boolean
  /** Seconds between checkpoints. Default 60; Infinity for none. */
  readonly checkpointSeconds?: number
  readonly threads?: number
  /** The kernel variant, for tests. */
  readonly variant?: string
  /** Saves a checkpoint, then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TrainProgress) => void
}

export type TrainProgress =
  | { readonly phase: 'vocabulary'; readonly tokens: number; readonly wanted: number }
  | { readonly phase: 'tokenizing'; readonly documents: number }
  | { readonly phase: 'ready'; readonly parameters: number; readonly data: Dataset; readonly steps: number }
  | {
      readonly phase: 'training'
      readonly report: StepReport
      /** Of the last updates, weighted by 0.95 to the power of their age. */
      readonly smoothLoss: number
      readonly steps: number
      readonly tokensPerSecond: number
      readonly secondsLeft: number
    }
  | { readonly phase: 'evaluating' }

export interface TrainResult {
  readonly parameters: number
  readonly steps: number
  readonly tokens: number
  /** Of each update, in nats per token. */
  readonly losses: readonly number[]
  /** Mean loss on the held-out text, in float32. */
  readonly heldOutLoss?: number
  /** Bytes of the model file. */
  readonly bytes: number
  /** Of this run; a resumed training took longer in all. */
  readonly seconds: number
  readonly tokensPerSecond: number
  /** Where it was computed. */
  readonly backend: string
  readonly threads: number
}

/** Float32 kernels, or without the addon plain TypeScript. */
export function trainingOperations(options: {
  threads?: number
  variant?: string
}): TrainingOperations<Float32Array> {
  return createNativeTraining(options) ?? new ReferenceTraining(Float32Array)
}

/**
 * Trains a model from text to file.
 * @throws Error for data that cannot be read, options that do not fit together, a checkpoint of another training, and
 *   a training that diverges
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { out, signal, onProgress } = options
  const started = performance.now()
  const checkpointPath = `${out}.checkpoint`
  if (options.resume && !existsSync(checkpointPath))
    throw new Error(`there is no ${checkpointPath} to go on from; leave out --resume to begin anew`)
  await using checkpoint = options.resume ? await openCheckpoint(checkpointPath) : null

  const tokenizerData = checkpoint?.header.tokenizer ?? (await chooseTokenizer(options))
  const tokenizer = tokenizerFromGguf(tokenizerData)
  const preset = PRESETS[options.preset ?? 'tiny']
  const shape = checkpoint?.header.shape ?? {
    vocabulary: tokenizer.vocabSize,
    ...preset.shape,
    ...options.shape,
  }
  const tokenize = (path: string) => tokenizeFile(path, tokenizer, shape.context, options)
  const data = await tokenize(options.data)
  // Before the training, not after it: a name that is wrong should be noticed now.
  const heldOut = options.heldOut === undefined ? undefined : await tokenize(options.heldOut)
  const operations = trainingOperations(options)
  try {
    const recipe = checkpoint?.header.recipe ?? completeRecipe(chooseRecipe(options, data))
    checkMemory(shape, recipe)
    const trainer = new Trainer({ operations, shape, recipe, data })
    await checkpoint?.restore(trainer)
    await checkpoint?.close()
    const name = checkpoint?.header.name ?? options.name ?? out.replace(/^.*[\\/]|\.gguf$/g, '')
    const parameters = trainer.network.layout.length
    onProgress?.({ phase: 'ready', parameters, data, steps: trainer.recipe.steps })
    const losses = [...(checkpoint?.header.losses ?? [])]
    const save = () => saveCheckpoint(checkpointPath, trainer, { name, tokenizer: tokenizerData, losses })
    const speed = await runSteps(trainer, losses, save, options)

    if (heldOut) onProgress?.({ phase: 'evaluating' })
    const heldOutLoss = heldOut && (await trainer.evaluate(heldOut, signal))
    const bytes = await exportModel(out, trainer.network, {
      type: options.type ?? 'F16',
      tokenizer: tokenizerData,
      name,
    })
    await rm(checkpointPath, { force: true })
    return {
      parameters,
      steps: trainer.state.step,
      tokens: trainer.state.totalTokens,
      losses,
      heldOutLoss,
      bytes,
      seconds: (performance.now() - started) / 1000,
      tokensPerSecond: speed,
      backend: `${operations.name} ${operations.variant}`,
      threads: operations.threads,
    }
  } finally {
    operations.close()
  }
}

/** @throws Error saying how much is needed and how much there is */
function checkMemory(shape: ModelShape, { passTokens }: Recipe): void {
  const [needed, available] = [trainingBytes(shape, passTokens), availableMemory()]
  if (needed <= available) return
  throw new Error(
    `training this model needs about ${formatBytes(needed)} of memory, but only ${formatBytes(available)} are available; ` +
      'take a smaller preset, or fewer passTokens',
  )
}

/** @returns tokens per second */
async function runSteps(
  trainer: Trainer,
  losses: number[],
  save: () => Promise<void>,
  { signal, onProgress, checkpointSeconds = 60 }: TrainOptions,
): Promise<number> {
  const { steps } = trainer.recipe
  const started = performance.now()
  const before = trainer.state
  let saved = started
  let smoothLoss = losses.at(-1) ?? 0
  const rate = () => (trainer.state.totalTokens - before.totalTokens) / ((performance.now() - started) / 1000)
  try {
    while (!trainer.done) {
      const report = await trainer.step(signal)
      losses.push(report.loss)
      smoothLoss = losses.length === 1 ? report.loss : 0.95 * smoothLoss + 0.05 * report.loss
      const perStep = (performance.now() - started) / 1000 / (report.step - before.step)
      onProgress?.({
        phase: 'training',
        report,
        smoothLoss,
        steps,
        tokensPerSecond: rate(),
        secondsLeft: perStep * (steps - report.step),
      })
      if (performance.now() - saved < checkpointSeconds * 1000) continue
      await save()
      saved = performance.now()
    }
  } catch (error) {
    // What was learned is not lost to Ctrl-C.
    if (signal?.aborted && trainer.state.step > before.step) await save()
    throw error
  }
  return rate()
}

async function chooseTokenizer(options: TrainOptions): Promise<TokenizerMetadata> {
  if (options.tokenizer !== undefined) {
    await using file = await openGguf(options.tokenizer)
    return tokenizerMetadata(file)
  }
  const wanted = options.vocabulary ?? PRESETS[options.preset ?? 'tiny'].vocabulary
  const { metadata } = await trainBpe(readDocuments(options.data), {
    vocabularySize: wanted,
    signal: options.signal,
    onProgress: ({ tokens }) => options.onProgress?.({ phase: 'vocabulary', tokens, wanted }),
  })
  return metadata
}

function tokenizeFile(
  path: string,
  tokenizer: Tokenizer,
  context: number,
  { signal, onProgress }: TrainOptions,
): Promise<Dataset> {
  return tokenizeDocuments(readDocuments(path), tokenizer, context, {
    signal,
    onProgress: (documents) => onProgress?.({ phase: 'tokenizing', documents }),
  })
}

function chooseRecipe(options: TrainOptions, data: Dataset): Partial<Recipe> & Pick<Recipe, 'steps'> {
  const recipe: Partial<Recipe> = { ...PRESETS[options.preset ?? 'tiny'].recipe, ...options.recipe }
  const { epochs = 1 } = options
  if (!(epochs > 0 && Number.isFinite(epochs))) throw new RangeError(`epochs must be above 0, not ${epochs}`)
  const perStep = recipe.batchTokens ?? 8192
  return { ...recipe, steps: recipe.steps ?? Math.max(1, Math.round((epochs * data.tokens) / perStep)) }
}
