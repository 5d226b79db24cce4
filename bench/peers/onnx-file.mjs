// As much of ONNX's file format as a decoder takes: protocol buffers, written by hand so that no Python is needed.
// Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).

/** Element types of tensors. */
const TYPES = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 }

const VARINT = 0
const BYTES = 2
const FLOAT = 5

function varint(value) {
  const bytes = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

/** @param fields [number, value] pairs: numbers are varints, strings, buffers and lists of buffers go with their length */
function message(...fields) {
  return Buffer.concat(
    fields.flatMap(([field, value]) => {
      if (typeof value === 'number') return [varint((field << 3) | VARINT), varint(value)]
      const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value)
      return [varint((field << 3) | BYTES), varint(bytes.length), bytes]
    }),
  )
}

/** @param values numbers that are written as whole numbers, or { float } */
function attribute([name, value]) {
  if (typeof value === 'number') return message([1, name], [3, value], [20, 2])
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value.float)
  return Buffer.concat([message([1, name], [20, 1]), varint((2 << 3) | FLOAT), bytes])
}

/**
 * @param domain empty for ONNX's own operators
 * @param inputs names; '' leaves one out
 */
export function node(domain, type, inputs, outputs, attributes = {}) {
  return message(
    ...inputs.map((name) => [1, name]),
    ...outputs.map((name) => [2, name]),
    [3, outputs[0]],
    [4, type],
    ...Object.entries(attributes).map((entry) => [5, attribute(entry)]),
    [7, domain],
  )
}

/** @param values typed array of the type */
export function tensor(name, type, shape, values) {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return message(...shape.map((size) => [1, size]), [2, TYPES[type]], [8, name], [9, bytes])
}

/** An input or output of the graph. @param shape sizes, or names of sizes that vary */
export function value(name, type, shape) {
  const dimensions = shape.map((size) => [1, message([typeof size === 'number' ? 1 : 2, size])])
  return message([1, name], [2, message([1, message([1, TYPES[type]], [2, message(...dimensions)])])])
}

/** @param graph lists of what node, tensor and value return; opsets: version by domain */
export function model({ nodes, tensors, inputs, outputs, opsets }) {
  const graph = message(
    ...nodes.map((bytes) => [1, bytes]),
    [2, 'decoder'],
    ...tensors.map((bytes) => [5, bytes]),
    ...inputs.map((bytes) => [11, bytes]),
    ...outputs.map((bytes) => [12, bytes]),
  )
  const versions = Object.entries(opsets).map(([domain, version]) => [8, message([1, domain], [2, version])])
  return message([1, 8], [2, 'multiscale'], [7, graph], ...versions)
}
