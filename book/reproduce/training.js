// @ts-check
// A training as the page has it: what it needs is loaded on the click, a worker does the work.
var lenet5 = lenet5 || {};

lenet5.Training = (() => {
  const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const WORKER = ["unpack.js", "kernel.js", "safetensors.js", "random_numbers.js", "sha256.js", "data.js", "train.js", "worker.js"];
  const DATA = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];

  /** What is missing for a training here, in words; empty if nothing is. */
  function missing() {
    if (!lenet5.Kernel.runsHere()) return "WebAssembly with 128-bit vectors (SIMD)";
    if (typeof DecompressionStream === "undefined") return "DecompressionStream, which unpacks the images";
    if (typeof Worker === "undefined") return "workers, in which a page computes";
    return "";
  }

  class Training {
    /** @param {(word: Word) => void} hear  is told what the worker says */
    constructor(hear) {
      this.hear = hear;
      /** @type {Worker | null} */
      this.worker = null;
      this.ended = this.waiting = false;
    }

    /** @param {Omit<Order, "files">} order */
    async start(order) {
      try {
        const names = ["kernel.wasm", ...DATA, ...WORKER];
        const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await lenet5.later(name, HERE)])));
        if (this.ended) return;
        const code = WORKER.map((name) => new TextDecoder().decode(lenet5.bytes(files[name])));
        this.worker = new Worker(URL.createObjectURL(new Blob(code, { type: "text/javascript" })));
        this.worker.onmessage = ({ data }) => this.hear(data);
        this.worker.onerror = (event) => this.fail(event.message || "this browser refuses the page a worker");
        this.worker.postMessage({ order: { ...order, files } });
        if (this.waiting) this.pause(true); // asked for while the files were loaded
      } catch (error) {
        this.fail(/** @type {Error} */ (error).message);
      }
    }

    /** @param {string} reason */
    fail(reason) {
      if (!this.ended) this.hear({ failed: reason });
    }

    /** @param {boolean} wait  or go on */
    pause(wait) {
      this.waiting = wait;
      this.worker?.postMessage({ wait });
    }

    stop() {
      this.ended = true;
      this.worker?.terminate();
    }
  }

  return Object.assign(Training, { missing });
})();
