// Builds the native addon with the system's C++ compiler: `npm install` runs this. It needs nothing but a
// compiler and the npm package node-api-headers; it downloads nothing, and without a compiler it ends
// well (unless --required) and says what that costs.
//
// For another architecture: --arch arm64 --compiler aarch64-linux-gnu-g++ --out FOLDER
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { AVX2, AVX512, AVX512BF16, COMMON, findCompiler, KERNEL, LINK, run, WARN } from './compiler.mjs'
import { PANEL_LEVELS, panelHeader } from './panel-kernels.mjs'

const {
  required,
  arch,
  compiler: chosenCompiler,
  out,
} = parseArgs({
  options: {
    required: { type: 'boolean', default: false },
    arch: { type: 'string', default: process.arch },
    compiler: { type: 'string' },
    out: { type: 'string' },
  },
}).values

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const kernels = join(root, 'kernels')
const build = out === undefined ? join(root, 'build') : resolve(out)
const addon = join(build, 'multiscale.node')
const stamp = join(build, 'stamp')
/** Why there is no addon, for `multiscale doctor`. */
const failure = join(build, 'failure')
// In CI a warning is a failure; on a user's machine an unknown compiler's opinion is not.
const strict = Boolean(process.env.CI)

/** Instruction-set flags by architecture and file name, and the macro that puts the file's level into the tables. */
const LEVELS = {
  x64: {
    x86_avx2: { flags: AVX2, macro: 'MULTISCALE_X86_AVX2' },
    x86_avxvnni: { flags: [...AVX2, '-mavxvnni'], macro: 'MULTISCALE_X86_AVXVNNI' },
    x86_avx512: { flags: AVX512, macro: 'MULTISCALE_X86_AVX512VNNI' },
    x86_avx512vnni: { flags: AVX512, macro: 'MULTISCALE_X86_AVX512VNNI' },
    x86_avx512bf16: { flags: AVX512BF16, macro: 'MULTISCALE_X86_AVX512BF16' },
  },
  arm64: {
    arm_neondot: { flags: ['-march=armv8.2-a+dotprod'], macro: 'MULTISCALE_ARM_NEONDOT' },
  },
}
const archLevels = LEVELS[arch] ?? {}

/** Files beside the kernels that hand work to threads: plain C++, with exceptions. */
const DRIVERS = ['table', 'linear', 'weight', 'cache', 'probes', 'matmul', 'attention', 'addon']

function giveUp(reason) {
  const notice =
    `multiscale: the native addon was not built: ${reason}\n` +
    '  multiscale still works, with its WebAssembly backend: the same answers, two to six times slower.\n' +
    '  For full speed install a C++20 compiler (Debian/Ubuntu: apt install g++; macOS: xcode-select --install;\n' +
    '  Alpine: apk add g++) and run: npm rebuild multiscale (in a clone: npm run build:addon)'
  console.error(notice)
  try {
    mkdirSync(build, { recursive: true })
    writeFileSync(failure, `${reason}\n`)
  } catch {
    // A folder that cannot be written is no reason to fail.
  }
  process.exit(required ? 1 : 0)
}

/** The levels whose flags this compiler accepts. */
async function usableLevels(compiler) {
  const probe = join(tmpdir(), `multiscale-probe-${process.pid}.cc`)
  writeFileSync(probe, 'int main() { return 0; }\n')
  const levels = []
  for (const [name, { flags }] of Object.entries(archLevels)) {
    try {
      await run(compiler.command, [...flags, '-fsyntax-only', probe])
      levels.push(name)
    } catch {
      console.error(`multiscale: ${compiler.version} cannot compile ${name}; built without it`)
    }
  }
  rmSync(probe)
  return levels
}

function sources(levels) {
  const files = []
  for (const folder of readdirSync(kernels)) {
    for (const file of readdirSync(join(kernels, folder))) {
      if (!file.endsWith('.cc')) continue
      const level = file.slice(0, -3)
      if (/^(x86|arm)_/.test(level) && !levels.includes(level)) continue
      files.push({ folder, file, level })
    }
  }
  return files
}

function fingerprint(compiler, levels) {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([compiler.version, levels, arch, process.platform, strict]))
  for (const file of ['build-addon.mjs', 'compiler.mjs'])
    hash.update(readFileSync(join(root, 'scripts', file)))
  for (const level of PANEL_LEVELS) hash.update(panelHeader(level))
  for (const folder of readdirSync(kernels).sort())
    for (const file of readdirSync(join(kernels, folder)).sort())
      if (/\.(cc|h)$/.test(file)) hash.update(file).update(readFileSync(join(kernels, folder, file)))
  return hash.digest('hex')
}

if (process.platform === 'win32') giveUp('Windows is not supported by the addon yet')
const compiler =
  findCompiler(chosenCompiler) ??
  giveUp(`no C++ compiler was found (looked for ${chosenCompiler ?? '$CXX, c++, g++, clang++'})`)

let headers
try {
  headers = createRequire(import.meta.url)('node-api-headers').include_dir
} catch {
  giveUp('the npm package node-api-headers is missing')
}

const started = performance.now()
const levels = await usableLevels(compiler)
const print = fingerprint(compiler, levels)
if (existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) process.exit(0)

const objects = join(build, 'objects')
mkdirSync(objects, { recursive: true })
const generated = join(build, 'generated')
mkdirSync(generated, { recursive: true })
for (const level of PANEL_LEVELS) writeFileSync(join(generated, `panel_${level}.h`), panelHeader(level))
const macros = [...new Set(levels.map((level) => `-D${archLevels[level].macro}`))]
macros.push(`-DMULTISCALE_COMPILER=${JSON.stringify(compiler.version)}`)
const jobs = sources(levels).map(({ folder, file, level }) => {
  const object = join(objects, `${folder}-${level}.o`)
  const isKernel = folder !== 'base' && !DRIVERS.includes(level)
  const args = [
    ...COMMON,
    ...WARN,
    ...(strict ? ['-Werror'] : []),
    ...(isKernel ? KERNEL : []),
    ...(archLevels[level]?.flags ?? []),
    ...macros,
    `-I${kernels}`,
    `-I${generated}`,
    `-isystem${headers}`,
    '-c',
    join(kernels, folder, file),
    '-o',
    object,
  ]
  return { object, args }
})

try {
  const queue = [...jobs]
  const worker = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const output = await run(compiler.command, job.args)
      if (output.trim()) console.error(output.trim())
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, worker))
  // Built aside and renamed: a process that runs the old addon keeps its own file.
  const fresh = `${addon}.${process.pid}`
  await run(compiler.command, [...LINK, ...jobs.map((job) => job.object), '-o', fresh])
  renameSync(fresh, addon)
  writeFileSync(stamp, print)
  rmSync(failure, { force: true })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.error(`multiscale: native addon built in ${seconds} s with ${compiler.version}`)
} catch (error) {
  giveUp(`the compiler failed.\n${error.message}`)
}
