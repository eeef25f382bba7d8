// @ts-check
// The training loop, in the order of lenet5/train.py.
var lenet5 = lenet5 || {};

/**
 * @typedef {InstanceType<typeof lenet5.Kernel>} Kernel
 * @typedef {{ epochs: number, batch_size: number, lr: number, seed: number }} Config
 * @typedef {{ epoch: number, train_loss: number, train_error: number, test_loss: number, test_error: number, weights: string }} Metrics
 * @typedef {{ epoch: number, step: number, steps: number, share: number }} Progress  share: of the epoch
 */

lenet5.train = (() => {
  const STEPS = 8; // steps a call of the kernel
  const AT_ONCE = 2000; // images a call that measures
  const COST = 3; // of training with an image, in images measured

  /**
   * The metrics of each epoch from `first` on; 0 stands before the first step.
   * @param {Kernel} kernel  in the state that epoch `first` - 1 ended in
   * @param {Split[]} splits  for training, for test
   * @param {Config} config
   * @param {number} first
   * @param {(progress: Progress) => Promise<void>} pause  between two calls of the kernel
   * @returns {AsyncGenerator<Metrics>}
   */
  async function* train(kernel, [forTraining, forTest], config, first, pause) {
    const images = forTraining.count, { batch_size, lr, seed } = config;
    const steps = Math.ceil(images / batch_size), at = { epoch: first, step: 0, steps };
    let done = 0, work = 0;
    kernel.reserve(batch_size, Math.max(AT_ONCE, Math.min(images, STEPS * batch_size)));

    /** @param {number} loss */
    const check = (loss) => {
      if (Number.isFinite(loss)) return 1;
      throw new Error(`the loss is ${loss} at epoch ${at.epoch}, after step ${at.step}: the learning rate is the likely cause; try one below ${lr}`);
    };

    /** @param {number} cost */
    const worked = (cost) => {
      done += cost;
      return pause({ ...at, share: done / work });
    };

    /** @param {Split} split */
    const measure = async (split) => {
      let sum = 0, mistakes = 0;
      for (let start = 0; start < split.count; start += AT_ONCE) {
        const count = Math.min(AT_ONCE, split.count - start);
        const part = kernel.measure(split, start, count, sum);
        sum = part.sum;
        check(sum);
        mistakes += part.mistakes;
        await worked(count);
      }
      return [sum / split.count, (100 * mistakes) / split.count];
    };

    for (let epoch = first; epoch <= config.epochs; epoch++) {
      const trained = epoch > 0 ? images : 0;
      Object.assign(at, { epoch, step: 0 });
      done = 0, work = COST * trained + images + forTest.count;
      const order = trained ? lenet5.randomNumbers.shuffle(seed, epoch, images) : new Uint32Array();
      for (let start = 0; start < trained; start += STEPS * batch_size) {
        const rows = order.subarray(start, start + STEPS * batch_size);
        for (const loss of kernel.steps(forTraining, rows, batch_size, lr)) at.step += check(loss);
        await worked(COST * rows.length);
      }
      const [train_loss, train_error] = await measure(forTraining);
      const [test_loss, test_error] = await measure(forTest);
      const weights = lenet5.sha256(kernel.bytes.subarray(24, 24 + 4 * kernel.size));
      yield { epoch, train_loss, train_error, test_loss, test_error, weights };
    }
  }

  return train;
})();
