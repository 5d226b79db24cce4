import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Node 20 knows relaxed SIMD behind a flag, and its baseline compiler gets it wrong: with these flags the suite covers both
// builds of the WebAssembly kernels.
const [major] = process.versions.node.split('.').map(Number)
const execArgv = major < 22 ? ['--experimental-wasm-relaxed-simd', '--no-liftoff'] : []

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    execArgv,
    // By default one core is left free, which on two is half of them.
    maxWorkers: availableParallelism(),
  },
})
