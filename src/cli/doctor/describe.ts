import { formatBytes } from '../../engine/memory.js'
import { table } from '../table.js'
import { counted, threeDigits } from '../terminal.js'
import type { Diagnosis, VariantReport } from './diagnose.js'

/** The diagnosis as text, to be pasted into a bug report. */
export function describe(diagnosis: Diagnosis): string {
  const { machine, addon, notice, backends, ceilings } = diagnosis
  const { cores, parallelism, cpuLimit, memoryLimitBytes, features } = machine
  const facts: [label: string, value: string][] = [
    ['multiscale', machine.multiscale],
    ['node', `${machine.node}, V8 ${machine.v8}`],
    ['system', machine.system],
    ['cpu', `${machine.cpu}, ${counted(cores, 'core')}`],
    [
      'threads',
      `${parallelism}${cpuLimit === null ? '' : `, limited to the time of ${threeDigits(cpuLimit)} cores`}`,
    ],
    ['features', features === null ? 'not told by this system' : features.join(' ') || 'none of use'],
    [
      'memory',
      `${formatBytes(machine.memoryBytes)}, ${formatBytes(machine.availableBytes)} available` +
        (memoryLimitBytes === null ? '' : `, limited to ${formatBytes(memoryLimitBytes)}`),
    ],
    ['addon', addon.loads ? `built with ${addon.compiler}` : `none: ${addon.reason}`],
  ]
  if (notice) facts.push(['notice', notice])
  const sections = [facts.map(([label, value]) => `${label.padEnd(11)} ${value}`).join('\n')]
  sections.push(
    table([
      ['backend', 'variant', 'compiled', 'supported', 'self-test'],
      ...backends.map((report) => [
        report.backend,
        report.variant,
        yesNo(report.compiled),
        yesNo(report.supported),
        outcome(report),
      ]),
    ]),
  )
  sections.push(...failures(diagnosis))
  if (ceilings.length > 0) {
    const of = (rate: (c: (typeof ceilings)[number]) => number, unit: string) =>
      ceilings.map((c) => `${threeDigits(rate(c) / 1e9)} ${unit}`)
    sections.push(
      table([
        [`ceilings of ${ceilings[0].variant}`, ...ceilings.map(({ threads }) => counted(threads, 'thread'))],
        ['reading memory', ...of((c) => c.readBandwidth, 'GB/s')],
        ['8-bit multiply-adds', ...of((c) => c.int8Peak, 'G/s')],
        ['float32 multiply-adds', ...of((c) => c.floatPeak, 'G/s')],
      ]),
    )
  }
  sections.push(
    `${diagnosis.healthy ? 'Everything that runs here computes what it should.' : 'Something here computes WRONG results; please report it.'}\n` +
      'For a bug report paste all of this: it holds no path and no name of yours.',
  )
  return sections.join('\n\n')
}

function outcome({ selfTest, chosen }: VariantReport): string {
  if (!selfTest) return '–'
  const { checks, failures } = selfTest
  const result = selfTest.passed ? `${checks} checks passed` : `${failures.length} of ${checks} checks FAILED`
  return chosen ? `${result} (default)` : result
}

/** What is wrong, at most three lines of each variant. */
function failures({ backends, sameBits }: Diagnosis): string[] {
  const lines = backends.flatMap(({ backend, variant, selfTest }) =>
    (selfTest?.failures ?? [])
      .slice(0, 3)
      .map(({ check, message }) => `${backend} ${variant}: ${check}: ${message}`),
  )
  if (sameBits.length > 1) {
    lines.push(
      `native variants differ in some bits: ${sameBits.map((names) => names.join(' = ')).join(', but ')}`,
    )
  }
  return lines.length > 0 ? [lines.join('\n')] : []
}

const yesNo = (value: boolean) => (value ? 'yes' : 'no')
