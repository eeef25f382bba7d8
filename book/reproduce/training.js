// @ts-check
// A training as the page has it: what it needs is loaded on the click, workers do the work.
var lenet5 = lenet5 || {};

lenet5.Training = (() => {
  const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const KERNEL = "kernel.wasm";
  const SCRIPTS = [
    "unpack.js", "network.js", "kernel.js", "sha256.js", "random_numbers.js", "data.js", "helper.js", "train.js", "worker.js",
  ];
  const DATA = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];

  /** What is missing for a training here, in words; empty if nothing is. */
  function missing() {
    if (!lenet5.Kernel.runsHere()) return "WebAssembly with 128-bit vectors (SIMD)";
    if (typeof DecompressionStream === "undefined") return "DecompressionStream, which unpacks the images";
    if (typeof Worker === "undefined") return "workers, in which a page computes";
    return "";
  }

  /** The files that a training needs, by name, in base64. */
  async function loadFiles() {
    const names = [KERNEL, ...DATA, ...SCRIPTS];
    const texts = await Promise.all(names.map((name) => lenet5.later(name, HERE)));
    return Object.fromEntries(names.map((name, i) => [name, texts[i]]));
  }

  class Training {
    /** @param {(word: Word) => void} hear  is told what the worker says */
    constructor(hear) {
      this.hear = hear;
      /** @type {Worker | null} */
      this.worker = null;
      this.ended = this.waiting = false;
    }

    /**
     * @param {Task} task
     * @param {number} workers  one that trains, and its helpers
     */
    async start(task, workers) {
      try {
        const files = await loadFiles();
        if (this.ended) return;
        const scripts = SCRIPTS.map((name) => new TextDecoder().decode(lenet5.bytes(files[name])));
        const code = new Blob(scripts, { type: "text/javascript" });
        this.worker = new Worker(URL.createObjectURL(code));
        this.worker.onmessage = ({ data }) => this.hear(data);
        this.worker.onerror = (event) => this.fail(event.message || "this browser refuses the page a worker");
        this.worker.postMessage({ order: { ...task, files, code, workers } });
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
      this.worker?.terminate(); // and its helpers with it
    }
  }

  return Object.assign(Training, { missing });
})();
