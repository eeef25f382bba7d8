// @ts-check
// How long a training will take on this device: by a short trial, or by what a training has taken.
var lenet5 = lenet5 || {};

/** @typedef {{ config: Config, workers: number, perEpoch: number, multiplyAdds: number }} Pacemaker  a training and its seconds an epoch */

lenet5.Estimate = (() => {
  const PAUSE = 400; // milliseconds in which the reader has made no other choice
  const FIRST = lenet5.Pace.MEASURING; // of an epoch's time: epoch 0 is measured alone

  /**
   * What decides how long an epoch takes, besides the workers.
   * @param {Config} config
   */
  const keyOf = ({ network, activation, optimizer, batch_size }) => [network, activation, optimizer, batch_size].join(" ");

  /**
   * Seconds of an epoch on one core.
   * @param {Cost} cost
   * @param {number[]} images  for training, for test
   */
  function epochOf({ train, measure }, [forTraining, forTest]) {
    return forTraining * train + (forTraining + forTest) * measure;
  }

  class Estimate {
    /**
     * @param {Book} book
     * @param {HTMLElement} place  where it is said
     */
    constructor(book, place) {
      this.book = book;
      this.place = place;
      /** @type {Map<string, Cost>} what has been tried */
      this.costs = new Map();
      /** @type {Pacemaker | null} the last training that has been timed */
      this.pacemaker = null;
      this.isTraining = false;
      this.timer = 0;
      /** @type {{ stop: () => void } | null} */
      this.trial = null;
    }

    /**
     * Say how long a choice would take; try it out where that is not known.
     * @param {Config} config
     * @param {Network} network
     * @param {number} workers
     */
    ask(config, network, workers) {
      clearTimeout(this.timer);
      this.trial?.stop();
      this.trial = null;
      const known = this.known(config, network, workers);
      this.place.textContent = known || "How long it takes here is being tried …";
      if (known) return;
      this.timer = setTimeout(() => {
        const { imageShape, classes } = this.book;
        this.trial = lenet5.Training.tryOut({ config, imageShape, classes }, ({ cost, failed }) => {
          if (cost) this.costs.set(keyOf(config), cost);
          this.place.textContent = cost ? this.known(config, network, workers) : `How long it takes here cannot be tried: ${failed}.`;
        });
      }, PAUSE);
    }

    /**
     * What can be said at once; empty if nothing can.
     * @param {Config} config
     * @param {Network} network
     * @param {number} workers
     */
    known(config, network, workers) {
      const { sentences } = lenet5;
      const { pacemaker } = this;
      const epochs = FIRST + config.epochs;
      if (pacemaker && pacemaker.workers === workers && keyOf(pacemaker.config) === keyOf(config)) {
        return sentences.duration(pacemaker.perEpoch, epochs, workers, "as your training has shown");
      }
      if (this.isTraining) { // a trial beside it would be slow, and slow it down
        if (!pacemaker) return "How long it takes here can be tried when the training is over.";
        const seconds = (pacemaker.perEpoch * network.multiplyAdds) / pacemaker.multiplyAdds;
        const how = "an estimate, by the multiply-adds and the training at hand";
        return sentences.duration(seconds, epochs, pacemaker.workers, how);
      }
      const cost = this.costs.get(keyOf(config));
      if (!cost) return "";
      const seconds = epochOf(cost, this.book.images);
      const words = sentences.duration(seconds, epochs, 1, "an estimate, by a short trial");
      return workers === 1 ? words : `${words} ${sentences.shared((seconds * epochs) / workers, workers)}`;
    }
  }

  return Estimate;
})();
