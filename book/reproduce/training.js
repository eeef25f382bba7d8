// @ts-check
// A training as the page has it: what it needs is loaded on the click, a worker does the work.
var lenet5 = lenet5 || {};

lenet5.Training = (() => {
  const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const WORKER = ["unpack.js", "kernel.js", "safetensors.js", "draws.js", "sha256.js", "data.js", "train.js", "worker.js"];
  const DATA = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];

  /** @returns {Record<string, string>} */
  const loaded = () => (/** @type {any} */ (window).appData ??= {});

  /**
   * A file of the book, in base64. It comes as a script, since a page from a file may not fetch.
   * @param {string} name
   * @returns {Promise<string>}
   */
  async function file(name) {
    const script = document.createElement("script");
    script.src = new URL(`${name}.js`, HERE).href;
    await new Promise((done) => {
      script.onload = script.onerror = done;
      document.head.append(script);
    });
    script.remove();
    if (loaded()[name]) return loaded()[name];
    const built = name === "kernel.wasm" ? ": this copy of the book was built without a compiler" : "";
    throw new Error(`the file with ${name} is missing or damaged${built}`);
  }

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
      this.ended = false;
    }

    /** @param {Omit<Order, "files">} order */
    async start(order) {
      try {
        const names = ["kernel.wasm", ...DATA, ...WORKER];
        const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await file(name)])));
        if (this.ended) return;
        const code = WORKER.map((name) => new TextDecoder().decode(lenet5.bytes(files[name])));
        this.worker = new Worker(URL.createObjectURL(new Blob(code, { type: "text/javascript" })));
        this.worker.onmessage = ({ data }) => this.hear(data);
        this.worker.onerror = (event) => this.fail(event.message || "this browser refuses the page a worker");
        this.worker.postMessage({ order: { ...order, files } });
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
      this.worker?.postMessage({ wait });
    }

    stop() {
      this.ended = true;
      this.worker?.terminate();
    }
  }

  return Object.assign(Training, { missing });
})();
