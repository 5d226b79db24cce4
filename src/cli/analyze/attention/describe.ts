import { table } from '../../table.js'
import type { CapturedReport, RandomReport } from './compare.js'
import type { ErrorReport } from './errors.js'
import type { GreedyReport } from './greedy.js'
import type { MethodReport } from './methods.js'
import type { Distribution, PasaReport } from './pasa.js'
import type { RescaleReport } from './rescales.js'

/** What --json prints; sections that were not asked for are missing. */
export interface AttentionReport {
  readonly seed: number
  readonly model?: { readonly file: string; readonly name: string | null }
  readonly random?: readonly RandomReport[]
  readonly pasa?: readonly PasaReport[]
  readonly captured?: CapturedReport
  readonly rescales?: readonly RescaleReport[]
  readonly greedy?: GreedyReport
}

export function describe(report: AttentionReport): string {
  const { seed, model, random = [], captured, rescales, pasa, greedy } = report
  const name = model?.name ?? model?.file
  const parts = random.map((part) => randomText(part, seed))
  if (captured) parts.push(capturedText(captured, name))
  if (rescales) parts.push(rescalesText(rescales, name))
  if (pasa) parts.push(pasaText(pasa, seed))
  if (greedy) parts.push(greedyText(greedy, name))
  return parts.join('\n\n')
}

const MEANING =
  'L2 norm of the error / L2 norm of the exact result (binary64): over everything, and of the worst row of a head; RMSE.\n' +
  '"Same codes": the exact result over what the codes stand for, in the median row. "Keys": error of the cached keys.'

function randomText({ rows, keys, headSize, methods }: RandomReport, seed: number): string {
  const heading = `Normal numbers, ${rows} queries of ${keys} keys, causal, heads of ${headSize} (seed ${seed})`
  return [heading, MEANING, methodTable(methods)].join('\n')
}

function capturedText({ tokens, heads, layers, methods }: CapturedReport, name: string | undefined): string {
  const heading = `Inside ${name}: ${tokens} tokens, all ${heads} heads of ${layers.length} layers`
  return [heading, MEANING, methodTable(methods)].join('\n')
}

function methodTable(methods: readonly MethodReport[]): string {
  return table([
    ['method', 'error', 'worst row', 'RMSE', 'same codes', 'keys'],
    ...methods.map(({ method, error, sameCodes, keys }) => [
      method,
      cell(error, 'relative'),
      cell(error, 'worstRow'),
      cell(error, 'rmse'),
      cell(sameCodes, 'medianRow'),
      cell(keys, 'relative'),
    ]),
  ])
}

const cell = (error: ErrorReport | null | undefined, which: keyof ErrorReport) =>
  error === undefined ? '' : error === null ? 'overflows' : error[which].toExponential(2)

const FORMS: Readonly<Record<RescaleReport['rescaling'], string>> = {
  multiply: 'multiplication, real maximum',
  exponent: 'addition to exponents, maximum rounded up',
  amla: "addition to exponents, maximum rounded (the paper's)",
}

function rescalesText(forms: readonly RescaleReport[], name: string | undefined): string {
  const heading = `Rescaling of the online softmax inside ${name}, blocks of 64 keys, in binary32`
  const meaning =
    'Skipped: of the blocks after the first of a row, those that change no reference. Error: L2, relative.'
  const rows = forms.map(({ rescaling, chances, rescales, skippedPercent, error }) => [
    FORMS[rescaling],
    `${rescales} of ${chances}`,
    skippedPercent === null ? '–' : `${skippedPercent.toFixed(1)} %`,
    cell(error, 'relative'),
  ])
  return [heading, meaning, table([['form', 'rescaled', 'skipped', 'error'], ...rows])].join('\n')
}

const NUMBERS: Readonly<Record<Distribution, string>> = {
  uniform: 'uniform numbers, mean ± amplitude',
  hybrid: 'normal numbers around the mean, one in 1000 with an outlier of `amplitude` deviations',
}

function pasaText(cells: readonly PasaReport[], seed: number): string {
  return (['uniform', 'hybrid'] as const)
    .map((distribution) => {
      const heading = `Binary16, ${NUMBERS[distribution]}, heads of 128 (seed ${seed})`
      const meaning =
        'RMSE against binary64, and relative L2 error of the row in the middle; largest score: |q · k| that a matrix unit\n' +
        'would write, binary16 ends at 65504.'
      const rows = cells
        .filter((one) => one.distribution === distribution)
        .map(({ mean, amplitude, largestScore, naive, pasa }) => [
          String(mean),
          String(amplitude),
          largestScore.toFixed(0),
          cell(naive.error, 'rmse'),
          cell(pasa.error, 'rmse'),
          cell(naive.error, 'medianRow'),
          cell(pasa.error, 'medianRow'),
        ])
      const columns = ['FlashAttention', 'PASA', 'its middle row', "PASA's"]
      const header = ['mean', 'amplitude', 'largest score', ...columns]
      return [heading, meaning, table([header, ...rows])].join('\n')
    })
    .join('\n\n')
}

function greedyText({ tokens, prompts, different }: GreedyReport, name: string | undefined): string {
  const heading = `Greedy answers of ${name} with binary16 attention (PASA) in place of float32, ${tokens} tokens each`
  const rows = prompts.map(({ prompt, firstDifference, logitDifference }) => [
    JSON.stringify(prompt),
    firstDifference === null ? 'none' : String(firstDifference),
    logitDifference.toExponential(2),
  ])
  const header = ['prompt', 'first differing token', 'largest difference of a logit until then']
  const count = `${different} of ${prompts.length} answers differ`
  return [heading, table([header, ...rows]), count].join('\n')
}
