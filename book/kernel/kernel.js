// @ts-check
// The compiled kernel and its memory: to a page what exact/engine.py is to Python.
var lenet5 = lenet5 || {};

/**
 * @typedef {InstanceType<typeof lenet5.Stage>} Stage
 * @typedef {InstanceType<typeof lenet5.Network>} Network
 * @typedef {{ images: number, labels: number, count: number }} Split  addresses of uint8 and int32
 */

/** Compiled C in a page: its functions and its memory. */
lenet5.Compiled = class {
  /** Whether this browser has WebAssembly with vectors of 128 bits. */
  static runsHere() {
    const constant = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 22, 1, 20, 0, 253, 12, ...new Array(16).fill(0), 11];
    return typeof WebAssembly !== "undefined" && WebAssembly.validate(new Uint8Array(constant)); // a module that returns one
  }

  /** Why no compiled code runs here, in words; empty if it does. */
  static refusal() {
    if (!this.runsHere()) return "this browser has no WebAssembly with 128-bit vectors (SIMD)";
    try {
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)); // valid, and empty
    } catch {
      return "this site refuses WebAssembly: its Content-Security-Policy must allow script-src 'wasm-unsafe-eval'";
    }
    return "";
  }

  /**
   * What compiled C exports; fails in words.
   * @param {Uint8Array<ArrayBuffer>} wasm
   * @param {string} name  of the file that it is from
   * @returns {Promise<any>}
   */
  static async start(wasm, name) {
    const refusal = this.refusal();
    if (refusal) throw new Error(refusal);
    try {
      return (await WebAssembly.instantiate(wasm)).instance.exports;
    } catch {
      throw new Error(`the file with ${name} is missing or damaged`);
    }
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
    const at = Math.ceil(this.top / 64) * 64;
    const missing = at + bytes - this.memory.byteLength;
    if (missing > 0) this.grow(missing);
    this.top = at + bytes;
    return at;
  }

  /** @param {number} bytes */
  grow(bytes) {
    try {
      this.code.memory.grow(Math.ceil(bytes / 65536));
    } catch {
      const megabytes = Math.ceil((this.memory.byteLength + bytes) / 1e6);
      throw new Error(`this browser gives the page no ${megabytes} MB of memory: take a smaller network or smaller batches`);
    }
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

lenet5.Kernel = (() => {
  // The numbers by which the kernel knows activations and optimizers.
  /** @type {Record<string, number>} */
  const ACTIVATIONS = { none: 0, relu: 1, tanh: 2 };
  /** @type {Record<string, number>} */
  const OPTIMIZERS = { adam: 0, sgd: 1 };

  // In the kernel's State three rows of numbers follow Adam's two powers and the steps that were
  // taken: the weights, and the optimizer's two moments of each.
  const WEIGHTS = 24;

  /** The kernel, ready for one network. */
  class Kernel extends lenet5.Compiled {
    /** Images that share a gradient: BLOCK of exact/stages/plan.h. */
    static BLOCK = 16;

    /**
     * @param {Uint8Array<ArrayBuffer>} wasm
     * @param {Network} network
     */
    static async load(wasm, network) {
      return new Kernel(await Kernel.start(wasm, "kernel.wasm"), network);
    }

    /**
     * The numbers of the kernel's Shape of each stage: see exact/stages/plan.h.
     * @param {Network} network
     */
    static shapes({ stages }) {
      const rows = stages.map((stage, number) => [
        Number(stage.isConvolution),
        stage.channels,
        stage.height,
        stage.width,
        stage.outputs,
        stage.kernel,
        stage.pool,
        Number(stage.isAverage),
        ACTIVATIONS[stage.activation],
        Number(!stages[number + 1]?.isConvolution), // a dense layer is next, or none
      ]);
      return Int32Array.from(rows.flat());
    }

    /**
     * The bytes of a state: see `bytes`.
     * @param {Network} network
     */
    static stateBytes(network) {
      return WEIGHTS + 3 * 4 * network.parameters;
    }

    /**
     * The weights in a state.
     * @param {Uint8Array<ArrayBuffer>} state
     * @param {Network} network
     */
    static weightsOf(state, network) {
      return new Float32Array(state.buffer, state.byteOffset + WEIGHTS, network.parameters);
    }

    /**
     * @param {any} exports
     * @param {Network} network
     */
    constructor(exports, network) {
      super(exports);
      this.network = network;
      this.size = network.parameters;
      this.plan = this.allocate(exports.network_plan_bytes());
      exports.network_plan(this.plan, this.put(Kernel.shapes(network)), network.stages.length);
      this.state = this.allocate(Kernel.stateBytes(network));
      this.weightsAt = this.state + WEIGHTS;
      this.arena = this.order = this.losses = this.sum = 0; // see `reserve`
      this.gradients = 0; // see `reserveGradients`
      new Float64Array(this.memory, this.state, 2).fill(1);
    }

    /** A view of all weights, one after the other; a new one after every call that may allocate. */
    get weights() {
      return new Float32Array(this.memory, this.weightsAt, this.size);
    }

    /** All that decides the rest of a run, besides the order of the images: a view, as `weights` is. */
    get bytes() {
      return new Uint8Array(this.memory, this.state, Kernel.stateBytes(this.network));
    }

    /**
     * Room for the calls of `steps` and `measure`.
     * @param {number} batch
     * @param {number} count  images in a call, at most
     */
    reserve(batch, count) {
      this.arena = this.allocate(this.code.network_arena_bytes(this.plan, batch, 1) >>> 0);
      this.order = this.allocate(4 * count);
      this.losses = this.allocate(8 * count);
      this.sum = this.allocate(8);
    }

    /**
     * Room for the gradients of some images.
     * @param {number} images
     */
    reserveGradients(images) {
      this.gradients = this.allocate(Math.ceil(images / Kernel.BLOCK) * this.gradientBytes);
    }

    /** Bytes of the gradients of a block. */
    get gradientBytes() {
      return 4 * this.size;
    }

    /**
     * Name the images of the calls that follow.
     * @param {Uint32Array} rows
     */
    setOrder(rows) {
      new Uint32Array(this.memory, this.order, rows.length).set(rows);
    }

    /**
     * Take a step for each batch of some images, in order; their mean losses.
     * @param {Split} split
     * @param {Uint32Array} rows
     * @param {number} batch
     * @param {string} optimizer
     * @param {number} rate
     */
    steps(split, rows, batch, optimizer, rate) {
      this.setOrder(rows);
      this.code.network_train(
        this.plan, this.state, this.arena, split.images, 0, split.labels, this.order, rows.length, batch,
        OPTIMIZERS[optimizer], rate, this.losses, 1,
      );
      return new Float64Array(this.memory, this.losses, Math.ceil(rows.length / batch)).slice();
    }

    /**
     * Compute the gradients of some images of a batch, block by block; the loss of each block.
     * @param {Split} split
     * @param {Uint32Array} rows
     * @param {number} batch  images in the whole batch
     */
    blocks(split, rows, batch) {
      this.setOrder(rows);
      const losses = new Float64Array(Math.ceil(rows.length / Kernel.BLOCK));
      for (let block = 0; block < losses.length; block++) {
        const first = block * Kernel.BLOCK;
        const count = Math.min(Kernel.BLOCK, rows.length - first);
        const gradient = this.gradients + block * this.gradientBytes;
        losses[block] = this.code.network_block(
          this.plan, this.state, this.arena, split.images, 0, split.labels, this.order + 4 * first, count, batch, gradient,
        );
      }
      return losses;
    }

    /**
     * The gradients of some blocks, as bytes: a view, as `weights` is.
     * @param {number} first
     * @param {number} end
     */
    gradientsOf(first, end) {
      const { gradientBytes } = this;
      return new Uint8Array(this.memory, this.gradients + first * gradientBytes, (end - first) * gradientBytes);
    }

    /**
     * Take the step of a batch, by the gradients of all its blocks.
     * @param {number} blocks
     * @param {string} optimizer
     * @param {number} rate
     */
    step(blocks, optimizer, rate) {
      this.code.network_step(this.plan, this.state, this.arena, this.gradients, blocks, OPTIMIZERS[optimizer], rate);
    }

    /**
     * The loss of each of some images, and how many are taken for another class.
     * @param {Split} split
     * @param {number} start
     * @param {number} count
     */
    measure(split, start, count) {
      const images = split.images + this.network.pixels * start;
      const labels = split.labels + 4 * start;
      const mistakes = this.code.network_outputs(
        this.plan, this.weightsAt, this.arena, images, 0, labels, count, 0, this.losses, this.sum, 1,
      );
      return { losses: new Float64Array(this.memory, this.losses, count).slice(), mistakes };
    }

    /**
     * Logits and probabilities of images, one a class each.
     * @param {Float32Array} pixels  in [0, 1]
     */
    read(pixels) {
      const { code, network, plan, top } = this;
      const count = pixels.length / network.pixels;
      const numbers = network.classes * count;
      const arena = this.allocate(code.network_arena_bytes(plan, 1, 1) >>> 0);
      const images = this.put(pixels);
      const logits = this.allocate(4 * numbers);
      const shares = this.allocate(8 * numbers);
      code.network_outputs(plan, this.weightsAt, arena, images, 1, 0, count, logits, 0, 0, 1);
      code.network_probabilities(plan, logits, count, shares);
      this.top = top;
      return {
        logits: new Float32Array(this.memory, logits, numbers).slice(),
        probabilities: new Float64Array(this.memory, shares, numbers).slice(),
      };
    }

    /**
     * What each layer makes of one image, by the layer's name, in the order of the layers.
     * @param {Float32Array} pixels  in [0, 1]
     * @returns {Record<string, Float32Array>}
     */
    activations(pixels) {
      const { code, network, plan, top } = this;
      const arena = this.allocate(code.network_plain_bytes(plan) >>> 0);
      const image = this.put(pixels);
      const found = this.allocate(4 * network.values);
      code.network_layers(plan, this.weightsAt, arena, image, 1, found);
      this.top = top;
      /** @type {Record<string, Float32Array>} */
      const layers = {};
      let start = found;
      for (const { name, kind, shape } of network.layers) {
        if (kind === "flatten") continue; // it makes nothing new
        const count = shape.reduce((a, b) => a * b, 1);
        layers[name] = new Float32Array(this.memory, start, count).slice();
        start += 4 * count;
      }
      return layers;
    }
  }

  return Kernel;
})();
