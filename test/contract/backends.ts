import {
  type Backend,
  createNativeBackend,
  createReferenceBackend,
  nativeVariants,
} from '../../src/backend/index.js'

/** One entry of the list that every contract test runs over. */
export interface Subject {
  readonly label: string
  readonly kind: Backend['name']
  /** Null for the reference. */
  readonly variant: string | null
  create(threads?: number): Backend
}

export const REFERENCE: Subject = {
  label: 'reference',
  kind: 'reference',
  variant: null,
  create: createReferenceBackend,
}

/** What this addon holds and this CPU runs. variants.test.ts fails if that is less than the CPU offers. */
export const NATIVE: readonly Subject[] = nativeVariants()
  .filter(({ compiled, supported }) => compiled && supported)
  .map(({ name }) => ({
    label: `native ${name}`,
    kind: 'native',
    variant: name,
    create(threads = 2) {
      const backend = createNativeBackend({ variant: name, threads })
      if (!backend) throw new Error('the addon disappeared between two calls')
      return backend
    },
  }))

export const SUBJECTS: readonly Subject[] = [REFERENCE, ...NATIVE]
