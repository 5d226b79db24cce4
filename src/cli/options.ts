import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CacheType } from '../backend/index.js'
import { builtInModel } from '../engine/built-in.js'
import type { LoadOptions } from '../engine/types.js'

/** Path of the model that comes with the package. */
export const builtIn = fileURLToPath(builtInModel)

/** Option parsers. Each names what it wanted; commander names the option. */

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('a whole number is needed.')
  }
  return value
}

export function positiveNumber(text: string): number {
  const value = wholeNumber(text)
  if (value === 0) throw new InvalidArgumentError('a whole number above 0 is needed.')
  return value
}

export function realNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('a number is needed.')
  return value
}

export function positiveReal(text: string): number {
  const value = realNumber(text)
  if (value <= 0) throw new InvalidArgumentError('a number above 0 is needed.')
  return value
}

/** What stands between commas, without the blanks around it. */
export function commaList(list: string): string[] {
  return list.split(',').map((item) => item.trim())
}

/** Path of a file to write: found out before the work whose result it is to hold. */
export function outputFile(path: string): string {
  const fault = faultOfOutput(path)
  if (fault) throw new InvalidArgumentError(`${fault}.`)
  return path
}

function faultOfOutput(path: string): string | undefined {
  if (existsSync(path) && statSync(path).isDirectory()) return 'that is a folder'
  const folder = dirname(path)
  if (!existsSync(folder)) return `there is no folder '${folder}'`
  try {
    accessSync(existsSync(path) ? path : folder, constants.W_OK)
  } catch {
    return 'it cannot be written there'
  }
  return undefined
}

/** Some of the choices, separated by commas, in the order of the choices. @param noun what errors call one */
export function listOf<T extends string>(noun: string, choices: readonly T[]): (list: string) => T[] {
  return (list) => {
    const names = commaList(list)
    const unknown = names.find((name) => !choices.some((choice) => choice === name))
    if (unknown === undefined) return choices.filter((choice) => names.includes(choice))
    throw new InvalidArgumentError(`'${unknown}' is no ${noun}; there are ${choices.join(', ')}.`)
  }
}

export interface ComputeFlags {
  passes: 1 | 2 | 3
  granularity: 'group' | 'row'
  kv?: CacheType
  kvShift?: boolean
  backend?: 'native' | 'wasm' | 'reference'
  variant?: string
  threads?: number
}

export interface ModelFlags extends ComputeFlags {
  model: string
}

/** The options of every command that loads a model by --model. */
export function addModelOptions(command: Command): Command {
  return addComputeOptions(
    command.addOption(
      new Option('-m, --model <file>', 'GGUF model file').default(
        builtIn,
        'the built-in model, which tells stories',
      ),
    ),
  )
}

/** How a model computes. */
export function addComputeOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--passes <digits>',
        'INT8 digits of each activation: 1 is fastest, 2 exact to 16 bits, 3 to 24',
      )
        .choices(['1', '2', '3'])
        .default('2'),
    )
    .addOption(
      new Option('--granularity <range>', 'activations that share a scale: a group of 32, or a row (a token)')
        .choices(['group', 'row'])
        .default('group'),
    )
    .addOption(cacheTypeOption())
    .option('--kv-shift', 'with int8 and mxfp4, store keys less the mean of those before them (default)')
    .option('--no-kv-shift', 'store them as they are')
    .addOption(
      new Option('--backend <name>', 'where to compute (default: native if built, else wasm)').choices([
        'native',
        'wasm',
        'reference',
      ]),
    )
    .option(
      '--variant <name>',
      'kernels to use, e.g. avx2 or simd128 (default: the fastest this machine runs)',
    )
    .option(
      '--threads <n>',
      'threads for kernels (default: one per core; decoding: as many as are measured to be fastest)',
      positiveNumber,
    )
}

export function cacheTypeOption(): Option {
  return new Option(
    '--kv <type>',
    'how the key/value cache is stored: int8 and mxfp4 are codes (default: int8, with wasm f32)',
  ).choices(['f32', 'f16', 'int8', 'mxfp4'])
}

export function loadOptions(flags: ComputeFlags): LoadOptions {
  const { granularity, kv, kvShift, backend, variant, threads } = flags
  const passes = Number(flags.passes) as 1 | 2 | 3
  return { passes, granularity, cacheType: kv, keyShift: kvShift, backend, variant, threads }
}
