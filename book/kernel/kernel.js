// @ts-check
// The compiled kernel and its memory: to a page what exact/engine.py is to Python.
var lenet5 = lenet5 || {};

/** @typedef {{ images: number, labels: number, count: number }} Split  addresses of uint8 and int32 */

/** Compiled C in a page: its functions and its memory. */
lenet5.Compiled = class {
  /** Whether this browser has WebAssembly with vectors of 128 bits. */
  static runsHere() {
    const constant = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 22, 1, 20, 0, 253, 12, ...new Array(16).fill(0), 11];
    return typeof WebAssembly !== "undefined" && WebAssembly.validate(new Uint8Array(constant)); // a module that returns one
  }

  /** @param {any} exports */
  constructor(exports) {
    this.code = exports;
    this.top = exports.__heap_base.value;
  }

  get memory() {
    return /** @type {ArrayBuffer} */ (this.code.memory.buffer);
  }

  /**
   * Room that is never given back. Growing makes earlier views of the memory useless.
   * @param {number} bytes
   */
  allocate(bytes) {
    const at = (this.top + 63) & ~63;
    this.top = at + bytes;
    const missing = this.top - this.memory.byteLength;
    if (missing > 0) this.code.memory.grow(Math.ceil(missing / 65536));
    return at;
  }

  /**
   * Put bytes into the memory for good.
   * @param {ArrayBufferView} array
   */
  put(array) {
    const at = this.allocate(array.byteLength);
    new Uint8Array(this.memory).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    return at;
  }
};

lenet5.Kernel = class extends lenet5.Compiled {
  /** @param {Uint8Array<ArrayBuffer>} wasm */
  static async load(wasm) {
    return new this((await WebAssembly.instantiate(wasm)).instance.exports);
  }

  /** @param {any} exports */
  constructor(exports) {
    super(exports);
    this.size = exports.lenet_weights();
    this.state = this.allocate(exports.lenet_state_bytes());
    this.weightsAt = this.state + 24; // after Adam's two powers and its steps
    this.arena = this.order = this.losses = this.sum = 0; // see `reserve`
    new Float64Array(this.memory, this.state, 2).fill(1);
  }

  /** A view of all weights, one after the other; a new one after every call that may allocate. */
  get weights() {
    return new Float32Array(this.memory, this.weightsAt, this.size);
  }

  /** All that decides the rest of a run, besides the order of the images: a view, as `weights` is. */
  get bytes() {
    return new Uint8Array(this.memory, this.state, this.code.lenet_state_bytes());
  }

  /**
   * Room for the calls of `steps` and `measure`.
   * @param {number} batch
   * @param {number} count  images in a call, at most
   */
  reserve(batch, count) {
    this.arena = this.allocate(this.code.lenet_arena_bytes(batch, 1));
    this.order = this.allocate(4 * count);
    this.losses = this.allocate(8 * count);
    this.sum = this.allocate(8);
  }

  /**
   * Take a step for each batch of some images, in order; their mean losses.
   * @param {Split} split
   * @param {Uint32Array} rows
   * @param {number} batch
   * @param {number} rate
   */
  steps(split, rows, batch, rate) {
    new Uint32Array(this.memory, this.order, rows.length).set(rows);
    this.code.lenet_train(this.state, this.arena, split.images, 0, split.labels, this.order, rows.length, batch, rate, this.losses, 1);
    return new Float64Array(this.memory, this.losses, Math.ceil(rows.length / batch)).slice();
  }

  /**
   * The sum of the losses of images from `start` on, added to `sum` in their order, and the mistakes.
   * @param {Split} split
   * @param {number} start
   * @param {number} count
   * @param {number} sum
   */
  measure(split, start, count, sum) {
    const total = new Float64Array(this.memory, this.sum, 1);
    total[0] = sum;
    const mistakes = this.code.lenet_outputs(this.weightsAt, this.arena, split.images + 784 * start, 0, split.labels + 4 * start, count, 0, this.losses, this.sum, 1);
    return { sum: total[0], mistakes };
  }

  /**
   * Logits and probabilities of images, ten each.
   * @param {Float32Array} pixels  784 an image, in [0, 1]
   */
  read(pixels) {
    const count = pixels.length / 784, top = this.top;
    const arena = this.allocate(this.code.lenet_arena_bytes(1, 1));
    const images = this.put(pixels), logits = this.allocate(40 * count), shares = this.allocate(80 * count);
    this.code.lenet_outputs(this.weightsAt, arena, images, 1, 0, count, logits, 0, 0, 1);
    this.code.lenet_probabilities(logits, count, shares);
    this.top = top;
    return {
      logits: new Float32Array(this.memory, logits, 10 * count).slice(),
      probabilities: new Float64Array(this.memory, shares, 10 * count).slice(),
    };
  }
};
