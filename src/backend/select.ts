import type { Backend } from './backend.js'
import { createNativeBackend } from './native.js'
import { createReferenceBackend } from './reference.js'

export type BackendName = Backend['name']

export interface BackendOptions {
  /** Default: native if the addon was built, else reference. */
  readonly backend?: BackendName
  /** Threads for kernels; default one per core. The reference backend has one. */
  readonly threads?: number
  /** A dispatch level of the native backend by name; default the widest that this CPU runs. */
  readonly variant?: string
}

export interface SelectedBackend {
  readonly backend: Backend
  /** What the user should know: a slower backend than expected was taken. */
  readonly notice?: string
}

const NO_ADDON =
  'the native addon is not built, so the reference backend runs: correct, but a hundred times slower and more. ' +
  'Install a C++20 compiler (Debian/Ubuntu: apt install g++; macOS: xcode-select --install) and run: npm rebuild multiscale (in a clone: npm run build:addon)'

/** @throws Error if the native backend was asked for by name and cannot be had */
export function selectBackend(options: BackendOptions = {}): SelectedBackend {
  const { backend, threads, variant } = options
  if (backend !== undefined && backend !== 'native' && backend !== 'reference') {
    throw new RangeError(`no backend is called ${JSON.stringify(backend)}; use 'native' or 'reference'`)
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new RangeError(`threads must be a whole number from 1 to 1024, not ${threads}`)
  }
  if (backend === 'reference' && variant !== undefined) {
    throw new RangeError(
      `the reference backend has no variant '${variant}'; variants are the native backend's`,
    )
  }
  if (backend === 'reference') return { backend: createReferenceBackend() }
  const native = createNativeBackend({ threads, variant })
  if (native) return { backend: native }
  if (backend === 'native') throw new Error(`the native backend is not available: ${NO_ADDON}`)
  return { backend: createReferenceBackend(), notice: NO_ADDON }
}
