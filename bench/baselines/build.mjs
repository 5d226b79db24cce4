// Compiles the baselines and links them with the product's own objects, into build/baselines.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  AVX2,
  AVX512,
  AVX512BF16,
  COMMON,
  findCompiler,
  KERNEL,
  LINK,
  run,
  WARN,
} from '../../scripts/compiler.mjs'
import { floatPanelFunctions, MIN_FLOAT_ROWS, maxFloatTokens } from '../../scripts/panel-kernels.mjs'

const require = createRequire(import.meta.url)
const bench = dirname(import.meta.dirname)
const root = dirname(bench)
const objects = join(root, 'build/objects')
const build = join(root, 'build/baselines')

const KERNEL_FILES = {
  x86_avx2: AVX2,
  x86_avx512: AVX512,
  x86_avx512bf16: AVX512BF16,
}

/** The product's kernels of float panels, with vdpbf16ps for the multiply-add. */
function bf16Header() {
  const { functions, entries } = floatPanelFunctions('avx512vnni', 'panel', 'panel.kernel', 'vdpbf16ps')
  return [
    'namespace {',
    ...functions,
    'constexpr multiscale::FloatPanelKernels kPanelKernels = [] {',
    '  multiscale::FloatPanelKernels panel{};',
    '  panel.blocks = kPanelBlocks;',
    `  panel.min_rows = ${MIN_FLOAT_ROWS};`,
    `  panel.max_tokens = ${maxFloatTokens('avx512vnni')};`,
    ...entries,
    '  return panel;',
    '}();',
    '}  // namespace',
    '',
  ].join('\n')
}

/**
 * The addon of bench/baselines/addon.cc, compiled now.
 * @throws Error that says what is missing
 */
export async function buildBaselines() {
  if (process.arch !== 'x64') throw new Error('the baselines are written for x86')
  const compiler = findCompiler()
  if (!compiler) throw new Error('the baselines need a C++ compiler (looked for $CXX, c++, g++, clang++)')
  if (!existsSync(objects))
    throw new Error('the baselines are linked with the addon: npm run build comes first')
  const ours = readdirSync(objects).filter((name) => name.endsWith('.o') && name !== 'base-addon.o')
  mkdirSync(build, { recursive: true })
  writeFileSync(join(build, 'panel_avx512bf16.h'), bf16Header())
  const include = [`-I${bench}`, `-I${join(root, 'kernels')}`, `-I${build}`]
  const headers = `-isystem${require('node-api-headers').include_dir}`
  const compiled = []
  const compile = async (name, flags) => {
    const object = join(build, `${name}.o`)
    const source = join(import.meta.dirname, `${name}.cc`)
    const output = await run(compiler.command, [
      ...[...COMMON, ...WARN, ...flags, ...include, headers],
      ...['-c', source, '-o', object],
    ])
    if (output.trim()) console.error(output.trim())
    compiled.push(object)
  }
  const macros = []
  for (const [name, flags] of Object.entries(KERNEL_FILES)) {
    try {
      await compile(name, [...KERNEL, ...flags])
      if (name === 'x86_avx512bf16') macros.push('-DBASELINES_BF16')
    } catch (error) {
      if (name !== 'x86_avx512bf16') throw error
      console.log(`${compiler.version} cannot compile the bfloat16 baseline.`)
    }
  }
  await compile('products', [])
  await compile('addon', macros)
  const addon = join(build, 'baselines.node')
  rmSync(addon, { force: true })
  await run(compiler.command, [...LINK, ...compiled, ...ours.map((name) => join(objects, name)), '-o', addon])
  return { addon: require(addon), compiler: compiler.version }
}
