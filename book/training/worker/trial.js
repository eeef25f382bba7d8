// @ts-check
// How long a network takes on this device: a few steps on made-up images.
var lenet5 = lenet5 || {};

/**
 * @typedef {{ wasm: Uint8Array<ArrayBuffer>, config: Config, imageShape: number[], classes: number }} Tried
 * @typedef {{ train: number, measure: number }} Cost  of an image, in seconds of one core
 */

lenet5.trial = (() => {
  const SECONDS = 0.3; // of each measurement, at least: a browser makes code fast while it runs
  const MOST_IMAGES = 128; // in a step

  /**
   * Seconds of a call: the shortest of several, if it is short.
   * @param {() => void} call
   */
  function time(call) {
    let best = Infinity;
    const start = performance.now();
    do {
      const before = performance.now();
      call();
      best = Math.min(best, performance.now() - before);
    } while (performance.now() - start < 1000 * SECONDS);
    return Math.max(best, 1e-3) / 1000;
  }

  /**
   * @param {Kernel} kernel
   * @param {number} count
   * @returns {Split}
   */
  function madeUp(kernel, count) {
    const { pixels, classes } = kernel.network;
    const images = Uint8Array.from({ length: count * pixels }, (_, i) => (i * 37) % 256);
    const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
    return { images: kernel.put(images), labels: kernel.put(labels), count };
  }

  /**
   * @param {Tried} tried
   * @returns {Promise<Cost>}
   */
  return async ({ wasm, config, imageShape, classes }) => {
    const network = new lenet5.Network(config.network, config.activation, imageShape, classes);
    const kernel = await lenet5.Kernel.load(wasm, network);
    const batch = Math.min(config.batch_size, MOST_IMAGES);
    const split = madeUp(kernel, batch);
    kernel.reserve(batch, batch);
    kernel.weights.set(lenet5.randomNumbers.initialWeights(config.seed, network));
    const rows = Uint32Array.from({ length: batch }, (_, i) => i);
    const measure = time(() => { kernel.measure(split, 0, batch); });
    const train = time(() => { kernel.steps(split, rows, batch, config.optimizer, 0); });
    return { train: train / batch, measure: measure / batch };
  };
})();
