import { type NativeVariant, nativeVariants } from './addon.js'
import type { Backend } from './backend.js'
import { createNativeBackend } from './native.js'
import { createReferenceBackend } from './reference.js'
import type { BackendName } from './select.js'
import { createWasmBackend } from './wasm.js'
import { wasmBuilt, wasmVariants } from './wasm-module.js'

/** One way to compute: a backend with one of its variants. */
export interface Candidate {
  readonly backend: BackendName
  readonly variant: string
  /** It is part of this installation. */
  readonly compiled: boolean
  /** This machine runs it. */
  readonly supported: boolean
  /** @throws Error if it is not both compiled and supported */
  create(threads?: number): Backend
}

/** What each backend offers; the compiler asks for an entry for every name. */
const LISTS: Readonly<Record<BackendName, () => Candidate[]>> = {
  reference: () => [
    {
      backend: 'reference',
      variant: 'typescript',
      compiled: true,
      supported: true,
      create: createReferenceBackend,
    },
  ],
  native: () =>
    variants().map(({ name, compiled, supported }) => ({
      backend: 'native',
      variant: name,
      compiled,
      supported,
      create(threads) {
        const backend = createNativeBackend({ variant: name, threads })
        if (!backend) throw new Error('the native addon disappeared')
        return backend
      },
    })),
  wasm: () =>
    wasmVariants().map(({ name, supported }) => ({
      backend: 'wasm',
      variant: name,
      compiled: wasmBuilt(),
      supported,
      create: (threads) => createWasmBackend({ variant: name, threads }),
    })),
}

/** None where the addon was not built or does not load; `addonStatus` says why. */
function variants(): NativeVariant[] {
  try {
    return nativeVariants()
  } catch {
    return []
  }
}

/** Every backend and variant of this installation, whether or not it runs here. */
export function backendCandidates(): Candidate[] {
  return Object.values(LISTS).flatMap((list) => list())
}
