// The contract suite on an addon that is not build/multiscale.node.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * Sets process.exitCode if a test fails. Tests run in processes of process.execPath.
 * @param {object} options
 * @param {string} options.build folder of the addon below the root, ending in /
 * @param {string[]} options.files parts of the names of files in test/contract; all if empty
 */
export async function runContractSuite({ build, files }) {
  const useAddon = {
    name: 'use-addon',
    enforce: 'pre',
    transform: (code) => code.replaceAll("'../../build/", `'../../${build}`),
  }
  const vitest = await startVitest(
    'test',
    (files.length > 0 ? files : ['']).map((file) => `test/contract/${file}`),
    {
      root,
      watch: false,
      pool: 'forks',
      testTimeout: 1_800_000,
      hookTimeout: 1_800_000,
      testNamePattern: /^(?!.*\bwasm (simd128|relaxed-simd))/, // V8's affair, and slow
    },
    { plugins: [useAddon] },
  )
  await vitest.close()
}
