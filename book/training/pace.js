// @ts-check
// How fast a training goes, and whether the page was suspended meanwhile, as a phone does with what it
// does not show. The clock begins with the training, and again after each pause.
var lenet5 = lenet5 || {};

lenet5.Pace = class {
  // Seconds without a sign of life that make a suspension. While it is hidden a page's own clock may
  // tick once a minute only.
  static SHOWN = 20;
  static HIDDEN = 90;
  // Of the pace, the median of some stretches just past: what else the device does for a moment changes it little.
  static STRETCH = 0.25; // seconds of a stretch, at least
  static STRETCHES = 25;
  static KNOWN = 1; // seconds after which it is told
  static REFRESH = 2; // and from then on it is told anew so often
  static MEASURING = 0.3; // of an epoch's time: the rest is training, and each has a pace of its own

  /** @type {number | null} when there was a sign of life, a tick or a word of the worker */
  heard = null;
  /** @type {{ time: number, at: number } | null} the last word of the worker, in seconds and in epochs */
  last = null;
  away = 0; // seconds of suspension since that word
  stretch = { seconds: 0, epochs: 0 }; // that has begun
  /** @type {{ training: number[], measuring: number[] }} seconds an epoch, of the stretches just past */
  paces = { training: [], measuring: [] };
  seconds = 0; // of training
  /** @type {{ perEpoch: number, time: number } | null} */
  told = null;
  wasHidden = false;

  /**
   * @param {number[]} numbers
   * @returns {number | null}  null if there are none
   */
  static median(numbers) {
    const sorted = numbers.slice().sort((a, b) => a - b), middle = sorted.length >> 1;
    if (!sorted.length) return null;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The time, in seconds. */
  get now() {
    return performance.now() / 1000;
  }

  /** Forget all: a training begins, waits or goes on. */
  begin() {
    this.heard = this.last = this.told = null;
    this.away = this.seconds = 0;
    this.stretch = { seconds: 0, epochs: 0 };
    this.paces = { training: [], measuring: [] };
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
   * @param {"training" | "measuring"} phase
   */
  reach(at, phase) {
    const time = this.now, { last, away, stretch } = this;
    this.last = { time, at };
    this.away = 0;
    if (!last) return;
    const seconds = Math.max(0, time - last.time - away);
    this.seconds += seconds;
    stretch.seconds += seconds;
    stretch.epochs += at - last.at;
    if (stretch.seconds < lenet5.Pace.STRETCH || stretch.epochs <= 0) return;
    const paces = this.paces[phase];
    paces.push(stretch.seconds / stretch.epochs);
    if (paces.length > lenet5.Pace.STRETCHES) paces.shift();
    this.stretch = { seconds: 0, epochs: 0 };
  }

  /** Seconds an epoch, as it was told last; null while that cannot be said. */
  get perEpoch() {
    const { KNOWN, REFRESH } = lenet5.Pace, { now } = this;
    if (this.told && now - this.told.time < REFRESH) return this.told.perEpoch;
    const perEpoch = this.seconds > KNOWN ? this.measured() : null;
    this.told = perEpoch === null ? null : { perEpoch, time: now };
    return perEpoch;
  }

  /** Seconds an epoch by the stretches just past; null if there is none. */
  measured() {
    const { MEASURING, median } = lenet5.Pace;
    const training = median(this.paces.training), measuring = median(this.paces.measuring);
    if (training === null || measuring === null) return training ?? measuring;
    return (1 - MEASURING) * training + MEASURING * measuring;
  }
};
