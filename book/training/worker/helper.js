// @ts-check
// A worker that helps the one that trains. They share no memory: what a helper needs is sent to it,
// and what it has computed is sent back. It decides how long a training takes, and no byte of it.
var lenet5 = lenet5 || {};

/**
 * What a helper is asked: to open its kernel; for the gradients of some images of a batch, in the
 * buffer that comes with it; or for the losses of some images of a split.
 * @typedef {{ wasm: Uint8Array<ArrayBuffer>, notation: string, activation: string, imageShape: number[], classes: number, splits: RawSplit[], batch: number, slice: number }} Opening
 * @typedef {{ rows: Uint32Array, batch: number, weights: ArrayBuffer, gradients: ArrayBuffer }} Share
 * @typedef {{ split: number, start: number, count: number, weights?: ArrayBuffer }} Slice
 * @typedef {{ open?: Opening, share?: Share, measure?: Slice }} Question
 * @typedef {{ failed?: string, losses?: Float64Array, mistakes?: number, weights?: ArrayBuffer, gradients?: ArrayBuffer }} Answer
 */

/** A helper as the worker sees it that trains. */
lenet5.Helper = class {
  /** @param {Blob} code  the scripts of a worker */
  constructor(code) {
    /** @type {{ resolve: (answer: any) => void, reject: (error: Error) => void }[]} who waits for an answer, the first one first */
    this.waiting = [];
    /** @type {{ weights: ArrayBuffer, gradients: ArrayBuffer } | null} they go to the helper and come back */
    this.buffers = null;
    this.worker = new Worker(URL.createObjectURL(code));
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = (event) => this.hear({ failed: event.message || "this browser ended a worker" });
  }

  /** @param {Answer} answer */
  hear(answer) {
    const next = this.waiting.shift();
    if (answer.failed) next?.reject(new Error(answer.failed));
    else next?.resolve(answer);
  }

  /**
   * @param {Question} question
   * @param {ArrayBuffer[]} given  what of it is handed over, and no longer here
   * @returns {Promise<any>}
   */
  ask(question, given = []) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.postMessage({ question }, given);
    });
  }

  /**
   * Have the gradients of some blocks of a batch computed; their losses.
   * @param {Kernel} kernel  with the weights; it gets the gradients
   * @param {Uint32Array} rows  the images of the blocks
   * @param {number} first  of the blocks, by its number in the batch
   * @param {number} batch  images in it
   */
  async gradients(kernel, rows, first, batch) {
    const blocks = Math.ceil(rows.length / lenet5.Kernel.BLOCK);
    const { weights, gradients } = this.buffersFor(kernel, blocks);
    new Float32Array(weights).set(kernel.weights);
    const share = { rows: rows.slice(), batch, weights, gradients };
    const answer = await this.ask({ share }, [weights, gradients]);
    this.buffers = answer;
    const place = kernel.gradientsOf(first, first + blocks);
    place.set(new Uint8Array(answer.gradients, 0, place.length));
    return answer.losses;
  }

  /**
   * @param {Kernel} kernel
   * @param {number} blocks
   */
  buffersFor(kernel, blocks) {
    const bytes = blocks * kernel.gradientBytes;
    const kept = this.buffers;
    if (kept && kept.gradients.byteLength >= bytes) return kept;
    return { weights: new ArrayBuffer(4 * kernel.size), gradients: new ArrayBuffer(bytes) };
  }
};

/** What a helper answers. */
lenet5.help = (() => {
  /** @type {Kernel} */
  let kernel;
  /** @type {Split[]} */
  let splits;

  /** @param {Opening} opening */
  async function open({ wasm, notation, activation, imageShape, classes, splits: raw, batch, slice }) {
    const network = new lenet5.Network(notation, activation, imageShape, classes);
    kernel = await lenet5.Kernel.load(wasm, network);
    splits = lenet5.data.put(kernel, raw);
    kernel.reserve(1, Math.max(batch, slice));
    kernel.reserveGradients(batch);
    return {};
  }

  /** @param {Share} share */
  function compute({ rows, batch, weights, gradients }) {
    const blocks = Math.ceil(rows.length / lenet5.Kernel.BLOCK);
    kernel.weights.set(new Float32Array(weights));
    const losses = kernel.blocks(splits[0], rows, batch);
    new Uint8Array(gradients).set(kernel.gradientsOf(0, blocks));
    return { losses, weights, gradients };
  }

  /** @param {Slice} slice */
  function measure({ split, start, count, weights }) {
    if (weights) kernel.weights.set(new Float32Array(weights));
    return kernel.measure(splits[split], start, count);
  }

  /**
   * Answer a question; what of the answer is handed over.
   * @param {Question} question
   * @returns {Promise<[Answer, ArrayBuffer[]]>}
   */
  async function answer({ open: opening, share, measure: slice }) {
    if (opening) return [await open(opening), []];
    if (slice) return [measure(slice), []];
    const computed = compute(/** @type {Share} */ (share));
    return [computed, [computed.weights, computed.gradients]];
  }

  return { answer };
})();
