// @ts-check
// The networks of the exact engine that read: ours, the reader's own, or a file's.
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

  /** The kernel with our network; fails in words. */
  async function open() {
    const refusal = lenet5.Compiled.refusal();
    if (refusal) throw new Error(refusal);
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
   * Take the network that the browser keeps of another page, and those of files.
   * @param {HTMLElement} box
   * @param {InstanceType<typeof lenet5.readers.Readers>} readers
   */
  function offer(box, readers) {
    const words = /** @type {HTMLElement} */ (box.querySelector(".pad-network-said"));
    const file = /** @type {HTMLInputElement} */ (box.querySelector("[type=file]"));

    /**
     * @param {Uint8Array<ArrayBuffer>} content
     * @param {string} name
     * @param {boolean} isChosen
     */
    async function take(content, name, isChosen) {
      const trained = read(content);
      const { notation } = trained.network;
      const isReport = notation === lenet5.EARLIER.network;
      readers.add(await kernelOf(trained), isReport ? name : `${name}, ${notation}`, isChosen);
    }

    async function takeKept() {
      const kept = lenet5.store.get("network"), isAsked = location.hash === "#yours";
      try {
        if (kept) {
          const { seed, epoch, test_error } = kept.about;
          const name = `yours: seed ${seed}, epoch ${epoch}, error ${test_error.toFixed(2)} %`;
          await take(lenet5.bytes(kept.weights), name, isAsked);
          return;
        }
      } catch {
        lenet5.store.remove("network"); // of another version, or damaged
      }
      if (!isAsked) return;
      words.textContent = "This browser hands nothing from page to page: save your network there, and open its file here.";
    }

    async function takeFile() {
      words.textContent = "";
      const chosen = file.files?.[0];
      if (!chosen) return;
      try {
        await take(new Uint8Array(await chosen.arrayBuffer()), chosen.name, true);
      } catch (error) {
        words.textContent = `${chosen.name}: ${/** @type {Error} */ (error).message}.`;
      }
    }

    file.addEventListener("change", takeFile);
    takeKept();
  }

  return { offer, open };
})();
