import {
  type Backend,
  createNativeBackend,
  createReferenceBackend,
  createWasmBackend,
  nativeVariants,
  wasmVariants,
} from '../../src/backend/index.js'

/** One entry of the list that every contract test runs over. */
export interface Subject {
  readonly label: string
  readonly kind: Backend['name']
  /** Null for the reference. */
  readonly variant: string | null
  /** It runs as many threads as it is told. */
  readonly pooled: boolean
  /** It keeps caches of codes. */
  readonly codeCaches: boolean
  create(threads?: number): Backend
}

export const REFERENCE: Subject = {
  label: 'reference',
  kind: 'reference',
  variant: null,
  pooled: false,
  codeCaches: true,
  create: createReferenceBackend,
}

/** What this addon holds and this CPU runs. variants.test.ts fails if that is less than the CPU offers. */
export const NATIVE: readonly Subject[] = nativeVariants()
  .filter(({ compiled, supported }) => compiled && supported)
  .map(({ name }) => ({
    label: `native ${name}`,
    kind: 'native',
    variant: name,
    pooled: true,
    codeCaches: true,
    create(threads = 2) {
      const backend = createNativeBackend({ variant: name, threads })
      if (!backend) throw new Error('the addon disappeared between two calls')
      return backend
    },
  }))

/** What this runtime runs of WebAssembly, with a pool of threads and without. */
export const WASM: readonly Subject[] = wasmVariants()
  .filter(({ supported }) => supported)
  .flatMap(({ name }) =>
    [2, 1].map((usual) => ({
      label: `wasm ${name}, ${usual === 1 ? 'one thread' : 'threads'}`,
      kind: 'wasm' as const,
      variant: name,
      pooled: usual > 1,
      codeCaches: false,
      create: (threads = usual) => createWasmBackend({ variant: name, threads: usual === 1 ? 1 : threads }),
    })),
  )

/** Backends whose kernels have memory of their own. */
export const KERNELS: readonly Subject[] = [...NATIVE, ...WASM]

export const SUBJECTS: readonly Subject[] = [REFERENCE, ...KERNELS]
