// @ts-check
// The network that reads: the published one, the reader's own from "Reproduce it here", or a file's.
var lenet5 = lenet5 || {};

lenet5.network = (() => {
  const data = (/** @type {any} */ (window).appData ??= {});

  /** The kernel with the published weights; fails in words. */
  async function open() {
    if (!lenet5.Kernel.runsHere()) throw new Error("this browser has no WebAssembly with 128-bit vectors (SIMD)");
    if (!data["kernel.wasm"]) throw new Error("this copy of the book was built without a compiler");
    const kernel = await lenet5.Kernel.load(lenet5.bytes(data["kernel.wasm"]));
    kernel.weights.set(lenet5.readNetwork(lenet5.bytes(data["model.safetensors"])));
    return kernel;
  }

  /**
   * Let the reader choose; `changed` is called when the kernel has other weights.
   * @param {Kernel} kernel
   * @param {HTMLElement} form
   * @param {() => void} changed
   */
  function offer(kernel, form, changed) {
    const published = kernel.weights.slice(), words = /** @type {HTMLElement} */ (form.querySelector(".pad-network-said"));
    const [ours, yours] = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[type=radio]"));
    const file = /** @type {HTMLInputElement} */ (form.querySelector("[type=file]"));
    /** @type {Float32Array | null} */
    let own = null;

    const use = () => {
      kernel.weights.set(yours.checked && own ? own : published);
      changed();
    };
    /**
     * @param {Uint8Array<ArrayBuffer>} content
     * @param {string} name
     */
    const take = (content, name) => {
      own = lenet5.readNetwork(content);
      /** @type {HTMLElement} */ (form.querySelector(".pad-own-name")).textContent = name;
      /** @type {HTMLElement} */ (form.querySelector(".pad-own")).hidden = false;
    };

    const kept = lenet5.store.get("network");
    try {
      if (kept) take(lenet5.bytes(kept.weights), `yours: seed ${kept.about.seed}, epoch ${kept.about.epoch}, error ${kept.about.test_error.toFixed(2)} %`);
    } catch {
      lenet5.store.remove("network"); // of another version, or damaged
    }
    if (location.hash === "#yours" && own) yours.checked = true;
    else if (location.hash === "#yours") words.textContent = "This browser hands nothing from page to page: save your network there, and open its file here.";
    ours.addEventListener("change", use);
    yours.addEventListener("change", use);
    file.addEventListener("change", async () => {
      words.textContent = "";
      const chosen = file.files?.[0];
      if (!chosen) return;
      try {
        take(new Uint8Array(await chosen.arrayBuffer()), chosen.name);
        yours.checked = true;
        use();
      } catch (error) {
        words.textContent = `${chosen.name}: ${/** @type {Error} */ (error).message}.`;
      }
    });
    use();
  }

  return { offer, open };
})();
