// Builds the WebAssembly kernels, kernels/**/*.as.ts, with AssemblyScript: four small binaries in dist/wasm, of which a
// machine takes the best that it runs (src/backend/wasm-module.ts). Fails loudly: the binaries are part of the package.
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const kernels = join(root, 'kernels')
const out = join(root, 'dist', 'wasm')
const stamp = join(out, 'stamp')
/** Pages of 64 KiB: 4 GiB less one, so that no address wraps around. */
const PAGES = 65535

const SIMD = { simd128: ['simd'], 'relaxed-simd': ['simd', 'relaxed-simd'] }
const BUILDS = Object.entries(SIMD).flatMap(([variant, features]) => [
  { name: variant, features, flags: [] },
  { name: `${variant}-threads`, features: [...features, 'threads'], flags: ['--sharedMemory'] },
])

function sources() {
  return readdirSync(kernels, { recursive: true })
    .filter((file) => file.endsWith('.as.ts'))
    .sort()
}

function fingerprint() {
  const hash = createHash('sha256').update(asc.version)
  for (const file of [fileURLToPath(import.meta.url), join(kernels, 'base/wasm_worker.mjs')])
    hash.update(readFileSync(file))
  for (const file of sources()) hash.update(file).update(readFileSync(join(kernels, file)))
  return hash.digest('hex')
}

async function build({ name, features, flags }) {
  const target = join(out, `${name}.wasm`)
  const fresh = `${target}.${process.pid}`
  const { error, stderr } = await asc.main([
    join(kernels, 'base/wasm_main.as.ts'),
    ...['--outFile', fresh, '-O3', '--noAssert', '--runtime', 'stub'],
    ...['--enable', features.join(','), ...flags],
    ...['--importMemory', '--initialMemory', '2', '--maximumMemory', String(PAGES)],
  ])
  const told = stderr.toString().trim()
  if (error) throw new Error(`${name}.wasm: ${told || error.message}`)
  if (told) console.error(told)
  // Built aside and renamed: a process that runs the old one keeps its own file.
  renameSync(fresh, target)
}

const started = performance.now()
const print = fingerprint()
const files = [...BUILDS.map(({ name }) => join(out, `${name}.wasm`)), join(out, 'worker.js')]
if (files.every((file) => existsSync(file)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print)
  process.exit(0)
mkdirSync(out, { recursive: true })
try {
  for (const one of BUILDS) await build(one)
} catch (error) {
  console.error(`multiscale: the WebAssembly kernels were not built: ${error.message}`)
  process.exit(1)
}
copyFileSync(join(kernels, 'base/wasm_worker.mjs'), join(out, 'worker.js'))
writeFileSync(stamp, print)
console.error(
  `multiscale: WebAssembly kernels built in ${((performance.now() - started) / 1000).toFixed(1)} s`,
)
