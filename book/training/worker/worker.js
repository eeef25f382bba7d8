// @ts-check
// The worker of the page: trains when told, says how far it is, waits and goes on. It has helpers of
// its own, on which the same scripts run.
var lenet5 = lenet5 || {};

/**
 * @typedef {{ config: Config, imageShape: number[], classes: number, data: string, state: string | null, first: number, pictures: Float32Array, often: boolean }} Task
 * @typedef {Task & { files: Record<string, string>, code: Blob, workers: number }} Order
 * @typedef {{ weights: Float32Array, probabilities: Float64Array }} Look
 * @typedef {{ failed?: string, diverged?: string, progress?: Progress, metrics?: Metrics, state?: string, look?: Look, answers?: Answers, cost?: Cost }} Word
 */

(() => {
  const LOOK = 250; // milliseconds from one look at the weights to the next
  const SAY = 40; // and from one word of the progress to the next
  const LOST = 50; // per cent of the test images: of a network that misreads more, it is told what it answers
  const { port1, port2 } = new MessageChannel();
  let waiting = Promise.resolve();
  let goOn = () => {};

  /** @param {Word} word */
  const say = (word) => postMessage(word);

  // Messages that have come are heard; a timer would wait longer.
  const listen = () => new Promise((heard) => {
    port1.onmessage = heard;
    port2.postMessage(null);
  });

  /**
   * The kernel in the state that a training begins with.
   * @param {Order} order
   */
  async function openKernel({ config, imageShape, classes, files, state }) {
    const network = new lenet5.Network(config.network, config.activation, imageShape, classes);
    const kernel = await lenet5.Kernel.load(lenet5.bytes(files["kernel.wasm"]), network);
    if (state) kernel.bytes.set(lenet5.bytes(state));
    else kernel.weights.set(lenet5.randomNumbers.initialWeights(config.seed, network));
    return kernel;
  }

  /**
   * Helpers that are ready, each with its own copy of the images.
   * @param {Order} order
   * @param {RawSplit[]} splits
   */
  async function openHelpers({ config, imageShape, classes, files, code, workers }, splits) {
    if (typeof Worker === "undefined") return []; // some browsers let no worker make others
    const helpers = Array.from({ length: workers - 1 }, () => new lenet5.Helper(code));
    await Promise.all(helpers.map((helper) => {
      const copy = lenet5.data.copy(splits);
      const open = {
        wasm: lenet5.bytes(files["kernel.wasm"]),
        notation: config.network,
        activation: config.activation,
        imageShape,
        classes,
        splits: copy,
        batch: lenet5.training.batchOf(config, copy[0].labels.length),
        slice: lenet5.training.SLICE,
      };
      return helper.ask({ open }, lenet5.data.buffers(copy));
    }));
    return helpers;
  }

  /**
   * Train, and tell the page of it. If the numbers are none any more, it is told what the network does then.
   * @param {Kernel} kernel
   * @param {Helper[]} helpers
   * @param {Split[]} splits
   * @param {Order} order
   */
  async function train(kernel, helpers, splits, { config, first, pictures, often }) {
    const look = () => ({ weights: kernel.weights.slice(), probabilities: kernel.read(pictures).probabilities });
    let looked = performance.now();
    let said = looked;
    say({ look: look() });
    const epochs = lenet5.training.train(kernel, helpers, splits, config, first, async (progress) => {
      const now = performance.now();
      const isDue = often && now - looked > LOOK;
      if (isDue) looked = now;
      if (isDue) say({ progress, look: look() });
      else if (now - said > SAY) say({ progress });
      if (now - said > SAY) said = now;
      await listen();
      await waiting;
    });
    const answers = () => lenet5.answers(kernel, splits[1]);
    try {
      for await (const metrics of epochs) {
        const lost = metrics.test_error > LOST ? answers() : undefined;
        say({ metrics, state: lenet5.base64(kernel.bytes), look: look(), answers: lost });
      }
    } catch (error) {
      if (!(error instanceof lenet5.training.Diverged)) throw error;
      say({ diverged: error.message, look: look(), answers: answers() });
    }
  }

  /** @param {Order} order */
  async function work(order) {
    const kernel = await openKernel(order);
    const raw = await lenet5.data.load(order.files, order.data);
    const helpers = await openHelpers(order, raw);
    await train(kernel, helpers, lenet5.data.put(kernel, raw), order);
  }

  /** @param {Question} question */
  async function answer(question) {
    const [answer, given] = await lenet5.help.answer(question);
    postMessage(answer, { transfer: given });
  }

  /** @param {Tried} tried */
  async function tryOut(tried) {
    say({ cost: await lenet5.trial(tried) });
  }

  /** @param {MessageEvent<{ order?: Order, question?: Question, tried?: Tried, wait?: boolean }>} event */
  self.onmessage = ({ data: { order, question, tried, wait } }) => {
    const asked = order ? work(order) : tried ? tryOut(tried) : question && answer(question);
    if (asked) asked.catch((error) => say({ failed: error.message }));
    else if (wait) waiting = new Promise((resolve) => { goOn = () => resolve(); });
    else goOn();
  };
})();
