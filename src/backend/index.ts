export { type AddonStatus, addonStatus, type NativeVariant, nativeVariants } from './addon.js'
export type {
  AttentionOptions,
  Backend,
  CacheShape,
  CacheType,
  DigitOptions,
  Digits,
  KvCache,
  Pass,
  RopeOptions,
  Sequence,
  Tensor,
  Weight,
  WeightOptions,
} from './backend.js'
export { GROUP } from './backend.js'
export { backendCandidates, type Candidate } from './candidates.js'
export { type CeilingOptions, type Ceilings, measureCeilings } from './ceilings.js'
export { createNativeBackend, type NativeOptions } from './native.js'
export { cachePositionBytes, PACKED_BITS, WASM_PACKED_BITS } from './packed-size.js'
export { CacheFullError, PAGE } from './pages.js'
export { createReferenceBackend } from './reference.js'
export { type BackendName, type BackendOptions, type SelectedBackend, selectBackend } from './select.js'
export { createNativeTraining } from './training/native.js'
export type {
  AdamWStep,
  Documents,
  Floats,
  Heads,
  ProductOptions,
  TrainingOperations,
} from './training/operations.js'
export { ReferenceTraining } from './training/reference.js'
export { createWasmBackend, type WasmOptions } from './wasm.js'
export { fetchWasmModule, type WasmVariant, wasmVariants } from './wasm-module.js'
