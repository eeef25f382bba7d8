// @ts-check
// The training loop, in the order of lenet5/train.py. Helpers, if there are any, do their part of it.
var lenet5 = lenet5 || {};

/**
 * @typedef {InstanceType<typeof lenet5.Kernel>} Kernel
 * @typedef {InstanceType<typeof lenet5.Helper>} Helper
 * @typedef {{ network: string, activation: string, optimizer: string, epochs: number, batch_size: number, lr: number, schedule: string, seed: number }} Config
 * @typedef {{ epoch: number, train_loss: number, train_error: number, test_loss: number, test_error: number, weights: string }} Metrics
 * @typedef {{ epoch: number, step: number, steps: number, share: number, workers: number }} Progress  share: of the epoch
 * @typedef {{ losses: Float64Array, mistakes: number }} Measured  of some images
 */

lenet5.training = (() => {
  const STEPS = 8; // steps between two pauses
  const SLICE = 800; // images that a worker measures at once
  const COST = 3; // of training with an image, in images measured

  /**
   * The learning rate of an epoch, from 1: see lenet5/train.py.
   * @param {Config} config
   * @param {number} epoch
   */
  function learningRate({ lr, schedule, epochs }, epoch) {
    return schedule === "linear" ? (lr * (epochs - epoch + 1)) / epochs : lr;
  }

  /**
   * Which of `count` things in a row are a worker's: the first, and the one behind its last.
   * @param {number} worker  the one that trains is 0, and the helpers follow
   * @param {number} workers
   * @param {number} count
   */
  function part(worker, workers, count) {
    return [worker, worker + 1].map((n) => Math.floor((n * count) / workers));
  }

  /** A training that has run into numbers that are none. */
  class Diverged extends Error {}

  // ---------------------------------------------------------------- steps

  /**
   * Take the step of one batch, its blocks divided among all: the same gradients, added in the same
   * order. The batch's mean loss.
   * @param {Kernel} kernel
   * @param {Helper[]} helpers
   * @param {Split} split
   * @param {Uint32Array} rows
   * @param {string} optimizer
   * @param {number} rate
   */
  async function stepTogether(kernel, helpers, split, rows, optimizer, rate) {
    const { BLOCK } = lenet5.Kernel;
    const blocks = Math.ceil(rows.length / BLOCK);
    /** @type {(Float64Array | Promise<Float64Array>)[]} */
    const parts = [];
    helpers.forEach((helper, i) => {
      const [first, end] = part(i + 1, helpers.length + 1, blocks);
      if (end > first) parts.push(helper.gradients(kernel, rows.subarray(BLOCK * first, BLOCK * end), first, rows.length));
    });
    const [, own] = part(0, helpers.length + 1, blocks); // the first blocks of the batch
    parts.unshift(kernel.blocks(split, rows.subarray(0, BLOCK * own), rows.length));
    let loss = 0;
    for (const losses of await Promise.all(parts)) {
      for (const ofBlock of losses) loss += ofBlock;
    }
    kernel.step(blocks, optimizer, rate);
    return loss / rows.length;
  }

  /**
   * Take the steps of one epoch.
   * @param {Kernel} kernel
   * @param {Helper[]} helpers
   * @param {Split} split
   * @param {Config} config
   * @param {number} epoch
   * @param {(losses: ArrayLike<number>, images: number) => Promise<void>} taken  is told of some steps, and waited for
   */
  async function takeSteps(kernel, helpers, split, config, epoch, taken) {
    const { batch_size, optimizer, seed } = config;
    const rate = learningRate(config, epoch);
    const order = lenet5.randomNumbers.shuffle(seed, epoch, split.count);
    for (let start = 0; start < split.count; start += STEPS * batch_size) {
      const rows = order.subarray(start, start + STEPS * batch_size);
      if (!helpers.length) {
        await taken(kernel.steps(split, rows, batch_size, optimizer, rate), rows.length);
        continue;
      }
      const losses = [];
      for (let at = 0; at < rows.length; at += batch_size) {
        losses.push(await stepTogether(kernel, helpers, split, rows.subarray(at, at + batch_size), optimizer, rate));
      }
      await taken(losses, rows.length);
    }
  }

  // ---------------------------------------------------------------- measurements

  /**
   * The slices of a split. What is a helper's is asked at once.
   * @param {Kernel} kernel
   * @param {Helper[]} helpers
   * @param {number} split  its number
   * @param {number} images  in it
   */
  function slices(kernel, helpers, split, images) {
    const workers = helpers.length + 1;
    const starts = Array.from({ length: Math.ceil(images / SLICE) }, (_, i) => i * SLICE);
    return starts.map((start, i) => {
      const count = Math.min(SLICE, images - start);
      /** @type {Promise<Measured> | null} */
      let answer = null;
      if (i % workers > 0) {
        // The first time it learns the weights.
        const weights = i < workers ? kernel.weights.slice().buffer : undefined;
        answer = helpers[(i % workers) - 1].ask({ measure: { split, start, count, weights } }, weights ? [weights] : []);
      }
      return { start, count, answer };
    });
  }

  /**
   * Mean loss and error of a split. The losses of all slices are added image by image.
   * @param {Kernel} kernel
   * @param {Helper[]} helpers
   * @param {Split[]} splits
   * @param {number} split  its number
   * @param {(sum: number, images: number) => Promise<void>} measured  is told of a slice, and waited for
   */
  async function measure(kernel, helpers, splits, split, measured) {
    const images = splits[split].count;
    let sum = 0;
    let mistakes = 0;
    for (const { start, count, answer } of slices(kernel, helpers, split, images)) {
      /** @type {Measured} */
      const part = answer ? await answer : kernel.measure(splits[split], start, count);
      for (const loss of part.losses) sum += loss;
      mistakes += part.mistakes;
      await measured(sum, count);
    }
    return [sum / images, (100 * mistakes) / images];
  }

  // ---------------------------------------------------------------- epochs

  /**
   * Images of a batch.
   * @param {Config} config
   * @param {number} images
   */
  function batchOf({ batch_size }, images) {
    return Math.min(images, batch_size);
  }

  /**
   * Room for all calls of the kernel.
   * @param {Kernel} kernel
   * @param {Helper[]} helpers
   * @param {Config} config
   * @param {number} images
   */
  function reserve(kernel, helpers, config, images) {
    const batch = batchOf(config, images);
    kernel.reserve(batch, Math.max(SLICE, Math.min(images, STEPS * batch)));
    if (helpers.length) kernel.reserveGradients(batch);
  }

  /**
   * The metrics of each epoch from `first` on; 0 stands before the first step.
   * @param {Kernel} kernel  in the state that epoch `first` - 1 ended in
   * @param {Helper[]} helpers
   * @param {Split[]} splits  for training, for test
   * @param {Config} config
   * @param {number} first
   * @param {(progress: Progress) => Promise<void>} pause  between two calls of the kernel
   * @returns {AsyncGenerator<Metrics>}
   */
  async function* train(kernel, helpers, splits, config, first, pause) {
    const [forTraining, forTest] = splits;
    const images = forTraining.count;
    const at = { epoch: first, step: 0, steps: Math.ceil(images / config.batch_size), workers: helpers.length + 1 };
    let done = 0;
    let work = 0;
    reserve(kernel, helpers, config, images);

    /** @param {number} loss */
    const check = (loss) => {
      if (Number.isFinite(loss)) return;
      throw new Diverged(
        `the loss is ${loss} at epoch ${at.epoch}, after step ${at.step}: `
        + `the learning rate is the likely cause; try one below ${config.lr}`,
      );
    };

    /** @param {number} cost */
    const worked = (cost) => {
      done += cost;
      return pause({ ...at, share: done / work });
    };

    /**
     * @param {ArrayLike<number>} losses
     * @param {number} count
     */
    const taken = async (losses, count) => {
      for (const loss of Array.from(losses)) {
        check(loss);
        at.step++;
      }
      await worked(COST * count);
    };

    /**
     * @param {number} sum
     * @param {number} count
     */
    const measured = async (sum, count) => {
      check(sum);
      await worked(count);
    };

    for (let epoch = first; epoch <= config.epochs; epoch++) {
      Object.assign(at, { epoch, step: 0 });
      done = 0;
      work = (epoch > 0 ? COST * images : 0) + images + forTest.count;
      if (epoch > 0) await takeSteps(kernel, helpers, forTraining, config, epoch, taken);
      const [train_loss, train_error] = await measure(kernel, helpers, splits, 0, measured);
      const [test_loss, test_error] = await measure(kernel, helpers, splits, 1, measured);
      const { buffer, byteOffset, byteLength } = kernel.weights;
      const weights = lenet5.sha256(new Uint8Array(buffer, byteOffset, byteLength));
      yield { epoch, train_loss, train_error, test_loss, test_error, weights };
    }
  }

  return { Diverged, SLICE, batchOf, train };
})();
