import type { Backend } from './backend.js'
import { checkThreads } from './checks.js'
import { createNativeBackend } from './native.js'
import { createReferenceBackend } from './reference.js'
import { createWasmBackend } from './wasm.js'
import { wasmBuilt, wasmVariants } from './wasm-module.js'

export type BackendName = Backend['name']

export interface BackendOptions {
  /** Default: native if the addon was built, else wasm, else reference. */
  readonly backend?: BackendName
  /** Threads for kernels; default one per core. The reference backend has one. */
  readonly threads?: number
  /** A dispatch level of the native backend, or a build of the wasm one, by name; default the fastest that this machine runs. */
  readonly variant?: string
}

export interface SelectedBackend {
  readonly backend: Backend
  /** What the user should know: a slower backend than expected was taken. */
  readonly notice?: string
}

const BUILD_ADDON =
  'Install a C++20 compiler (Debian/Ubuntu: apt install g++; macOS: xcode-select --install) and run: npm rebuild multiscale (in a clone: npm run build:addon)'
const WASM_RUNS = `the native addon is not built, so the WebAssembly backend runs: the same answers, two to six times slower. ${BUILD_ADDON}`
const REFERENCE_RUNS =
  'the native addon is not built and this runtime has no WebAssembly SIMD, so the reference backend runs: correct, but a hundred times ' +
  `slower and more. ${BUILD_ADDON}`

const NAMES: readonly BackendName[] = ['native', 'wasm', 'reference']

/** @throws Error if the native backend was asked for by name and cannot be had */
export function selectBackend(options: BackendOptions = {}): SelectedBackend {
  const { backend, threads, variant } = options
  if (backend !== undefined && !NAMES.includes(backend)) {
    throw new RangeError(
      `no backend is called ${JSON.stringify(backend)}; use 'native', 'wasm' or 'reference'`,
    )
  }
  if (threads !== undefined) checkThreads(threads)
  if (backend === 'reference' && variant !== undefined) {
    throw new RangeError(
      `the reference backend has no variant '${variant}'; variants are the native and wasm backends'`,
    )
  }
  if (backend === 'reference') return { backend: createReferenceBackend() }
  if (backend === 'wasm') return { backend: createWasmBackend({ threads, variant }) }
  const native = createNativeBackend({ threads, variant })
  if (native) return { backend: native }
  if (backend === 'native')
    throw new Error(`the native backend is not available: the addon is not built. ${BUILD_ADDON}`)
  const usable = wasmBuilt() && wasmVariants().some(({ supported }) => supported)
  if (usable) return { backend: createWasmBackend({ threads, variant }), notice: WASM_RUNS }
  return { backend: createReferenceBackend(), notice: REFERENCE_RUNS }
}
