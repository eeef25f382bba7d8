// @ts-check
// The file of a network: safetensors, as `python -m lenet5 evaluate` reads and writes it.
// Its form: the header's length in 8 bytes, the header in JSON, then the tensors.
var lenet5 = lenet5 || {};

/** @type {Record<string, number[]>} names and shapes of the parameters, in the kernel's order */
lenet5.shapes = {
  "conv1.weight": [6, 1, 5, 5], "conv1.bias": [6],
  "conv2.weight": [16, 6, 5, 5], "conv2.bias": [16],
  "dense1.weight": [120, 256], "dense1.bias": [120],
  "dense2.weight": [84, 120], "dense2.bias": [84],
  "dense3.weight": [10, 84], "dense3.bias": [10],
};

/** @typedef {{ dtype: string, shape: number[], values: Float32Array }} Tensor */

/**
 * The tensors of a file, of 4 or of 2 bytes a number.
 * @param {Uint8Array<ArrayBuffer>} file
 * @returns {Record<string, Tensor>}
 */
lenet5.readTensors = (file) => {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  delete header.__metadata__;
  /** @param {number} bits */
  const half = (bits) => {
    const exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
    return bits >> 15 ? -size : size;
  };
  /** @type {Record<string, (at: number) => number>} */
  const numbers = { F32: (at) => view.getFloat32(at, true), F16: (at) => half(view.getUint16(at, true)) };
  /** @param {any} entry */
  const tensor = ({ dtype, shape, data_offsets: [start, end] }) => {
    const size = dtype === "F32" ? 4 : 2, number = numbers[dtype];
    const values = Float32Array.from({ length: (end - start) / size }, (_, i) => number(8 + length + start + size * i));
    return { dtype, shape, values };
  };
  return Object.fromEntries(Object.entries(header).map(([name, entry]) => [name, tensor(entry)]));
};

/**
 * All weights of a file, one after the other.
 * @param {Uint8Array<ArrayBuffer>} file
 * @returns {Float32Array}
 */
lenet5.readNetwork = (file) => {
  const wrong = new Error("this is no network of this report: a .safetensors file with the parameters of LeNet-5");
  const weights = new Float32Array(44426);
  if (file.length > 1e6) throw wrong; // before it is read number by number
  try {
    const tensors = lenet5.readTensors(file);
    let at = 0;
    for (const [name, shape] of Object.entries(lenet5.shapes)) {
      const { dtype, shape: found, values } = tensors[name];
      if (dtype !== "F32" || String(found) !== String(shape)) throw wrong;
      weights.set(values, at);
      at += values.length;
    }
  } catch {
    throw wrong;
  }
  return weights;
};

/**
 * @param {Float32Array} weights
 * @returns {Uint8Array<ArrayBuffer>}
 */
lenet5.writeNetwork = (weights) => {
  /** @type {Record<string, object>} */
  const header = {};
  let at = 0;
  for (const [name, shape] of Object.entries(lenet5.shapes)) {
    const bytes = 4 * shape.reduce((a, b) => a * b);
    header[name] = { dtype: "F32", shape, data_offsets: [at, at += bytes] };
  }
  let text = JSON.stringify(header);
  text = text.padEnd(Math.ceil(text.length / 8) * 8); // tensors start at a multiple of 8
  const file = new Uint8Array(8 + text.length + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(new TextEncoder().encode(text), 8);
  file.set(new Uint8Array(weights.buffer, weights.byteOffset, at), 8 + text.length);
  return file;
};
