// @ts-check
// How many workers train together. They decide how long a training takes, and no byte of it.
var lenet5 = lenet5 || {};

lenet5.cores = (() => {
  const MOST = 8;
  // Each worker holds the gradients of all blocks of a batch; beyond so many bytes one worker trains
  // alone, which needs no such room.
  const MOST_BYTES = 64e6;
  // Where an image does not multiply with each weight so often, as between dense layers, handing
  // gradients about takes longer than computing them.
  const LEAST_USE = 2;

  /** The cores that the reader may choose from. */
  function available() {
    return Math.min(navigator.hardwareConcurrency || 1, MOST);
  }

  /** So many as there are gigabytes, where a browser says how many: each worker has its own copy of the images. */
  function atFirst() {
    const gigabytes = /** @type {any} */ (navigator).deviceMemory ?? MOST;
    return Math.max(1, Math.min(available(), Math.floor(gigabytes)));
  }

  /**
   * Let the reader choose.
   * @param {HTMLSelectElement} select
   */
  function offer(select) {
    for (let count = 1; count <= available(); count++) {
      const option = document.createElement("option");
      option.textContent = String(count);
      select.append(option);
    }
    select.value = String(atFirst());
  }

  /**
   * How many workers a training takes: each has a block of a batch at least, and work that is worth it.
   * @param {number} chosen
   * @param {Config} config
   * @param {Network} network
   */
  function use(chosen, config, network) {
    const blocks = Math.ceil(config.batch_size / lenet5.Kernel.BLOCK);
    if (4 * blocks * network.parameters > MOST_BYTES) return 1;
    if (network.multiplyAdds < LEAST_USE * network.parameters) return 1;
    return Math.min(chosen, blocks);
  }

  return { offer, use };
})();
