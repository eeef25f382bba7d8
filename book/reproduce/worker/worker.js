// @ts-check
// The worker: trains when told, says how far it is, waits and goes on.
var lenet5 = lenet5 || {};

/**
 * @typedef {{ config: Config, files: Record<string, string>, data: string, state: string | null, first: number, pictures: Float32Array, often: boolean }} Order
 * @typedef {{ weights: Float32Array, probabilities: Float64Array }} Look
 * @typedef {{ failed?: string, progress?: Progress, metrics?: Metrics, state?: string, look?: Look }} Word
 */

(() => {
  const LOOK = 250; // milliseconds from one look at the weights to the next
  const { port1, port2 } = new MessageChannel();
  let waiting = Promise.resolve(), goOn = () => {};

  /** @param {Word} word */
  const say = (word) => postMessage(word);

  // Messages that have come are heard; a timer would wait longer.
  const listen = () => new Promise((heard) => {
    port1.onmessage = heard;
    port2.postMessage(null);
  });

  /** @param {Order} order */
  async function work({ config, files, data, state, first, pictures, often }) {
    const kernel = await lenet5.Kernel.load(lenet5.bytes(files["kernel.wasm"]));
    const splits = await lenet5.data.load(kernel, files, data);
    if (state) kernel.bytes.set(lenet5.bytes(state));
    else kernel.weights.set(lenet5.randomNumbers.initialWeights(config.seed));
    const look = () => ({ weights: kernel.weights.slice(), probabilities: kernel.read(pictures).probabilities });
    let looked = performance.now();
    say({ look: look() });
    const epochs = lenet5.train(kernel, splits, config, first, async (progress) => {
      const now = performance.now(), due = often && now - looked > LOOK;
      if (due) looked = now;
      say(due ? { progress, look: look() } : { progress });
      await listen();
      await waiting;
    });
    for await (const metrics of epochs) say({ metrics, state: lenet5.base64(kernel.bytes), look: look() });
  }

  /** @param {MessageEvent<{ order?: Order, wait?: boolean }>} event */
  self.onmessage = ({ data: { order, wait } }) => {
    if (order) work(order).catch((error) => say({ failed: error.message }));
    else if (wait) waiting = new Promise((resolve) => { goOn = resolve; });
    else goOn();
  };
})();
