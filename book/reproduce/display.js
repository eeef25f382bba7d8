// @ts-check
// What the page shows of a run: progress, curves, kernels, readings, verdict, table.
var lenet5 = lenet5 || {};

/**
 * @typedef {{ published: Metrics[], recipe: Config, spread: Spread, samples: Sample[] }} Book
 * @typedef {{ config: Config, history: Metrics[], state: string, probabilities: number[] }} Run
 */

lenet5.Display = (() => {
  const FIRST = 0.3; // of an epoch's time: epoch 0 is measured alone

  class Display {
    /**
     * @param {HTMLElement} app
     * @param {Book} book
     */
    constructor(app, book) {
      this.app = app;
      this.book = book;
      this.read = lenet5.looks.readings(this.find("readings"), book.samples);
      this.pace = { seconds: 0, done: 0, last: { time: 0, at: 0 } };
    }

    /** @param {string} name */
    find(name) {
      return /** @type {HTMLElement} */ (this.app.querySelector(`.reproduce-${name}`));
    }

    /** Forget how fast it was. */
    begin() {
      this.pace = { seconds: 0, done: 0, last: { time: 0, at: 0 } };
    }

    /**
     * @param {Progress} progress
     * @param {Config} config
     * @returns {number} seconds since the last one, whatever the reason
     */
    progress({ epoch, step, steps, share }, { epochs }) {
      const at = epoch ? FIRST + epoch - 1 + share : FIRST * share, total = FIRST + epochs;
      const now = performance.now() / 1000, { pace } = this, gap = now - pace.last.time;
      if (pace.last.time && gap < 5) { // longer ones are pauses
        pace.seconds += gap;
        pace.done += at - pace.last.at;
      }
      pace.last = { time: now, at };
      const percent = (100 * at) / total;
      /** @type {HTMLElement} */ (this.find("progress").firstElementChild).style.width = `${percent}%`;
      this.find("progress").setAttribute("aria-valuenow", percent.toFixed());
      this.find("progress").setAttribute("aria-valuetext", `epoch ${epoch} of ${epochs}`);
      const doing = step === steps && share > 0.7 ? "measuring" : epoch ? `step ${step} of ${steps}` : "measuring the untrained network";
      const left = pace.seconds > 1 ? ` About ${lenet5.sentences.time((pace.seconds * (total - at)) / pace.done)} left.` : "";
      this.find("state").textContent = `Epoch ${epoch} of ${epochs}, ${doing}.${left}`;
      return gap;
    }

    /** @param {Look} look */
    look({ weights, probabilities }) {
      lenet5.looks.kernels(/** @type {HTMLCanvasElement} */ (this.find("conv1")), weights.subarray(0, 150), 6, 1);
      lenet5.looks.kernels(/** @type {HTMLCanvasElement} */ (this.find("conv2")), weights.subarray(156, 2556), 16, 6);
      this.read(probabilities);
      this.find("looks").hidden = false;
    }

    /** @param {Config} config */
    comparable(config) {
      return lenet5.judge.isPublished(config, this.book.recipe);
    }

    /** @param {Run} run */
    history({ config, history }) {
      const { published, recipe, spread } = this.book, comparable = this.comparable(config);
      for (const quantity of /** @type {const} */ (["loss", "error"])) {
        const svg = /** @type {any} */ (this.find(quantity));
        lenet5.curves.plot(svg, quantity, published, history, comparable ? null : spread, Math.max(config.epochs, recipe.epochs));
      }
      this.find("is-spread").hidden = comparable;
      this.find("is-spread").textContent = `nine of ten of ${spread.seeds} recorded seeds, test images`;
      this.find("result").hidden = !history.length;
      if (history.length) this.result(history, comparable);
    }

    /**
     * @param {Metrics[]} history
     * @param {boolean} comparable
     */
    result(history, comparable) {
      const { published, spread } = this.book;
      const { head, text, same } = lenet5.sentences.verdict(history, published, comparable, spread.seeds);
      const strong = document.createElement("strong"), code = document.createElement("code");
      strong.textContent = head;
      code.textContent = history[history.length - 1].weights;
      this.find("verdict").replaceChildren(strong, ` ${text} SHA-256 of the weights: `, code);
      this.find("verdict").classList.toggle("reproduce-same", same === true);
      this.find("verdict").classList.toggle("reproduce-differs", same === false);
      this.find("difference").hidden = same !== false;
      if (same === false) /** @type {HTMLTextAreaElement} */ (this.app.querySelector("textarea")).value = lenet5.judge.report(history, published);
      const rows = history.map((row) => {
        const line = document.createElement("tr");
        line.append(...lenet5.sentences.cells(row, comparable ? published[row.epoch] : undefined).map((cell) => {
          const td = document.createElement("td");
          td.textContent = cell;
          return td;
        }));
        return line;
      });
      this.app.querySelector("tbody")?.replaceChildren(...rows);
    }
  }

  return Display;
})();
