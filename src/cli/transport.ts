import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Command, Option } from 'commander'
import {
  exactW1,
  type GridMeasures,
  type SinkhornResult,
  sinkhorn1d,
  sinkhornGrid,
} from '../transport/index.js'
import { areBalanced } from '../transport/problem.js'
import { outputFile, positiveNumber, realNumber } from './options.js'
import { table } from './table.js'
import { counted, interruptSignal, progressBar, threeDigits } from './terminal.js'
import { drawTransport } from './transport/draw.js'
import { type FileMeasure, readMeasure, readMesh, readWeights } from './transport/read.js'
import { SMALLEST_MASS, type WrittenPlan, writePlan, writePotentials } from './transport/write.js'

interface TransportFlags {
  readonly eps?: number
  readonly tolerance: number
  readonly maxIterations: number
  readonly mesh?: string
  readonly normalize?: boolean
  readonly exact?: boolean
  readonly plan?: string
  readonly potentials?: string
  readonly svg?: string
  readonly json?: boolean
}

/** ε where none is given, as a part of the largest distance. */
const DEFAULT_PART = 1 / 100

export function transportCommand(): Command {
  return new Command('transport')
    .description(
      'Entropic optimal transport between two measures on a line or on grids, with cost |x − y|, in time linear in their points (docs/papers/finom.md).',
    )
    .argument('<a>', 'CSV file: x,weight (or x alone) on a line; x,y,weight or x,y,z,weight on a grid')
    .argument('<b>', 'the other measure')
    .option('--eps <e>', 'regularisation, a distance (default: a hundredth of the largest)', realNumber)
    .option(
      '--tolerance <t>',
      'sum of the differences from the weights, relative to all mass, at which it ends',
      realNumber,
      1e-6,
    )
    .option('--max-iterations <n>', 'give up after so many', positiveNumber, 10_000)
    .option(
      '--mesh <file>',
      'coordinates, a line of them for each axis; both files then hold weights alone, row-major',
    )
    .option('--normalize', 'divide the weights of each file by their total')
    .addOption(
      new Option('--exact', 'the exact Wasserstein-1 distance alone, on a line').conflicts([
        'eps',
        'plan',
        'potentials',
        'svg',
      ]),
    )
    .option(
      '--plan <file>',
      `write the plan as CSV, without entries below ${SMALLEST_MASS} of the mass`,
      outputFile,
    )
    .option('--potentials <file>', 'write the dual potentials as CSV', outputFile)
    .option('--svg <file>', 'draw both measures and where the mass goes, on a line', outputFile)
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  multiscale transport before.csv after.csv --normalize --svg moved.svg\n' +
        '  multiscale transport a.csv b.csv --eps 0.001 --plan plan.csv\n' +
        '  multiscale transport image1.csv image2.csv --mesh axes.csv --normalize --json',
    )
    .action(transport)
}

async function transport(fileA: string, fileB: string, flags: TransportFlags): Promise<void> {
  const [one, other] = await readBoth(fileA, fileB, flags)
  const dimensions = one.axes.length
  if (dimensions > 1)
    for (const name of ['exact', 'svg'] as const)
      if (flags[name])
        throw new Error(`--${name} is for measures on a line; these are on grids of ${dimensions} axes`)
  const axes = one.axes.map((x, k) => ({ x, y: other.axes[k] }))
  const measures: GridMeasures = { axes, a: one.weights, b: other.weights }
  const line = { ...axes[0], a: measures.a, b: measures.b }
  const exact = dimensions === 1 ? exactW1(line) : null
  const facts = { dimensions, points: [one.weights.length, other.weights.length], mass: total(one), exact }
  if (flags.exact) {
    console.log(flags.json ? JSON.stringify(facts) : String(exact))
    return
  }
  const started = performance.now()
  const result = await solve(measures, flags)
  const seconds = (performance.now() - started) / 1000
  warn(result, flags)
  const plan = flags.plan ? await writePlan(flags.plan, measures, result) : undefined
  if (flags.potentials) await writePotentials(flags.potentials, measures, result)
  if (flags.svg) await writeFile(flags.svg, drawTransport(line, result, [basename(fileA), basename(fileB)]))
  const { cost, epsilon, iterations, marginalError, converged } = result
  const report = { ...facts, cost, epsilon, iterations, marginalError, converged, seconds, plan }
  console.log(flags.json ? JSON.stringify(report) : describe(report))
}

async function readBoth(
  fileA: string,
  fileB: string,
  { mesh, normalize }: TransportFlags,
): Promise<FileMeasure[]> {
  const axes = mesh === undefined ? null : await readMesh(mesh)
  const read = (file: string) => (axes ? readWeights(file, axes) : readMeasure(file))
  const both = [await read(fileA), await read(fileB)]
  const [one, other] = both
  if (one.axes.length !== other.axes.length)
    throw new Error(`${fileA} has ${one.axes.length} coordinates a point, ${fileB} has ${other.axes.length}`)
  const totals = both.map(total)
  for (const [i, { file }] of both.entries())
    if (!(totals[i] > 0 && totals[i] < Infinity))
      throw new Error(`${file}: the weights add up to ${totals[i]}`)
  if (normalize)
    return both.map((measure, i) => ({ ...measure, weights: measure.weights.map((w) => w / totals[i]) }))
  // The library would say so without the files' names.
  if (!areBalanced(totals[0], totals[1], one.weights.length + other.weights.length))
    throw new Error(
      `the weights of ${fileA} add up to ${totals[0]}, those of ${fileB} to ${totals[1]}; --normalize divides each by its total`,
    )
  return both
}

const total = ({ weights }: FileMeasure) => weights.reduce((sum, weight) => sum + weight, 0)

async function solve(measures: GridMeasures, flags: TransportFlags): Promise<SinkhornResult> {
  const { axes, a, b } = measures
  const { tolerance, maxIterations } = flags
  const epsilon = flags.eps ?? (DEFAULT_PART * largestDistance(measures) || 1)
  const bar = progressBar('transport')
  const options = {
    epsilon,
    tolerance,
    maxIterations,
    signal: interruptSignal(),
    onProgress: (now: { iteration: number; epsilon: number; marginalError: number }) => {
      const part = now.epsilon > epsilon ? 0 : Math.log(now.marginalError) / Math.log(tolerance)
      const note = ` | ε ${now.epsilon.toPrecision(2)}, iteration ${now.iteration}, error ${now.marginalError.toExponential(1)}`
      bar.update(Math.min(100, Math.max(0, Math.round(100 * part))), 100, note)
    },
  }
  const work = axes.length === 1 ? sinkhorn1d({ ...axes[0], a, b }, options) : sinkhornGrid(measures, options)
  const result = await work.finally(() => bar.end())
  // What follows would keep a signal from being heard; without a listener Ctrl-C ends the process at once.
  process.removeAllListeners('SIGINT')
  return result
}

function largestDistance({ axes }: GridMeasures): number {
  return axes.reduce((sum, { x, y }) => {
    const both = [x, y].flatMap((points) => [extreme(points, Math.min), extreme(points, Math.max)])
    return sum + Math.max(...both) - Math.min(...both)
  }, 0)
}

function extreme(points: ArrayLike<number>, pick: (a: number, b: number) => number): number {
  let result = points[0]
  for (let i = 1; i < points.length; i++) result = pick(result, points[i])
  return result
}

function warn(
  { converged, iterations, marginalError, epsilon }: SinkhornResult,
  { eps, tolerance }: TransportFlags,
): void {
  if (!converged)
    console.error(
      `multiscale: not converged: after ${iterations} iterations, at ε = ${epsilon.toPrecision(3)}, the error is ${marginalError.toExponential(2)} and not ${tolerance}; give more --max-iterations or a larger --eps`,
    )
  else if (eps !== undefined && epsilon > eps)
    console.error(
      `multiscale: ε = ${eps} is too small for numbers to tell; ${epsilon.toPrecision(3)} is taken`,
    )
}

function describe(report: {
  readonly points: readonly number[]
  readonly mass: number
  readonly exact: number | null
  readonly cost: number
  readonly epsilon: number
  readonly iterations: number
  readonly marginalError: number
  readonly seconds: number
  readonly plan: WrittenPlan | undefined
}): string {
  const { points, mass, exact, cost, epsilon, iterations, marginalError, seconds, plan } = report
  return table([
    ['points', points.join(' and ')],
    ['mass', String(mass)],
    ['cost', `${cost.toPrecision(9)}   Σ P |x − y| of the entropic plan, ε = ${epsilon.toPrecision(3)}`],
    ...(exact === null ? [] : [['exact', `${exact.toPrecision(9)}   Wasserstein-1, ε = 0`]]),
    ['error', `${marginalError.toExponential(2)}   Σ |column sum − weight| of the plan, relative`],
    ...(plan
      ? [['plan', `${counted(plan.entries, 'line')}, ${(100 * plan.share).toPrecision(4)} % of the mass`]]
      : []),
    ['work', `${iterations} iterations, ${threeDigits(seconds)} s`],
  ])
}
