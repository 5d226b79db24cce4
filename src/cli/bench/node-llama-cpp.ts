import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** What the bench uses of node-llama-cpp 3 (https://node-llama-cpp.withcat.ai/api/functions/getLlama). */
export interface NodeLlamaCpp {
  getLlama(options: { gpu: false; build: 'never'; logLevel: 'error'; maxThreads: number }): Promise<{
    loadModel(options: { modelPath: string; loadSignal?: AbortSignal }): Promise<LlamaModel>
    dispose(): Promise<void>
  }>
}

export interface LlamaModel {
  createContext(options: {
    contextSize: number
    batchSize: number
    threads: number
    createSignal?: AbortSignal
  }): Promise<{ getSequence(): LlamaSequence; dispose(): Promise<void> }>
}

export interface LlamaSequence {
  clearHistory(): Promise<void>
  evaluate(ids: number[], options: { temperature: 0; yieldEogToken: true }): AsyncIterable<number>
  controlledEvaluate(
    items: (number | [number, { generateNext: { probabilities: true } }])[],
  ): Promise<({ next: { probabilities?: Map<number, number> } } | undefined)[]>
}

// The same relative path from src/ (tests) and dist/ (the package).
const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url))

export interface InstalledPeer {
  readonly module: NodeLlamaCpp
  readonly version: string
}

/**
 * Loads the package from where the user is, from beside multiscale, or from bench/ of a clone.
 * @throws Error saying how to install it
 */
export async function importNodeLlamaCpp(): Promise<InstalledPeer> {
  const entry = resolvePackage('node-llama-cpp', [process.cwd(), PACKAGE, join(PACKAGE, 'bench')])
  if (!entry) {
    throw new Error(
      'node-llama-cpp is not installed here; run: npm install node-llama-cpp (in a clone: npm install --prefix bench)',
    )
  }
  const module = (await import(pathToFileURL(entry).href)) as NodeLlamaCpp
  return { module, version: versionOf(entry) }
}

function resolvePackage(name: string, folders: readonly string[]): string | null {
  for (const folder of folders) {
    try {
      return createRequire(join(folder, 'package.json')).resolve(name)
    } catch {
      // not there
    }
  }
  return null
}

/** Of the package that a file is part of. */
function versionOf(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (version) return version
    } catch {
      // further up
    }
  }
  return 'unknown'
}
