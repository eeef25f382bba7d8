// @ts-check
// How fast a training goes, and whether the page was suspended meanwhile, as a phone does with what it
// does not show. The clock begins with the training, and again after each pause.
var lenet5 = lenet5 || {};

lenet5.Pace = class {
  // Seconds without a sign of life that make a suspension. While it is hidden a page's own clock may
  // tick once a minute only.
  static SHOWN = 20;
  static HIDDEN = 90;

  /** @type {number | null} when there was a sign of life, a tick or a word of the worker */
  heard = null;
  /** @type {{ time: number, at: number } | null} the last word of the worker, in seconds and in epochs */
  last = null;
  away = 0; // seconds of suspension since that word
  seconds = 0; // of training
  done = 0; // and the epochs done in them
  wasHidden = false;

  /** The time, in seconds. */
  get now() {
    return performance.now() / 1000;
  }

  /** Forget all: a training begins, waits or goes on. */
  begin() {
    this.heard = this.last = null;
    this.away = this.seconds = this.done = 0;
  }

  /** A sign of life; the seconds for which the page was suspended before it, or 0. */
  beat() {
    const { now } = this;
    const gap = this.heard === null ? 0 : now - this.heard;
    const isHidden = this.wasHidden || document.hidden;
    const { SHOWN, HIDDEN } = lenet5.Pace;
    this.heard = now;
    this.wasHidden = document.hidden;
    if (gap <= (isHidden ? HIDDEN : SHOWN)) return 0;
    this.away += gap;
    return gap;
  }

  /**
   * A word of the worker: so far it has come.
   * @param {number} at  in epochs
   */
  reach(at) {
    const time = this.now;
    if (this.last) {
      this.seconds += Math.max(0, time - this.last.time - this.away);
      this.done += at - this.last.at;
    }
    this.last = { time, at };
    this.away = 0;
  }

  /** Seconds an epoch; null while that cannot be said. */
  get perEpoch() {
    return this.seconds > 1 && this.done > 0 ? this.seconds / this.done : null;
  }
};
