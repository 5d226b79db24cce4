// Generates the inner kernels of the panel product (kernels/gemm/contract.h: Panel, PanelArguments) for x86.
//
// They are assembly because GCC 12 spills such register blocks when they are written with intrinsics (0.25 of the
// multiply peak against 0.8), and generated because there is one for each tile size, number of digits, kind of
// scale and instruction set. A kernel multiplies a panel of two vectors of weight rows by a tile of T tokens over
// all groups; every product stays in registers until it is written to y:
//
//   for each group
//     for each part of the group
//       A[t][v] = correction[v]                          what unsigned digits are too much
//       A[t][v] += Σ high digit · code; A[t][v] <<= 8    the second digit goes into the same accumulator
//       A[t][v] += Σ low digit · code                    (a third one into B)
//       F[t][v] += float(A[t][v]) · (scale[v] · scale of t)
//     F[t][v] −= minimum[v] · sum of t                   if the format has minimums
//   y[t][v] = F[t][v] · factor of t

/**
 * What differs between instruction sets.
 * register: name of a vector register; count: how many; bytes: of one
 * dot(sum, codes, digits, temporary): instructions for sum += Σ code · digit; first: the same, for sum = Σ
 * words: 16-bit codes and digits, two digits in one; no correction, no shift
 * minRows: fewer tokens are multiplied as tiles; below, unpacking a panel costs more than it saves (measured)
 * spill: the float totals live in memory; a dot product's latency needs more accumulators than fit beside them
 */
const INSTRUCTION_SETS = {
  avx512vnni: {
    register: 'zmm',
    count: 32,
    bytes: 64,
    minRows: 24,
    words: false,
    spill: false,
    dot: (sum, codes, digits) => [`vpdpbusd ${codes}, ${digits}, ${sum}`],
  },
  avxvnni: {
    register: 'ymm',
    count: 16,
    bytes: 32,
    minRows: 24,
    words: false,
    spill: true,
    dot: (sum, codes, digits) => [`%{vex%} vpdpbusd ${codes}, ${digits}, ${sum}`],
  },
  avx2: {
    register: 'ymm',
    count: 16,
    bytes: 32,
    minRows: 10,
    words: true,
    spill: false,
    dot: (sum, codes, digits, temporary) => [
      `vpmaddwd ${codes}, ${digits}, ${temporary}`,
      `vpaddd ${temporary}, ${sum}, ${sum}`,
    ],
    first: (sum, codes, digits) => [`vpmaddwd ${codes}, ${digits}, ${sum}`],
  },
}

export const PANEL_LEVELS = Object.keys(INSTRUCTION_SETS)

/** Vectors of weight rows side by side. */
const VECTORS = 2

/** Offsets of the fields of PanelArguments. */
const FIELD = {
  digits: 0,
  codes: 8,
  corrections: 16,
  scales: 24,
  minimums: 32,
  tokens: 40,
  factors: 48,
  y: 56,
  stride: 64,
  groups: 72,
}

/** Integer accumulators of a token and vector: one, and one more for a third digit. */
const planesOf = (passes) => (passes === 3 ? 2 : 1)

/** Registers beside the accumulators: the weights' vectors and two for what is broadcast or temporary. */
const SPARE = VECTORS + 2

/** The largest tile whose accumulators, integer and float, fit into the registers. */
export function maxTokens(level, passes) {
  const { count, spill } = INSTRUCTION_SETS[level]
  return Math.floor((count - SPARE) / (VECTORS * (planesOf(passes) + (spill ? 0 : 1))))
}

export const MIN_FLOAT_ROWS = 8

/** The sizes of tiles that `least` rows or more are cut into (plan_panel_tiles in kernels/gemm/linear.cc). */
function tileSizes(largest, least) {
  const sizes = new Set()
  for (let rows = least; rows < least + largest * largest; rows++) {
    const count = Math.ceil(rows / largest)
    sizes.add(Math.floor(rows / count)).add(Math.ceil(rows / count))
  }
  return [...sizes].sort((a, b) => a - b)
}

/** The instructions of one kernel, in AT&T syntax. */
export function panelKernel(level, { tokens, passes, halves, minimum }) {
  const isa = INSTRUCTION_SETS[level]
  const lines = []
  const emit = (...more) => lines.push(...more)
  const each = (count, body) => Array.from({ length: count }, (_, i) => body(i))
  const tiles = (body) => each(tokens, (t) => each(VECTORS, (v) => body(t, v)))

  const block = tokens * VECTORS
  const register = (i) => `%%${isa.register}${i}`
  const firstSum = isa.spill ? 0 : block
  const sum = (t, v, plane = 0) => register(firstSum + plane * block + t * VECTORS + v)
  const spare = firstSum + planesOf(passes) * block
  const total = (t, v) => (isa.spill ? `${(t * VECTORS + v) * isa.bytes}(%%rbx)` : register(t * VECTORS + v))
  const weight = (v) => register(spare + v)
  const broadcasts = each(isa.count - spare - VECTORS, (i) => register(spare + VECTORS + i)).slice(0, 2)
  let turn = 0
  const nextBroadcast = () => broadcasts[turn++ % broadcasts.length]
  const loadWeights = (pointer, offset) =>
    each(VECTORS, (v) =>
      emit(`vmovdqa${isa.count === 32 ? '64' : ''} ${offset + v * isa.bytes}(${pointer}), ${weight(v)}`),
    )

  const parts = halves ? 2 : 1
  const steps = (isa.words ? 16 : 8) / parts // of four columns, or two
  const rowBytes = VECTORS * isa.bytes
  const digitPlanes = isa.words ? planesOf(passes) : passes
  const planeBytes = steps * parts * tokens * 4
  const wide = isa.count === 32

  /** One digit of all tokens times the part's codes. */
  const multiply = (digitPlane, part, plane) => {
    for (let step = part * steps; step < (part + 1) * steps; step++) {
      loadWeights('%%rsi', step * rowBytes)
      each(tokens, (t) => {
        const digits = isa.words ? broadcasts[0] : nextBroadcast()
        emit(`vpbroadcastd ${digitPlane * planeBytes + (step * tokens + t) * 4}(%%rdi), ${digits}`)
        const dot = isa.first && step === part * steps ? isa.first : isa.dot
        each(VECTORS, (v) => emit(...dot(sum(t, v, plane), weight(v), digits, broadcasts[1])))
      })
    }
  }
  const correct = (part, plane) =>
    tiles((t, v) =>
      emit(`vmovdqa${wide ? '64' : ''} ${part * rowBytes + v * isa.bytes}(%%rcx), ${sum(t, v, plane)}`),
    )

  if (isa.spill) {
    emit(`vxorps ${weight(0)}, ${weight(0)}, ${weight(0)}`)
    tiles((t, v) => emit(`vmovaps ${weight(0)}, ${total(t, v)}`))
  } else tiles((t, v) => emit(`vxorps ${total(t, v)}, ${total(t, v)}, ${total(t, v)}`))
  for (const [pointer, field] of [
    ['%%rdi', 'digits'],
    ['%%rsi', 'codes'],
    ['%%rcx', 'corrections'],
    ['%%rdx', 'scales'],
    ['%%r8', 'minimums'],
    ['%%r9', 'tokens'],
    ['%%r10', 'groups'],
  ])
    emit(`movq ${FIELD[field]}(%%rax), ${pointer}`)

  emit('.p2align 5', '1:')
  for (let part = 0; part < parts; part++) {
    if (isa.words) {
      multiply(0, part, 0)
      if (passes === 3) multiply(1, part, 1)
    } else {
      correct(part, 0)
      multiply(0, part, 0)
      if (passes > 1) {
        tiles((t, v) => emit(`vpslld $8, ${sum(t, v)}, ${sum(t, v)}`))
        multiply(1, part, 0)
      }
      if (passes === 3) {
        correct(part, 1)
        multiply(2, part, 1)
      }
    }
    loadWeights('%%rdx', part * rowBytes)
    each(tokens, (t) => {
      each(VECTORS, (v) => {
        const product = sum(t, v)
        emit(`vcvtdq2ps ${product}, ${product}`)
        if (passes === 3) {
          const third = sum(t, v, 1)
          emit(`vcvtdq2ps ${third}, ${third}`)
          if (wide) emit(`vfmadd132ps %[c256]%{1to16%}, ${third}, ${product}`)
          else
            emit(
              `vbroadcastss %[c256], ${broadcasts[0]}`,
              `vfmadd132ps ${broadcasts[0]}, ${third}, ${product}`,
            )
        }
      })
      const tokenScale = `${t * 4}(%%r9)`
      if (!wide) emit(`vbroadcastss ${tokenScale}, ${broadcasts[0]}`)
      each(VECTORS, (v) => {
        const scale = wide ? nextBroadcast() : broadcasts[1]
        emit(`vmulps ${wide ? `${tokenScale}%{1to16%}` : broadcasts[0]}, ${weight(v)}, ${scale}`)
        if (isa.spill)
          emit(`vfmadd213ps ${total(t, v)}, ${scale}, ${sum(t, v)}`, `vmovaps ${sum(t, v)}, ${total(t, v)}`)
        else emit(`vfmadd231ps ${scale}, ${sum(t, v)}, ${total(t, v)}`)
      })
    })
  }
  if (minimum)
    for (let part = 0; part < parts; part++) {
      loadWeights('%%r8', part * rowBytes)
      each(tokens, (t) => {
        const units = nextBroadcast() // of the whole group, or of its halves behind that
        emit(`vbroadcastss ${((halves ? 2 + part : 1) * tokens + t) * 4}(%%r9), ${units}`)
        each(VECTORS, (v) => {
          const difference = isa.spill ? sum(t, v) : total(t, v)
          if (isa.spill) emit(`vmovaps ${total(t, v)}, ${difference}`)
          emit(`vfnmadd231ps ${units}, ${weight(v)}, ${difference}`)
          if (isa.spill) emit(`vmovaps ${difference}, ${total(t, v)}`)
        })
      })
    }
  emit(`addq $${digitPlanes * planeBytes}, %%rdi`, `addq $${steps * parts * rowBytes}, %%rsi`)
  if (!isa.words) emit(`addq $${parts * rowBytes}, %%rcx`)
  emit(`addq $${parts * rowBytes}, %%rdx`)
  if (minimum) emit(`addq $${parts * rowBytes}, %%r8`)
  emit(`addq $${tokens * 16}, %%r9`, 'decq %%r10', 'jnz 1b')

  emit(
    `movq ${FIELD.y}(%%rax), %%rdi`,
    `movq ${FIELD.stride}(%%rax), %%rsi`,
    `movq ${FIELD.factors}(%%rax), %%rcx`,
  )
  each(tokens, (t) => {
    emit(`vbroadcastss ${t * 4}(%%rcx), ${broadcasts[0]}`)
    each(VECTORS, (v) => {
      emit(`vmulps ${total(t, v)}, ${broadcasts[0]}, ${sum(t, v)}`)
      emit(`vmovups ${sum(t, v)}, ${v * isa.bytes}(%%rdi)`)
    })
    emit('addq %%rsi, %%rdi')
  })
  emit('vzeroupper')
  return lines
}

/** The largest tile of the float product, whose totals stay in registers. */
export function maxFloatTokens(level) {
  return Math.floor((INSTRUCTION_SETS[level].count - SPARE) / VECTORS)
}

/** Offsets of the fields of FloatPanelArguments. */
const FLOAT_FIELD = { x: 0, weights: 8, y: 16, stride: 24, count: 32 }

/**
 * The instructions of one kernel of the float product: y[t][v] += Σ x[t] · weight[v], a multiply-add for each
 * column in ascending order. `multiplyAdd` may be another instruction that takes four bytes of x and of each weight.
 */
function floatPanelKernel(level, tokens, multiplyAdd) {
  const isa = INSTRUCTION_SETS[level]
  const lines = []
  const emit = (...more) => lines.push(...more)
  const register = (i) => `%%${isa.register}${i}`
  const total = (t, v) => register(t * VECTORS + v)
  const spare = tokens * VECTORS
  const weight = (v) => register(spare + v)
  const x = (t) => register(spare + VECTORS + (t % 2))
  const rows = (body) => {
    emit(`movq ${FLOAT_FIELD.y}(%%rax), %%rdi`)
    for (let t = 0; t < tokens; t++) {
      for (let v = 0; v < VECTORS; v++) emit(body(`${v * isa.bytes}(%%rdi)`, total(t, v)))
      emit('addq %%rdx, %%rdi')
    }
  }
  emit(`movq ${FLOAT_FIELD.stride}(%%rax), %%rdx`)
  rows((memory, total) => `vmovups ${memory}, ${total}`)
  emit(`movq ${FLOAT_FIELD.x}(%%rax), %%rsi`, `movq ${FLOAT_FIELD.weights}(%%rax), %%rcx`)
  emit(`movq ${FLOAT_FIELD.count}(%%rax), %%r8`, '.p2align 5', '1:')
  for (let v = 0; v < VECTORS; v++) emit(`vmovaps ${v * isa.bytes}(%%rcx), ${weight(v)}`)
  for (let t = 0; t < tokens; t++) {
    emit(`vbroadcastss ${t * 4}(%%rsi), ${x(t)}`)
    for (let v = 0; v < VECTORS; v++) emit(`${multiplyAdd} ${weight(v)}, ${x(t)}, ${total(t, v)}`)
  }
  emit(`addq $${tokens * 4}, %%rsi`, `addq $${VECTORS * isa.bytes}, %%rcx`, 'decq %%r8', 'jnz 1b')
  rows((memory, total) => `vmovups ${total}, ${memory}`)
  emit('vzeroupper')
  return lines
}

/** What a kernel overwrites beside memory. */
const CLOBBERS = ['rdi', 'rsi', 'rcx', 'rdx', 'r8', 'r9', 'r10'].map((name) => `"${name}"`)
const vectorClobbers = (level) =>
  Array.from({ length: INSTRUCTION_SETS[level].count }, (_, i) => `"xmm${i}"`).join(', ')

/** C++ functions `<prefix>_<tokens>` of the float product for every size of tile, and the entries of a table of them. */
export function floatPanelFunctions(level, prefix, table, multiplyAdd = 'vfmadd231ps') {
  const functions = []
  const entries = []
  for (const tokens of tileSizes(maxFloatTokens(level), MIN_FLOAT_ROWS)) {
    functions.push(
      `void ${prefix}_${tokens}(const multiscale::FloatPanelArguments* arguments) {`,
      '  __asm__ volatile(',
      ...floatPanelKernel(level, tokens, multiplyAdd).map((line) => `      "${line}\\n"`),
      '      :\n      : "a"(arguments)',
      `      : "memory", "cc", ${CLOBBERS.slice(0, 5).join(', ')},\n        ${vectorClobbers(level)});`,
      '}',
      '',
    )
    entries.push(`  ${table}[${tokens - 1}] = ${prefix}_${tokens};`)
  }
  return { functions, entries }
}

/** A C++ header with all kernels of a level and the function that puts them into its table. */
export function panelHeader(level) {
  const isa = INSTRUCTION_SETS[level]
  const functions = []
  const entries = []
  for (const passes of [1, 2, 3]) {
    entries.push(`  table.panel.max_tokens[${passes - 1}] = ${maxTokens(level, passes)};`)
    for (const halves of [false, true])
      for (const minimum of [false, true])
        for (const tokens of tileSizes(maxTokens(level, passes), INSTRUCTION_SETS[level].minRows)) {
          const name = `panel_${passes}_${Number(halves)}_${Number(minimum)}_${tokens}`
          const lines = panelKernel(level, { tokens, passes, halves, minimum })
          const inputs = [
            '"a"(arguments)',
            ...(isa.spill ? ['"b"(totals)'] : []),
            ...(passes === 3 ? ['[c256] "m"(k256)'] : []),
          ]
          functions.push(
            `void ${name}(const multiscale::PanelArguments* arguments) {`,
            ...(passes === 3 ? ['  static const float k256 = 256.0f;'] : []),
            ...(isa.spill ? [`  alignas(64) float totals[${tokens * VECTORS * (isa.bytes / 4)}];`] : []),
            '  __asm__ volatile(',
            ...lines.map((line) => `      "${line}\\n"`),
            `      :\n      : ${inputs.join(', ')}`,
            `      : "memory", "cc", ${CLOBBERS.join(', ')},\n        ${vectorClobbers(level)});`,
            '}',
            '',
          )
          entries.push(
            `  table.panel.kernel[${passes - 1}][${Number(halves)}][${Number(minimum)}][${tokens - 1}] = ${name};`,
          )
        }
  }
  const float = floatPanelFunctions(level, 'float_panel', 'table.float_panel.kernel')
  functions.push(...float.functions)
  entries.push(
    `  table.float_panel.min_rows = ${MIN_FLOAT_ROWS};`,
    `  table.float_panel.max_tokens = ${maxFloatTokens(level)};`,
    ...float.entries,
  )
  return [
    '// Generated by scripts/panel-kernels.mjs.',
    '#pragma once',
    '#include "gemm/contract.h"',
    '',
    'namespace {',
    '',
    `static_assert(kPanelBlocks == ${(VECTORS * isa.bytes) / 64});`,
    '',
    ...functions,
    'constexpr void fill_panel_kernels(multiscale::GemmKernels& table) {',
    `  table.panel.min_rows = ${INSTRUCTION_SETS[level].minRows};`,
    ...entries,
    '}',
    '',
    '}  // namespace',
    '',
  ].join('\n')
}
