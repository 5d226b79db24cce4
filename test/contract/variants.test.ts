import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  createNativeBackend,
  createWasmBackend,
  nativeVariants,
  wasmVariants,
} from '../../src/backend/index.js'
import { defaultVariant, relaxedDot } from '../../src/backend/wasm-module.js'
import { SUBJECTS, WASM } from './backends.js'

/**
 * That the suite tested every kernel this CPU has. The expectation comes from the operating system, not from
 * the addon's own detection.
 */

type Flags = Readonly<Record<string, readonly string[]>>

/** What a level's kernels are compiled for, as Linux names it. */
const ARCHITECTURES: Readonly<Record<string, Flags>> = {
  x64: {
    generic: [],
    avx2: ['avx', 'avx2', 'fma', 'f16c'],
    avxvnni: ['avx', 'avx2', 'fma', 'f16c', 'avx_vnni'],
    avx512vnni: ['avx2', 'fma', 'f16c', 'avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512_vnni'],
  },
  arm64: { generic: [], neondot: ['asimddp'] },
}
const FLAGS: Flags | undefined = ARCHITECTURES[process.arch]

const CPUINFO = '/proc/cpuinfo'
const cpu = existsSync(CPUINFO)
  ? new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync(CPUINFO, 'utf8'))?.[1].trim().split(/\s+/))
  : null
const offered = (level: string) => FLAGS?.[level]?.every((flag) => cpu?.has(flag)) ?? false

test('the addon is built', () => {
  expect(nativeVariants().length, 'run npm run build:addon').toBeGreaterThan(0)
})

test('every variant is known to this test', () => {
  expect(nativeVariants().map(({ name }) => name)).toEqual([
    ...new Set(Object.values(ARCHITECTURES).flatMap(Object.keys)),
  ])
})

describe.skipIf(!FLAGS || !cpu)(
  FLAGS && cpu ? 'what this CPU offers' : 'skipped: no /proc/cpuinfo to compare with, or an unknown one',
  () => {
    test.each(nativeVariants())('$name is compiled, detected and tested', ({ name, compiled, supported }) => {
      expect(supported, 'detected by the addon').toBe(offered(name))
      if (!offered(name)) return
      expect(compiled, 'compiled into the addon').toBe(true)
      const subject = SUBJECTS.find(({ variant }) => variant === name)
      expect(subject, 'in the list of the suite').toBeDefined()
      const backend = subject?.create()
      expect([backend?.name, backend?.variant]).toEqual(['native', name])
      backend?.close()
    })

    test('what it does not offer is refused', () => {
      for (const { name, supported } of nativeVariants())
        if (!supported) expect(() => createNativeBackend({ variant: name }), name).toThrow(name)
    })

    test('the widest is the default', () => {
      const backend = createNativeBackend()
      expect(backend?.variant).toBe(
        Object.keys(FLAGS ?? {})
          .filter(offered)
          .at(-1),
      )
      backend?.close()
    })
  },
)

/**
 * Every Node that we support has plain SIMD and threads, and relaxed SIMD too: Node 20 with the flags of vitest.config.ts.
 * So nothing may be missing here, whatever the detection says.
 */
describe('WebAssembly', () => {
  test('both builds are supported, and tested with threads and without', () => {
    expect(wasmVariants()).toEqual([
      { name: 'simd128', supported: true },
      { name: 'relaxed-simd', supported: true },
    ])
    expect(WASM.map(({ variant, pooled }) => [variant, pooled])).toEqual([
      ['simd128', true],
      ['simd128', false],
      ['relaxed-simd', true],
      ['relaxed-simd', false],
    ])
    for (const { create, variant, pooled } of WASM) {
      const backend = create()
      expect([backend.name, backend.variant, backend.threads]).toEqual(['wasm', variant, pooled ? 2 : 1])
      backend.close()
    }
  })

  test('the default is relaxed SIMD where its dot product is one instruction', () => {
    expect(relaxedDot()).toMatch(/^(unsigned|signed|slow)$/)
    const backend = createWasmBackend()
    expect(backend.variant).toBe(defaultVariant())
    expect(backend.variant).toBe(relaxedDot() === 'slow' ? 'simd128' : 'relaxed-simd')
    backend.close()
  })
})

const OBJECTS = fileURLToPath(new URL('../../build/objects/', import.meta.url))
const objects = existsSync(OBJECTS) ? readdirSync(OBJECTS).filter((file) => file.endsWith('.o')) : []
const has = (tool: string) => {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const run = (tool: string, args: string[]) =>
  execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 28, cwd: OBJECTS })

/**
 * A weak symbol is merged with those of its name: the linker would take one copy of an inline function for
 * all files, maybe the one compiled for AVX-512, and the generic path would die of an illegal instruction.
 */
describe.skipIf(!has('nm'))(has('nm') ? 'symbols' : 'skipped: nm is missing, symbols', () => {
  const wide = objects.filter((file) => /-(x86|arm)_\w+\.o$/.test(file))

  test('there are kernels with instruction sets of their own', () => {
    const families = {
      x64: ['gemm', 'elementwise', 'attention', 'roofline', 'train'],
      arm64: ['gemm', 'roofline'],
    }
    for (const family of families[process.arch as keyof typeof families] ?? [])
      expect(
        wide.some((file) => file.startsWith(family)),
        family,
      ).toBe(true)
  })

  test.each(wide)('%s shares none', (file) => {
    const defined = run('nm', ['-C', '--defined-only', file]).trim().split('\n')
    expect(defined.length, 'defined symbols').toBeGreaterThan(1)
    expect(defined.filter((line) => / [WVu] /.test(line))).toEqual([])
  })
})

/** Registers and instructions beyond what a level's detection looks for. */
const ZMM = '%zmm|%[xy]mm(1[6-9]|2\\d|3[01])|%k[0-7]'
/** Matrix products, bfloat16, products of halves, SVE. */
const ARM = '\\b(u?smmla|ummla|usdot|sudot|bfdot|bfmmla|bfmlal|fmlal|fmlsl)|\\bz\\d+\\.|\\bp\\d+/'
const BEYOND: Readonly<Record<string, readonly (readonly [file: RegExp, forbidden: RegExp])[]>> = {
  x64: [
    [/-x86_avx512/, /\b(vpdpwssd|tdpb|vcvtne2?ps2?|vaddph|vpmadd52)/],
    [/-x86_avxvnni\.o/, new RegExp(ZMM)],
    [/-x86_avx2\.o/, new RegExp(`${ZMM}|vpdp`)],
    [/^(?!.*-x86_)/, new RegExp(`${ZMM}|%ymm|\\bv(fmadd|movups|movdqu|cvtph|pxor)`)],
  ],
  arm64: [
    [/-arm_neondot\.o/, new RegExp(ARM)],
    [
      /^(?!.*-arm_)/,
      new RegExp(`${ARM}|\\b[su]dot\\b|\\bv\\d+\\.[48]h, v\\d+\\.[48]h, v\\d+\\.h\\[|\\bcas[alp]`),
    ],
  ],
}
const rules = BEYOND[process.arch]

describe.skipIf(!rules || !has('objdump'))(
  rules && has('objdump') ? 'instructions' : 'skipped: no rules for this CPU or no objdump, instructions',
  () => {
    test.each(objects)('%s has none beyond its level', (file) => {
      const rule = rules.find(([pattern]) => pattern.test(file))
      expect(rule).toBeDefined()
      const lines = run('objdump', ['-d', '--no-show-raw-insn', file]).split('\n')
      expect(lines.length, 'instructions').toBeGreaterThan(5)
      expect(lines.filter((line) => rule?.[1].test(line)).slice(0, 3)).toEqual([])
    })
  },
)
