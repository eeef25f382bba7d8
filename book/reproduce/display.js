// @ts-check
// What the page shows of a run: progress, curves, kernels, readings, verdict, table.
var lenet5 = lenet5 || {};

/**
 * @typedef {{ published: Metrics[], recipe: Config, settings: Setting[], spread: Spread, samples: Sample[], imageShape: number[], classes: number }} Book
 * @typedef {{ config: Config, history: Metrics[], state: string, probabilities: number[] }} Run
 */

lenet5.Display = (() => {
  const { inWords, kernels } = lenet5.looks;
  const FIRST = 0.3; // of an epoch's time: epoch 0 is measured alone
  // A picture of a second layer's kernels is shown if it has so many columns and rows at most.
  const MOST_OUTPUTS = 48;
  const MOST_INPUTS = 24;
  const nothingYet = () => ({ seconds: 0, done: 0, last: { time: 0, at: 0 } });

  class Display {
    /**
     * @param {HTMLElement} app
     * @param {Book} book
     */
    constructor(app, book) {
      this.app = app;
      this.book = book;
      this.read = lenet5.looks.readings(this.find("readings"), book.samples, book.imageShape);
      this.pace = nothingYet();
    }

    /** @param {string} name */
    find(name) {
      return /** @type {HTMLElement} */ (this.app.querySelector(`.reproduce-${name}`));
    }

    /**
     * The network of a run.
     * @param {Config} config
     */
    networkOf(config) {
      return new lenet5.Network(config.network, config.activation, this.book.imageShape, this.book.classes);
    }

    /** Forget how fast it was. */
    begin() {
      this.pace = nothingYet();
    }

    /**
     * @param {Progress} progress
     * @param {Config} config
     * @returns {number} seconds since the last one, whatever the reason
     */
    progress(progress, { epochs }) {
      const { epoch, share } = progress;
      const { pace } = this;
      const at = epoch ? FIRST + epoch - 1 + share : FIRST * share;
      const total = FIRST + epochs;
      const now = performance.now() / 1000;
      const gap = now - pace.last.time;
      if (pace.last.time && gap < 5) { // longer ones are pauses
        pace.seconds += gap;
        pace.done += at - pace.last.at;
      }
      pace.last = { time: now, at };
      this.bar((100 * at) / total, `epoch ${epoch} of ${epochs}`);
      const left = pace.seconds > 1 ? (pace.seconds * (total - at)) / pace.done : null;
      this.find("state").textContent = lenet5.sentences.state(progress, epochs, left);
      return gap;
    }

    /**
     * @param {number} percent
     * @param {string} words
     */
    bar(percent, words) {
      const bar = this.find("progress");
      /** @type {HTMLElement} */ (bar.firstElementChild).style.width = `${percent}%`;
      bar.setAttribute("aria-valuenow", percent.toFixed());
      bar.setAttribute("aria-valuetext", words);
    }

    /**
     * @param {Look} look
     * @param {Config} config
     */
    look({ weights, probabilities }, config) {
      const { stages } = this.networkOf(config);
      const [first, second] = stages.filter((stage) => stage.isConvolution);
      const fits = second && second.outputs <= MOST_OUTPUTS && second.channels <= MOST_INPUTS;
      this.find("first").hidden = !first;
      this.find("second").hidden = !fits;
      this.find("no-kernels").hidden = Boolean(first);
      if (first) this.showKernels("conv1", this.find("first"), weights, first);
      if (fits) {
        const start = first.outputs * (first.channels * first.kernel ** 2 + 1); // with biases
        this.showKernels("conv2", this.find("second"), weights.subarray(start), second);
      }
      this.read(probabilities);
      this.find("looks").hidden = false;
    }

    /**
     * @param {string} name
     * @param {HTMLElement} box
     * @param {Float32Array} weights  from those of the stage on
     * @param {Stage} stage
     */
    showKernels(name, box, weights, stage) {
      const { outputs, channels, kernel } = stage;
      const canvas = /** @type {HTMLCanvasElement} */ (this.find(name));
      const sides = `${kernel} by ${kernel} weights: blue below zero, orange above`;
      const isFirst = name === "conv1";
      const words = isFirst
        ? `The ${outputs === 1 ? "kernel" : `${inWords(outputs)} kernels`} of the first layer`
        : `The ${outputs === 1 ? "one" : inWords(outputs)} of the second layer, by input map`;
      const described = isFirst
        ? `${inWords(outputs)} kernels of ${sides}`
        : `${inWords(outputs)} columns of ${inWords(channels)} kernels of ${sides}`;
      /** @type {HTMLElement} */ (box.querySelector("p")).textContent = words;
      canvas.setAttribute("aria-label", described[0].toUpperCase() + described.slice(1));
      kernels(canvas, weights, stage);
    }

    /** @param {Config} config */
    comparable(config) {
      return lenet5.judge.isPublished(config, this.book.recipe);
    }

    /** @param {Run} run */
    history(run) {
      const { config, history } = run;
      const { published, recipe, spread } = this.book;
      const comparable = this.comparable(config);
      for (const quantity of /** @type {const} */ (["loss", "error"])) {
        const svg = /** @type {any} */ (this.find(quantity));
        lenet5.curves.plot(svg, quantity, published, history, comparable ? null : spread, Math.max(config.epochs, recipe.epochs));
      }
      this.find("is-spread").hidden = comparable;
      this.find("is-spread").textContent = `nine of ten of ${spread.seeds} recorded seeds, test images`;
      this.find("result").hidden = !history.length;
      if (!history.length) return;
      this.verdict(run, comparable);
      this.table(history, comparable);
    }

    /**
     * @param {Run} run
     * @param {boolean} comparable
     */
    verdict({ config, history }, comparable) {
      const { published, settings, spread } = this.book;
      const { sentences, judge } = lenet5;
      const { head, text, same } = comparable
        ? sentences.verdict(history, published, this.networkOf(config).parameters)
        : sentences.ownRun(spread.seeds);
      const last = history[history.length - 1];
      const parts = [element("strong", head), ` ${text} SHA-256 of the weights: `, element("code", last.weights)];
      if (!comparable) parts.push(`. ${sentences.ELSEWHERE} `, element("code", judge.command(config, settings)));
      this.find("verdict").replaceChildren(...parts);
      this.find("verdict").classList.toggle("reproduce-same", same === true);
      this.find("verdict").classList.toggle("reproduce-differs", same === false);
      this.find("difference").hidden = same !== false;
      const report = /** @type {HTMLTextAreaElement} */ (this.app.querySelector("textarea"));
      if (same === false) report.value = judge.report(history, published);
    }

    /**
     * @param {Metrics[]} history
     * @param {boolean} comparable
     */
    table(history, comparable) {
      const rows = history.map((row) => {
        const line = document.createElement("tr");
        const cells = lenet5.sentences.cells(row, comparable ? this.book.published[row.epoch] : undefined);
        line.append(...cells.map((cell) => element("td", cell)));
        return line;
      });
      this.app.querySelector("tbody")?.replaceChildren(...rows);
    }
  }

  /**
   * @param {string} name
   * @param {string} text
   * @returns {HTMLElement | string}
   */
  function element(name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  return Display;
})();
