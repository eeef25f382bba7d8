// @ts-check
// A training as the page has it: what it needs is loaded on the click, workers do the work.
var lenet5 = lenet5 || {};

lenet5.Training = (() => {
  const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const KERNEL = "kernel.wasm";
  const SCRIPTS = [
    "unpack.js", "network.js", "kernel.js", "sha256.js", "random_numbers.js", "data.js", "helper.js", "answers.js", "trial.js",
    "train.js", "worker.js",
  ];
  const DATA = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];

  /** What is missing for a training here, in words; empty if nothing is. */
  function missing() {
    if (!lenet5.Kernel.runsHere()) return "WebAssembly with 128-bit vectors (SIMD)";
    if (typeof DecompressionStream === "undefined") return "DecompressionStream, which unpacks the images";
    if (typeof Worker === "undefined") return "workers, in which a page computes";
    return "";
  }

  /**
   * Files of the book by name, in base64.
   * @param {string[]} names
   */
  async function load(names) {
    const texts = await Promise.all(names.map((name) => lenet5.later(name, HERE)));
    return Object.fromEntries(names.map((name, i) => [name, texts[i]]));
  }

  /**
   * The scripts of a worker, as one.
   * @param {Record<string, string>} files
   */
  function codeOf(files) {
    const scripts = SCRIPTS.map((name) => new TextDecoder().decode(lenet5.bytes(files[name])));
    return new Blob(scripts, { type: "text/javascript" });
  }

  // A site can forbid workers by a header. The browser tells the page so by an event of its own.
  let forbidden = false;
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
    if (/^(worker|child)-src/.test(effectiveDirective)) forbidden = true;
  });
  const FORBIDDEN = "this site's content policy refuses the page its workers: its header Content-Security-Policy needs worker-src blob:";

  /**
   * A worker that runs some code.
   * @param {Blob} code
   * @param {(word: Word) => void} hear
   * @param {(reason: string) => void} fail  is told why there is none
   */
  function open(code, hear, fail) {
    /** @param {string | undefined} reason */
    const refuse = (reason) => fail(forbidden ? FORBIDDEN : reason || "this browser refuses the page a worker");
    const address = URL.createObjectURL(code);
    try {
      const worker = new Worker(address);
      worker.onmessage = ({ data }) => hear(data);
      worker.onerror = ({ message }) => setTimeout(() => refuse(message)); // the event of the policy may come later
      return worker;
    } catch (error) {
      setTimeout(() => refuse(/** @type {Error} */ (error).message));
      return null;
    }
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
        const files = await load([KERNEL, ...DATA, ...SCRIPTS]);
        if (this.ended) return;
        const code = codeOf(files);
        this.worker = open(code, (word) => this.hear(word), (reason) => this.fail(reason));
        this.worker?.postMessage({ order: { ...task, files, code, workers } });
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

  /**
   * Have a network tried out: what an image costs on this device, or why that is not known.
   * @param {{ config: Config, imageShape: number[], classes: number }} network
   * @param {(word: Word) => void} hear
   * @returns {{ stop: () => void }}
   */
  function tryOut(network, hear) {
    /** @type {Worker | null} */
    let worker = null;
    let ended = false;
    const stop = () => {
      ended = true;
      worker?.terminate();
    };
    /** @param {Word} word */
    const end = (word) => {
      if (!ended) hear(word);
      stop();
    };
    /** @param {Record<string, string>} files */
    const begin = (files) => {
      if (ended) return;
      worker = open(codeOf(files), end, (failed) => end({ failed }));
      worker?.postMessage({ tried: { ...network, wasm: lenet5.bytes(files[KERNEL]) } });
    };
    load([KERNEL, ...SCRIPTS]).then(begin).catch((error) => end({ failed: error.message }));
    return { stop };
  }

  return Object.assign(Training, { missing, load, tryOut });
})();
