// @ts-check
// The file of a network: safetensors, as lenet5/files.py reads and writes it, to the same bytes.
// Its form: the header's length in 8 bytes, the header in JSON, then the tensors.
var lenet5 = lenet5 || {};

/**
 * @typedef {{ dtype: string, shape: number[], data_offsets: [number, number] }} Entry  of the header
 * @typedef {{ dtype: string, shape: number[], values: Float32Array }} Tensor
 * @typedef {{ network: Network, weights: Float32Array }} TrainedNetwork  all weights, one after the other
 */

lenet5.safetensors = (() => {
  const SEALED = "lenet5"; // the one entry of the metadata: a checksum, and then what is said
  const DIGEST = 64; // hexadecimal digits of a SHA-256

  /**
   * Header and tensors of a file.
   * @param {Uint8Array<ArrayBuffer>} file
   */
  function split(file) {
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const start = 8 + Number(view.getBigUint64(0, true));
    const { __metadata__: metadata, ...entries } = JSON.parse(new TextDecoder().decode(file.subarray(8, start)));
    return {
      metadata: /** @type {Record<string, string>} */ (metadata ?? {}),
      entries: /** @type {Record<string, Entry>} */ (entries),
      data: file.slice(start), // a copy, since numbers of 4 bytes begin at a multiple of 4
    };
  }

  /**
   * A number of 2 bytes.
   * @param {number} bits
   */
  function half(bits) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
    return bits >> 15 ? -size : size;
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} data
   * @param {Entry} entry
   */
  function valuesOf(data, { dtype, data_offsets: [start, end] }) {
    const bytes = data.slice(start, end);
    if (dtype === "F32") return new Float32Array(bytes.buffer);
    if (dtype === "F16") return Float32Array.from(new Uint16Array(bytes.buffer), half);
    throw new Error(`there are no numbers of type ${dtype} here`);
  }

  /**
   * The tensors of a file, of 4 or of 2 bytes a number.
   * @param {Uint8Array<ArrayBuffer>} file
   * @returns {Record<string, Tensor>}
   */
  function read(file) {
    const { entries, data } = split(file);
    /** @type {Record<string, Tensor>} */
    const tensors = {};
    for (const [name, entry] of Object.entries(entries)) {
      tensors[name] = { dtype: entry.dtype, shape: entry.shape, values: valuesOf(data, entry) };
    }
    return tensors;
  }

  /**
   * The checksum of what a file holds.
   * @param {string[]} names  of the tensors, in the order of their letters
   * @param {Uint8Array[]} tensors  their bytes
   * @param {string} text  what is said of them
   */
  function checksum(names, tensors, text) {
    const list = names.map((name) => `'${name}'`).join(", ");
    return lenet5.sha256(`${lenet5.sha256(...tensors)} [${list}] ${text}`);
  }

  /**
   * What a network's file says of it, as Python writes JSON. Of what files had that are older than
   * the notation it says nothing.
   * @param {Network} network
   */
  function describe({ notation, activation, imageShape }) {
    const lines = [`"image_shape": [${imageShape.join(", ")}]`];
    if (notation !== lenet5.EARLIER.network) lines.push(`"network": "${notation}"`);
    if (activation !== lenet5.EARLIER.activation) lines.push(`"activation": "${activation}"`);
    return `{${lines.join(", ")}}`;
  }

  /**
   * The network that a file names. Its classes are the biases of its last layer.
   * @param {Record<string, string>} metadata
   * @param {Record<string, Entry>} entries
   * @param {number[]} imageShape  where the file names none
   */
  function networkOf(metadata, entries, imageShape) {
    const said = SEALED in metadata ? JSON.parse(metadata[SEALED].slice(DIGEST)) : {};
    const biases = Object.keys(entries).filter((name) => /^dense\d+\.bias$/.test(name));
    const numbers = biases.map((name) => Number(name.replace(/\D/g, "")));
    const last = `dense${Math.max(...numbers)}.bias`;
    return new lenet5.Network(
      said.network ?? lenet5.EARLIER.network,
      said.activation ?? lenet5.EARLIER.activation,
      said.image_shape ?? imageShape,
      entries[last].shape[0],
    );
  }

  /**
   * @param {Network} network
   * @param {Record<string, Entry>} entries
   * @param {Uint8Array<ArrayBuffer>} data
   */
  function weightsOf(network, entries, data) {
    const weights = new Float32Array(network.parameters);
    let at = 0;
    for (const [name, shape] of Object.entries(network.parameterShapes)) {
      const entry = entries[name];
      const values = valuesOf(data, entry);
      const size = shape.reduce((a, b) => a * b);
      if (entry.dtype !== "F32" || String(entry.shape) !== String(shape) || values.length !== size) throw new Error(name);
      weights.set(values, at);
      at += size;
    }
    if (Object.keys(entries).length !== Object.keys(network.parameterShapes).length) throw new Error("more tensors");
    return weights;
  }

  /**
   * @param {Record<string, string>} metadata
   * @param {Record<string, Entry>} entries
   * @param {Uint8Array<ArrayBuffer>} data
   */
  function isDamaged(metadata, entries, data) {
    if (!(SEALED in metadata)) return false; // a file from elsewhere
    const names = Object.keys(entries).sort();
    const tensors = names.map((name) => data.subarray(...entries[name].data_offsets));
    const sealed = metadata[SEALED];
    return sealed.slice(0, DIGEST) !== checksum(names, tensors, sealed.slice(DIGEST));
  }

  /**
   * The network of a file and its weights; fails in words.
   * @param {Uint8Array<ArrayBuffer>} file
   * @param {number[]} imageShape  where the file names none
   * @returns {TrainedNetwork}
   */
  function readNetwork(file, imageShape) {
    let damaged = false;
    try {
      const { metadata, entries, data } = split(file);
      const network = networkOf(metadata, entries, imageShape);
      const weights = weightsOf(network, entries, data);
      damaged = isDamaged(metadata, entries, data);
      if (!damaged) return { network, weights };
    } catch {
      // told below
    }
    if (damaged) throw new Error("the file is damaged: its checksum is not that of its content");
    throw new Error("this is no network of this project: a .safetensors file that it has written, with all parameters of a network");
  }

  /**
   * The bytes of each parameter, by name.
   * @param {TrainedNetwork} trained
   */
  function tensorsOf({ network, weights }) {
    /** @type {Map<string, Uint8Array>} */
    const tensors = new Map();
    let at = weights.byteOffset;
    for (const [name, shape] of Object.entries(network.parameterShapes)) {
      const bytes = 4 * shape.reduce((a, b) => a * b);
      tensors.set(name, new Uint8Array(weights.buffer, at, bytes));
      at += bytes;
    }
    return tensors;
  }

  /**
   * The file of a network: the tensors in the order of their names, as Python has them.
   * @param {Network} network
   * @param {Float32Array} weights
   * @returns {Uint8Array<ArrayBuffer>}
   */
  function writeNetwork(network, weights) {
    const tensors = tensorsOf({ network, weights });
    const names = [...tensors.keys()].sort();
    const parts = names.map((name) => /** @type {Uint8Array} */ (tensors.get(name)));
    const text = describe(network);
    /** @type {Record<string, object>} */
    const header = { __metadata__: { [SEALED]: checksum(names, parts, text) + text } };
    let size = 0;
    names.forEach((name, i) => {
      const end = size + parts[i].length;
      header[name] = { dtype: "F32", shape: network.parameterShapes[name], data_offsets: [size, end] };
      size = end;
    });
    return join(JSON.stringify(header), parts, size);
  }

  /**
   * @param {string} header
   * @param {Uint8Array[]} parts
   * @param {number} size  of all parts, in bytes
   */
  function join(header, parts, size) {
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8); // tensors start at a multiple of 8
    const file = new Uint8Array(8 + padded.length + size);
    new DataView(file.buffer).setBigUint64(0, BigInt(padded.length), true);
    file.set(new TextEncoder().encode(padded), 8);
    let at = 8 + padded.length;
    for (const part of parts) {
      file.set(part, at);
      at += part.length;
    }
    return file;
  }

  return { read, readNetwork, writeNetwork };
})();
