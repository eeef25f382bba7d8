// @ts-check
// networks/member/member.c and its memory: to a page what networks/member/reader.py is to Python.
var lenet5 = lenet5 || {};

/** @type {Record<string, number[]>} names and shapes of a member's parameters, in the order of networks/member/member.c */
lenet5.memberShapes = {
  "maps1.conv.weight": [16, 1, 3, 3], "maps1.conv.bias": [16],
  "maps2.conv.weight": [32, 16, 3, 3], "maps2.conv.bias": [32],
  "maps3.conv.weight": [48, 32, 3, 3], "maps3.conv.bias": [48],
  "maps4.conv.weight": [64, 48, 3, 3], "maps4.conv.bias": [64],
  "maps5.conv.weight": [96, 64, 3, 3], "maps5.conv.bias": [96],
  "output.weight": [10, 192], "output.bias": [10],
};

lenet5.Reader = class extends lenet5.Compiled {
  /** @param {string} base64  of the compiled C */
  static async load(base64) {
    return new this(await this.start(lenet5.unpack(base64, "member.wasm"), "member.wasm"));
  }

  /** @param {any} exports */
  constructor(exports) {
    super(exports);
    this.weights = this.allocate(4 * exports.member_weights());
    this.arena = this.allocate(exports.member_arena_bytes());
    this.image = this.allocate(29 * 29);
    this.shares = this.allocate(4 * 10);
  }

  /**
   * Make a network ready to read; its address. Fails if the file is of another one.
   * @param {Uint8Array<ArrayBuffer>} file
   */
  take(file) {
    const tensors = lenet5.safetensors.read(file);
    let at = this.weights;
    for (const [name, shape] of Object.entries(lenet5.memberShapes)) {
      const { dtype, shape: found, values } = tensors[name], size = shape.reduce((a, b) => a * b);
      if (dtype !== "F16" || String(found) !== String(shape) || values.length !== size) throw new Error(name);
      new Float32Array(this.memory, at, size).set(values);
      at += 4 * size;
    }
    const network = this.allocate(this.code.member_network_bytes());
    this.code.member_begin(this.weights, network);
    return network;
  }

  /**
   * A probability for each digit.
   * @param {number} network
   * @param {Uint8Array} framed  29×29, from 0 to 255
   * @returns {Float32Array}
   */
  read(network, framed) {
    new Uint8Array(this.memory, this.image, framed.length).set(framed);
    this.code.member_read(network, this.image, 1, this.shares, this.arena);
    return new Float32Array(this.memory, this.shares, 10).slice();
  }
};
