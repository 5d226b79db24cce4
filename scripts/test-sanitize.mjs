// The contract suite on an addon built with AddressSanitizer and UndefinedBehaviorSanitizer: `npm run test:sanitize`.
// Arguments choose test files by a part of their names. (ThreadSanitizer cannot run inside Node.)
//
// Blocks of memory (kernels/base/memory.cc) then lie between pages that nobody may touch, because the generated
// assembly is not instrumented.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runContractSuite } from './contract-suite.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const compiler = process.env.CXX ?? 'g++'
// vptr needs RTTI of Node; weights and activations are read unaligned on purpose.
const FLAGS =
  '-fsanitize=address,undefined -fno-sanitize=vptr,alignment -fno-sanitize-recover=undefined -g -O1'
const LIBRARIES = ['libasan.so', 'libubsan.so']
const build = 'build/sanitize/'
const out = join(root, build)
mkdirSync(out, { recursive: true })

const executable = (name, command) => {
  const path = join(out, name)
  writeFileSync(path, `#!/bin/sh\n${command}\n`, { mode: 0o755 })
  return path
}
const library = (name) => execFileSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim()
const cxx = executable('c++', `exec '${compiler}' "$@" ${FLAGS}`)
const builder = join(root, 'scripts/build-addon.mjs')
execFileSync(process.execPath, [builder, '--required', '--compiler', cxx, '--out', out], { stdio: 'inherit' })

const preload = LIBRARIES.map(library).join(':')
// Node frees much at its end without telling; a report must end the process.
const environment = `LD_PRELOAD='${preload}' ASAN_OPTIONS=detect_leaks=0:abort_on_error=1`
process.execPath = executable('node', `${environment} exec '${process.execPath}' "$@"`)
await runContractSuite({ build, files: process.argv.slice(2) })
