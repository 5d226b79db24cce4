import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nativeVariants } from '../../src/backend/index.js'
import type { GemmReport, ModelReport } from '../../src/cli/cost/report.js'
import type { RooflineReport } from '../../src/cli/roofline.js'
import { checkRates, DEVICES, type Device, gemmCost } from '../../src/cost/index.js'
import { copyWithoutAddon, expectFailure, type Finished, interrupted, multiscale } from '../helpers/cli.js'
import { tinyGguf } from '../helpers/tiny-model.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-cost-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(path(name), content)
  return path(name)
}

function jsonOf<T>({ status, stdout, stderr }: Finished): T {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

/** Every tag that opens is closed, and nothing that is no number was drawn. */
function expectSvg(name: string, lines: number): void {
  const svg = readFileSync(path(name), 'utf8')
  expect(svg).toMatch(/^<svg [^>]*>\n[\s\S]*<\/svg>\n$/)
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  const open: string[] = []
  for (const [, closes, tag, empty] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
    if (closes) expect(open.pop()).toBe(tag)
    else if (!empty) open.push(tag)
  }
  expect(open).toEqual([])
  expect(svg.match(/<path d="M[^"]*L[^"]*" fill="none"/g)).toHaveLength(lines)
}

describe('cost', () => {
  test('--json: the model over a sweep, its break-even, and the sources', async () => {
    const flags = ['--device', 'h100', '--m', '1..512,3', '--k', '1024', '--n', '2048', '--passes', '1']
    const report = jsonOf<GemmReport & { devices: Device[]; options: object }>(
      await multiscale(['cost', ...flags, '--svg', path('cost.svg'), '--json']),
    )
    expect(report).toMatchObject({ kind: 'gemm', bytesPerWeight: 0.5625, devices: [DEVICES.h100] })
    expect(report.options).toEqual({ passes: 1, reads: 'fused', stallElements: 0 })
    expect(report.cases.map(({ shape }) => shape.m)).toEqual([1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512])
    for (const { device, shape, cost } of report.cases) {
      expect(device).toBe('NVIDIA H100 SXM')
      const { m, k, n } = shape
      expect(cost).toEqual(gemmCost({ m, k, n, bytesPerWeight: 0.5625 }, DEVICES.h100.rates, { passes: 1 }))
    }
    expect(report.breakEven).toHaveLength(1)
    expect(report.breakEven[0].fused.tokens.length).toBeGreaterThan(0)
    expectSvg('cost.svg', 3)
  })

  test('as text: a table for each device, attention with a read for each pass', async () => {
    const products = await multiscale(['cost'])
    expect(products.status).toBe(0)
    for (const { name } of Object.values(DEVICES)) expect(products.stdout).toContain(`${name}\nM `)
    expect(products.stdout).toMatch(/MSD takes less time at M +than fused +than through memory/)
    const flags = ['--attention', '--context', '1024..4096', '--batch', '4', '--reads', 'each-pass']
    const attention = await multiscale(['cost', ...flags, '--device', 'ascend-910b', '--svg', path('a.svg')])
    expect(attention.stderr).toBe('')
    expect(attention.stdout).toMatch(
      /^Attention of a layer with 32 query and 8 key heads of 128, 8\.00 bits/m,
    )
    // 5 bytes against 2, and the writing is not overlapped with the converting.
    expect(attention.stdout).toMatch(/^1 +4096 +4 .* 2\.5\d ×$/m)
    expectSvg('a.svg', 3)
  })

  test('a whole model, on a profile of one’s own', async () => {
    const model = file('tiny.gguf', tinyGguf({ type: 'Q8_0', context: 64 }))
    const device = file('mine.json', JSON.stringify({ name: 'mine', rates: DEVICES.b200.rates }))
    const flags = ['--model', model, '--prompt', '32', '--device', device]
    const report = jsonOf<ModelReport>(await multiscale(['cost', ...flags, '--json']))
    expect(report.passes.map(({ device, name, pass }) => [device, name, pass.rows, pass.context])).toEqual([
      ['mine', 'prefill', 32, 32],
      ['mine', 'decode', 1, 33],
    ])
    for (const { cost } of report.passes) {
      const names = cost.parts.map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining(['attn_q', 'ffn_down', 'attention']))
      const sum = cost.parts.reduce((all, part) => all + part.count * part.cost.msd.seconds, 0)
      // A rounding for each part and resource.
      expect(Math.abs(cost.total.msd.seconds - sum)).toBeLessThan(64 * 2 ** -53 * sum)
    }
    const { stdout } = await multiscale(['cost', ...flags])
    expect(stdout).toMatch(/on mine: prompt of 32 tokens, 1 sequence\n/)
    expect(stdout).toMatch(/^tokens\/s: MSD \d+, fused \d+, through memory \d+$/m)
  })

  test('one clear line for what cannot be', async () => {
    const empty = file('empty.json', '{}')
    const zero = file(
      'zero.json',
      JSON.stringify({ rates: { ...DEVICES.h100.rates, memoryBytesPerSecond: 0 } }),
    )
    const text = file('text.json', 'no json')
    const model = file('short.gguf', tinyGguf({ type: 'Q8_0', context: 64 }))
    const failures: [flags: string[], message: string | RegExp][] = [
      [
        ['--device', 'h200'],
        "'h200' is no device; there are ascend-910b, ascend-910c, h100, b200, mi300x, this",
      ],
      [['--device', empty], /empty\.json is no device: it has no rates/],
      [['--device', zero], /zero\.json: memoryBytesPerSecond must be a positive number, not 0/],
      [['--device', text], /text\.json is not JSON/],
      [
        ['--device', 'this', '--roofline', empty],
        /empty\.json is not what multiscale roofline --json writes/,
      ],
      [['--device', 'h100', '--roofline', empty], '--roofline is what --device this takes'],
      [['--m', '0'], 'a whole number above 0 is needed'],
      [['--m', '8..1'], "'8..1' runs backwards"],
      [['--m', '1..2..3'], "'1..2..3' is no range"],
      [['--bits', '-4'], 'a number above 0 is needed'],
      [['--svg', path('x.svg')], '--svg draws one device over one variable'],
      [['--attention', '--kv-heads', '5'], '32 query heads cannot share 5 key heads evenly'],
      [['--attention', '--rows', '5000'], '5000 rows do not fit a context of 4096'],
      [['--model', model, '--prompt', '64'], /--prompt 64 leaves no room in .* context of 64/],
      [['--model', model, '--attention'], '--model includes attention'],
      [['--model', model, '--svg', path('x.svg')], 'not a model'],
      [['--model', path('none.gguf')], 'no such file'],
    ]
    const runs = failures.map(async ([flags, message]) =>
      expectFailure(await multiscale(['cost', ...flags]), message),
    )
    await Promise.all(runs)
  })

  test('--help has examples', async () => {
    for (const command of ['cost', 'roofline']) {
      const { status, stdout } = await multiscale([command, '--help'])
      expect(status).toBe(0)
      expect(stdout).toContain(`Examples:\n  multiscale ${command} `)
    }
  })
})

describe.skipIf(nativeVariants().length === 0)('roofline', () => {
  test('--json is measured, and --device this takes it', async () => {
    const finishedRun = await multiscale(['roofline', '--seconds', '0.05', '--svg', path('r.svg'), '--json'])
    const report = jsonOf<RooflineReport>(finishedRun)
    expect(report.rates.map(({ threads }) => threads)).toEqual([...new Set([1, availableParallelism()])])
    for (const one of report.rates)
      for (const name of ['readBandwidth', 'int8Peak', 'floatPeak', 'conversionRate'] as const) {
        const { median, min, max, samples } = one[name]
        expect(min).toBeGreaterThan(0)
        expect(max).toBeLessThan(1e18)
        expect([min, median, max]).toEqual([min, median, max].sort((a, b) => a - b))
        expect(samples.length).toBeGreaterThan(0)
      }
    for (const [i, device] of report.devices.entries()) {
      checkRates('test', device.rates)
      const { int8Peak, floatPeak, bf16Peak, readBandwidth } = report.rates[i]
      expect(device.rates.int8OperationsPerSecond).toBe(2 * int8Peak.max)
      expect(device.rates.bf16OperationsPerSecond).toBe(2 * Math.max(floatPeak.max, bf16Peak?.max ?? 0))
      expect(device.rates.memoryBytesPerSecond).toBe(readBandwidth.max)
    }
    expectSvg('r.svg', 5)

    const here = file('here.json', finishedRun.stdout)
    const costs = await multiscale(['cost', '--device', 'this', '--roofline', here, '--json'])
    expect(jsonOf<{ devices: Device[] }>(costs).devices).toEqual(report.devices.slice(-1))
  })

  test('as text, of one thread and variant; cost measures by itself', async () => {
    const flags = ['--threads', '1', '--variant', 'generic', '--seconds', '0.02']
    const { stdout, stderr } = await multiscale(['roofline', ...flags])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^generic +1 thread, best +median of \d+\n/)
    expect(stdout).toMatch(/^bfloat16 multiply-adds +none +–$/m)
    expect(stdout).toContain('would compute in float32, for want of bfloat16 instructions')
    const costs = await multiscale(['cost', '--device', 'this', '--seconds', '0.02', '--m', '1'])
    expect(costs.stdout).toMatch(/^this machine, \d+ threads?\nM /m)
  })

  test('one clear line for what cannot be', async () => {
    expectFailure(await multiscale(['roofline', '--variant', 'sse2', '--seconds', '0.02']), 'sse2')
    expectFailure(await multiscale(['roofline', '--seconds', '0']), 'a number above 0 is needed')
    expectFailure(await multiscale(['roofline', '--threads', '0']), 'a whole number above 0 is needed')
    const without = copyWithoutAddon()
    try {
      const { main } = without
      expectFailure(await multiscale(['roofline'], { main }), 'the native addon, which is not built here')
    } finally {
      rmSync(without.folder, { recursive: true })
    }
  })

  test('Ctrl-C ends it with 130 and prints nothing', async () => {
    const result = await interrupted(['roofline', '--seconds', '600', '--threads', '1'])
    expect(result).toEqual({ status: 130, signal: null, stdout: '', stderr: '' })
  })
})
