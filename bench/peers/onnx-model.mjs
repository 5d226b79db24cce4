// A GGUF model as a folder that transformers.js loads, with the operators of the exports that are published for it
// (com.microsoft's products and grouped attention). Weights: 'q4' is 4 bits with a scale per block of 32, 'q8' (its
// default for WebAssembly) 8 bits with a scale per row, multiplied with activations of 8 bits.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { modelConfig } from '../../dist/engine/config.js'
import { dequantize, openGguf } from '../../dist/format/index.js'
import { model, node, tensor, value } from './onnx-file.mjs'

const MICROSOFT = 'com.microsoft'
const BLOCK = 32

/**
 * Codes 0 … 15 of w = scale · (code − 8), rounded as GGUF's Q4_0 is: a Q4_0 matrix comes through unchanged.
 * @returns codes, two a byte in the order of the elements, and scales
 */
function quantizeBlocks(weights) {
  const codes = new Uint8Array(weights.length / 2)
  const scales = new Float32Array(weights.length / BLOCK)
  for (let block = 0; block < scales.length; block++) {
    const begin = block * BLOCK
    let largest = 0
    for (let i = begin; i < begin + BLOCK; i++)
      if (Math.abs(weights[i]) > Math.abs(largest)) largest = weights[i]
    const scale = largest / -8
    const inverse = scale === 0 ? 0 : 1 / scale
    for (let i = begin; i < begin + BLOCK; i++)
      codes[i >> 1] |= Math.min(15, Math.trunc(weights[i] * inverse + 8.5)) << (4 * (i & 1))
    scales[block] = scale
  }
  return { codes, scales }
}

/**
 * Codes −127 … 127 of w = scale · code, transposed to [cols, rows] as the product takes them.
 * @returns codes, and a scale per row
 */
function quantizeRows(weights, cols) {
  const rows = weights.length / cols
  const codes = new Int8Array(weights.length)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const begin = row * cols
    let largest = 0
    for (let i = begin; i < begin + cols; i++) largest = Math.max(largest, Math.abs(weights[i]))
    scales[row] = largest / 127 || 1
    const inverse = 1 / scales[row]
    for (let col = 0; col < cols; col++) codes[col * rows + row] = Math.round(weights[begin + col] * inverse)
  }
  return { codes, scales }
}

/** Rows of all matrices, one below the other, as float32. */
async function weights(file, names) {
  const parts = []
  for (const name of names) {
    const matrix = file.matrix(name)
    parts.push(dequantize(matrix.type, await matrix.readRows(0, matrix.rows), matrix.rows, matrix.cols))
  }
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((at, part) => {
    all.set(part, at)
    return at + part.length
  }, 0)
  return all
}

/** Cosines and sines [positions, headSize / 2] of the angles that keys and queries turn by. */
function rotations({ headSize, rope }, positions) {
  const half = headSize / 2
  const angles = Float64Array.from({ length: positions * half }, (_, i) => {
    return Math.floor(i / half) * rope.base ** (-2 * ((i % half) / headSize))
  })
  return [Float32Array.from(angles, Math.cos), Float32Array.from(angles, Math.sin)]
}

/** @throws Error for models whose rotation or biases this leaves out */
async function decoder(file, config, { dtype, positions }) {
  const { layers, width, heads, kvHeads, headSize, feedForward, vocabulary, rope, epsilon, tied } = config
  const plain =
    rope.scaling.type === 'none' && rope.width === headSize && !file.tensors.has('rope_freqs.weight')
  if (!plain || file.tensors.has('blk.0.attn_q.bias'))
    throw new Error(`${file.name}: only Llama models without scaled rotation and biases are written as ONNX`)

  const [nodes, tensors] = [[], []]
  const ms = (...rest) => nodes.push(node(MICROSOFT, ...rest))
  const onnx = (...rest) => nodes.push(node('', ...rest))
  const constant = (name, type, values) => tensors.push(tensor(name, type, [values.length], values))
  const matrix = async (name, sources, cols) => {
    const values = await weights(file, sources)
    const rows = values.length / cols
    const is4 = dtype === 'q4'
    const { codes, scales } = is4 ? quantizeBlocks(values) : quantizeRows(values, cols)
    const shape = is4 ? [rows, cols / BLOCK, BLOCK / 2] : [cols, rows]
    tensors.push(tensor(`${name}.codes`, is4 ? 'uint8' : 'int8', shape, codes))
    constant(`${name}.scales`, 'float', scales)
    return { name, K: cols, N: rows }
  }
  const multiply = (input, { name, K, N }, output) => {
    const inputs = [input, `${name}.codes`, `${name}.scales`]
    // Level 4 lets the runtime round activations to 8 bits, if it is faster with it.
    if (dtype === 'q4')
      ms('MatMulNBits', inputs, [output], { K, N, bits: 4, block_size: BLOCK, accuracy_level: 4 })
    else ms('DynamicQuantizeMatMul', inputs, [output])
  }
  const gain = async (name) => {
    constant(name, 'float', await file.floats(name))
    return name
  }

  // Positions come from the mask: its sum is the length with the past, in the form that the attention takes.
  constant('one', 'int64', BigInt64Array.of(1n))
  onnx('ReduceSum', ['attention_mask', 'one'], ['lengths'], { keepdims: 0 })
  onnx('Sub', ['lengths', 'one'], ['last'])
  onnx('Cast', ['last'], ['last32'], { to: 6 })
  onnx('Shape', ['attention_mask'], ['maskShape'])
  constant('axis1', 'int64', BigInt64Array.of(1n))
  onnx('Gather', ['maskShape', 'axis1'], ['total1'])
  onnx('Squeeze', ['total1'], ['total'])
  onnx('Cast', ['total'], ['total32'], { to: 6 })
  const [cosines, sines] = rotations(config, positions)
  tensors.push(tensor('cosines', 'float', [positions, headSize / 2], cosines))
  tensors.push(tensor('sines', 'float', [positions, headSize / 2], sines))

  const rows = { bits: 4, block_size: BLOCK, gather_axis: 0, quantize_axis: 1 }
  const { codes, scales } = quantizeBlocks(await weights(file, ['token_embd.weight']))
  tensors.push(tensor('embedding.codes', 'uint8', [vocabulary, width / 2], codes))
  tensors.push(tensor('embedding.scales', 'float', [vocabulary, width / BLOCK], scales))
  ms('GatherBlockQuantized', ['embedding.codes', 'input_ids', 'embedding.scales'], ['stream'], rows)

  // The runtime knows this size by this name when it makes the first, empty cache.
  const cache = ['batch_size', kvHeads, 'past', headSize]
  const grown = ['batch_size', kvHeads, 'total', headSize]
  const inputs = [
    value('input_ids', 'int64', ['batch_size', 'length']),
    value('attention_mask', 'int64', ['batch_size', 'total']),
  ]
  const outputs = [value('logits', 'float', ['batch_size', 1, vocabulary])]

  let stream = 'stream'
  let branch = ''
  const normalize = async (name) => {
    const output = `${name}.out`
    const inputs = [stream, ...(branch && [branch]), await gain(name)].filter(Boolean)
    if (branch) {
      const sum = `${name}.sum`
      ms('SkipSimplifiedLayerNormalization', inputs, [output, '', '', sum], { epsilon: { float: epsilon } })
      stream = sum
    } else onnx('SimplifiedLayerNormalization', inputs, [output], { axis: -1, epsilon: { float: epsilon } })
    return output
  }
  for (let layer = 0; layer < layers; layer++) {
    const at = (name) => `blk.${layer}.${name}`
    const [key, val] = ['key', 'value'].map((name) => `past_key_values.${layer}.${name}`)
    const [newKey, newVal] = ['key', 'value'].map((name) => `present.${layer}.${name}`)
    inputs.push(value(key, 'float', cache), value(val, 'float', cache))
    outputs.push(value(newKey, 'float', grown), value(newVal, 'float', grown))

    const qkv = ['attn_q', 'attn_k', 'attn_v'].map((name) => at(`${name}.weight`))
    multiply(await normalize(at('attn_norm.weight')), await matrix(at('qkv'), qkv, width), at('qkv.out'))
    ms(
      'GroupQueryAttention',
      [at('qkv.out'), '', '', key, val, 'last32', 'total32', 'cosines', 'sines'],
      [at('attention'), newKey, newVal],
      {
        num_heads: heads,
        kv_num_heads: kvHeads,
        do_rotary: 1,
        rotary_interleaved: rope.pairs === 'half' ? 0 : 1,
      },
    )
    const output = await matrix(at('o'), [at('attn_output.weight')], heads * headSize)
    multiply(at('attention'), output, at('o.out'))
    branch = at('o.out')

    const normalized = await normalize(at('ffn_norm.weight'))
    multiply(normalized, await matrix(at('gate'), [at('ffn_gate.weight')], width), at('gate.out'))
    multiply(normalized, await matrix(at('up'), [at('ffn_up.weight')], width), at('up.out'))
    onnx('Sigmoid', [at('gate.out')], [at('sigmoid')])
    onnx('Mul', [at('gate.out'), at('sigmoid')], [at('silu')])
    onnx('Mul', [at('silu'), at('up.out')], [at('gated')])
    multiply(at('gated'), await matrix(at('down'), [at('ffn_down.weight')], feedForward), at('down.out'))
    branch = at('down.out')
  }
  // Generating needs logits of the last position only; exports that compute all of them are slower.
  const normalized = await normalize('output_norm.weight')
  constant('minusOne', 'int64', BigInt64Array.of(-1n))
  constant('end', 'int64', BigInt64Array.of(2n ** 63n - 1n))
  onnx('Slice', [normalized, 'minusOne', 'end', 'axis1'], ['final'])
  multiply('final', await matrix('output', [tied ? 'token_embd.weight' : 'output.weight'], width), 'logits')
  return model({ nodes, tensors, inputs, outputs, opsets: { '': 21, [MICROSOFT]: 1 } })
}

/**
 * Writes config.json and the model into `folder`.
 * @param dtype 'q4' or 'q8'
 * @param positions longest prompt and answer
 * @returns whether its weights are exactly the file's
 */
export async function writeOnnxModel(path, folder, { dtype, positions }) {
  const file = await openGguf(path)
  try {
    const config = modelConfig(file)
    await mkdir(join(folder, 'onnx'), { recursive: true })
    const name = { q4: 'model_q4.onnx', q8: 'model_quantized.onnx' }[dtype]
    await writeFile(join(folder, 'onnx', name), await decoder(file, config, { dtype, positions }))
    // No end-of-text token: it generates as many tokens as it is asked for.
    const description = {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      hidden_size: config.width,
      head_dim: config.headSize,
      num_hidden_layers: config.layers,
      num_attention_heads: config.heads,
      num_key_value_heads: config.kvHeads,
      vocab_size: config.vocabulary,
    }
    await writeFile(join(folder, 'config.json'), JSON.stringify(description))
    const matrices = [...file.tensors.values()].filter(({ shape }) => shape[0] > 1)
    return dtype === 'q4' && matrices.every(({ type }) => type === 'Q4_0')
  } finally {
    await file.close()
  }
}
