/** The WebAssembly kernels: which builds there are, which of them this runtime runs, and how they are called. */

/** What kernels/base/wasm_main.as.ts exports; addresses and sizes in bytes. */
export interface WasmExports {
  initialize(threads: number, scratch: number, mayWait: boolean): void
  /** Whether the relaxed dot product takes codes of eight bits: `relaxedDot() === 'unsigned'`. */
  setEightBits(usable: boolean): void
  scratchBytes(): number
  /** The layout and code offset of a weight type, by its number. */
  layoutOf(type: number): number
  offsetOf(type: number): number
  blockBytes(type: number, groups: number): number
  digitBytes(passes: number): number
  run(operation: number, tasks: number): void
}

/** Operations by their numbers in kernels/base/wasm_operations.as.ts. */
export const OPERATION = {
  linear: 0,
  linearFloat: 1,
  decompose: 2,
  norm: 3,
  rope: 4,
  swiglu: 5,
  add: 6,
  append: 7,
  attend: 8,
  embed: 9,
  embedFloat: 10,
  pack: 11,
  packFloat: 12,
} as const

/** Addresses of kernels/base/wasm_memory.as.ts. */
export const ADDRESS = { generation: 192, stop: 256, found: 276, job: 328, heap: 65536 } as const

export type WasmVariantName = 'simd128' | 'relaxed-simd'

/** A build of the kernels. */
export interface WasmVariant {
  readonly name: WasmVariantName
  /** This runtime runs it. */
  readonly supported: boolean
}

/** (module (func (export "f") (result i32) …)): valid where the instructions are known. */
const probeModule = (...body: number[]) =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0],
    ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b],
  ])
/** i8x16.splat of a number from −64 to 63, or of −128. */
const splat = (value: number) =>
  value === -128 ? [0x41, 0x80, 0x7f, 0xfd, 0x0f] : [0x41, value & 0x7f, 0xfd, 0x0f]
const EXTRACT_WORD = [0xfd, 0x1b, 0]
const SIMD_PROBE = probeModule(...splat(1), ...EXTRACT_WORD)

/** One lane of i32x4.relaxed_dot_i8x16_i7x16_add_s: four products of a digit and a code; null if it is not known. */
function relaxedDotOf(digit: number, code: number): number | null {
  const bytes = probeModule(...splat(digit), ...splat(code), ...splat(0), 0xfd, 0x93, 0x02, ...EXTRACT_WORD)
  if (!WebAssembly.validate(bytes)) return null
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  return (exports.f as () => number)()
}

/**
 * What the relaxed dot product is on this CPU, told by where the standard leaves it open, codes beyond seven bits:
 * 'unsigned' bytes (AVX-VNNI) or 'signed' ones (ARM) in one instruction, 'slow' if it is made of several. Null if it is
 * not known, or wrong: the baseline compiler of V8 11, in Node 20 behind a flag, adds it twice.
 */
export function relaxedDot(): 'unsigned' | 'signed' | 'slow' | null {
  if (typeof WebAssembly !== 'object' || relaxedDotOf(-3, 5) !== -60) return null
  const sum = relaxedDotOf(-128, -1)
  return sum === -128 * 255 * 4 ? 'unsigned' : sum === 128 * 4 ? 'signed' : 'slow'
}

/**
 * The fastest build for this machine. Where the relaxed dot product is slow, products of words are faster
 * (bench/wasm.mjs).
 */
export function defaultVariant(): WasmVariantName {
  const dot = relaxedDot()
  return dot === 'unsigned' || dot === 'signed' ? 'relaxed-simd' : 'simd128'
}

/** The builds, slowest first. */
export function wasmVariants(): WasmVariant[] {
  const simd = typeof WebAssembly === 'object' && WebAssembly.validate(SIMD_PROBE)
  return [
    { name: 'simd128', supported: simd },
    { name: 'relaxed-simd', supported: simd && relaxedDot() !== null },
  ]
}

/** Whether threads can share memory: browsers want a page that is cross-origin isolated. */
export function wasmThreads(): boolean {
  try {
    return (
      new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer instanceof SharedArrayBuffer
    )
  } catch {
    return false
  }
}

interface NodeModules {
  'node:fs': typeof import('node:fs')
  'node:os': typeof import('node:os')
  'node:worker_threads': typeof import('node:worker_threads')
}

/** A Node module, if this is Node; bundlers must not see it. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  return globalThis.process?.getBuiltinModule?.(name) as NodeModules[Name] | undefined
}

// The same relative path from src/ (tests) and dist/ (the package).
const FOLDER = new URL('../../dist/wasm/', import.meta.url)
export const WORKER_URL = new URL('worker.js', FOLDER)

function urlOf(variant: WasmVariantName, threads: boolean): URL {
  return new URL(`${variant}${threads ? '-threads' : ''}.wasm`, FOLDER)
}

const compiled = new Map<string, WebAssembly.Module>()

/**
 * Reads and compiles a build from its file, once; in Node only.
 * @throws Error if it is missing
 */
export function readWasmModule(variant: WasmVariantName, threads: boolean): WebAssembly.Module {
  const url = urlOf(variant, threads)
  const known = compiled.get(url.href)
  if (known) return known
  const fs = nodeModule('node:fs')
  if (!fs) throw new Error('in a browser, pass createWasmBackend the result of await fetchWasmModule(…)')
  if (!fs.existsSync(url)) throw new Error(`${url.pathname} is missing; npm run build:wasm makes it`)
  const module = new WebAssembly.Module(fs.readFileSync(url))
  compiled.set(url.href, module)
  return module
}

/** Fetches and compiles a build; in browsers. Pass it to `createWasmBackend` with the same options. */
export async function fetchWasmModule(
  options: { readonly variant?: WasmVariantName; readonly threads?: number } = {},
): Promise<WebAssembly.Module> {
  const threads = options.threads !== 1 && wasmThreads()
  return WebAssembly.compileStreaming(fetch(urlOf(options.variant ?? defaultVariant(), threads)))
}

/** Whether the kernels were built; unknown, and taken for granted, in a browser. */
export function wasmBuilt(): boolean {
  return nodeModule('node:fs')?.existsSync(urlOf('simd128', false)) ?? true
}
