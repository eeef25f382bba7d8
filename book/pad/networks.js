// @ts-check
// The networks that read: the published one, the reader's own from "Reproduce it here", or a file's.
var lenet5 = lenet5 || {};

lenet5.networks = (() => {
  const data = (/** @type {any} */ (window).appData ??= {});
  // What the pad makes of a drawing, and the answers that it has a bar for.
  const IMAGE_SHAPE = [1, 28, 28];
  const CLASSES = 10;

  /**
   * A kernel that reads with a network.
   * @param {TrainedNetwork} trained
   */
  async function kernelOf({ network, weights }) {
    const kernel = await lenet5.Kernel.load(lenet5.bytes(data["kernel.wasm"]), network);
    kernel.weights.set(weights);
    return kernel;
  }

  /** The kernel with the published network; fails in words. */
  async function open() {
    if (!lenet5.Kernel.runsHere()) throw new Error("this browser has no WebAssembly with 128-bit vectors (SIMD)");
    if (!data["kernel.wasm"]) throw new Error("this copy of the book was built without a compiler");
    return kernelOf(read(lenet5.bytes(data["model.safetensors"])));
  }

  /**
   * The network of a file, if it can read what the pad gives; fails in words.
   * @param {Uint8Array<ArrayBuffer>} file
   */
  function read(file) {
    const trained = lenet5.safetensors.readNetwork(file, IMAGE_SHAPE);
    const { notation, imageShape, classes } = trained.network;
    if (String(imageShape) !== String(IMAGE_SHAPE) || classes !== CLASSES) {
      throw new Error(
        `${notation} takes images of ${imageShape.join("×")} in ${classes} classes; `
        + `the pad gives ${IMAGE_SHAPE.join("×")} and has ${CLASSES} answers`,
      );
    }
    return trained;
  }

  /**
   * What the reader may choose from, by name. The published network is there from the start.
   * @param {Kernel} published
   * @param {HTMLElement} form
   * @param {(kernel: Kernel) => void} use  is called with the kernel that is chosen
   */
  function offer(published, form, use) {
    const words = /** @type {HTMLElement} */ (form.querySelector(".pad-network-said"));
    const [ours, yours] = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[type=radio]"));
    const file = /** @type {HTMLInputElement} */ (form.querySelector("[type=file]"));
    /** @type {Kernel | null} */
    let own = null;

    const choose = () => use(yours.checked && own ? own : published);

    /**
     * @param {Uint8Array<ArrayBuffer>} content
     * @param {string} name
     */
    async function take(content, name) {
      const trained = read(content);
      own = await kernelOf(trained);
      const isReport = trained.network.notation === lenet5.EARLIER.network;
      /** @type {HTMLElement} */ (form.querySelector(".pad-own-name")).textContent = isReport ? name : `${name}, ${trained.network.notation}`;
      /** @type {HTMLElement} */ (form.querySelector(".pad-own")).hidden = false;
    }

    async function takeKept() {
      const kept = lenet5.store.get("network");
      try {
        if (kept) {
          const { seed, epoch, test_error } = kept.about;
          await take(lenet5.bytes(kept.weights), `yours: seed ${seed}, epoch ${epoch}, error ${test_error.toFixed(2)} %`);
        }
      } catch {
        lenet5.store.remove("network"); // of another version, or damaged
      }
      if (location.hash !== "#yours") return;
      if (own) yours.checked = true;
      else words.textContent = "This browser hands nothing from page to page: save your network there, and open its file here.";
    }

    async function takeFile() {
      words.textContent = "";
      const chosen = file.files?.[0];
      if (!chosen) return;
      try {
        await take(new Uint8Array(await chosen.arrayBuffer()), chosen.name);
        yours.checked = true;
        choose();
      } catch (error) {
        words.textContent = `${chosen.name}: ${/** @type {Error} */ (error).message}.`;
      }
    }

    ours.addEventListener("change", choose);
    yours.addEventListener("change", choose);
    file.addEventListener("change", takeFile);
    takeKept().then(choose);
  }

  return { offer, open };
})();
