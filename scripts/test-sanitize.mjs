// The contract suite on an addon built with sanitizers: `npm run test:sanitize` for AddressSanitizer and
// UndefinedBehaviorSanitizer, `npm run test:sanitize -- --thread` for ThreadSanitizer. Other arguments choose test files
// by a part of their names.
//
// Blocks of memory (kernels/base/memory.cc) then lie between pages that nobody may touch, because the generated
// assembly is not instrumented.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runContractSuite } from './contract-suite.mjs'

const { values, positionals } = parseArgs({
  options: { thread: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const compiler = process.env.CXX ?? 'g++'
const [kind, flags, libraries] = values.thread
  ? ['thread', ['-fsanitize=thread'], ['libtsan.so']]
  : [
      'address',
      // vptr needs RTTI of Node; weights and activations are read unaligned on purpose.
      ['-fsanitize=address,undefined', '-fno-sanitize=vptr,alignment', '-fno-sanitize-recover=undefined'],
      ['libasan.so', 'libubsan.so'],
    ]
const build = `build/sanitize-${kind}/`
const out = join(root, build)
mkdirSync(out, { recursive: true })

const executable = (name, command) => {
  const path = join(out, name)
  writeFileSync(path, `#!/bin/sh\n${command} "$@"${name === 'c++' ? ` ${flags.join(' ')} -g -O1` : ''}\n`, {
    mode: 0o755,
  })
  return path
}

const library = (name) => execFileSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim()
const cxx = executable('c++', `exec '${compiler}'`)
const builder = join(root, 'scripts/build-addon.mjs')
execFileSync(process.execPath, [builder, '--required', '--compiler', cxx, '--out', out], { stdio: 'inherit' })

const preload = libraries.map(library).join(':')
// Node frees much at its end without telling; a report must end the process.
const options = 'ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 TSAN_OPTIONS=halt_on_error=1'
process.execPath = executable('node', `LD_PRELOAD='${preload}' ${options} exec '${process.execPath}'`)
await runContractSuite({ build, files: positionals })
