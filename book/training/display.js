// @ts-check
// What the page shows of a run: progress, curves, kernels, readings, verdict, table.
var lenet5 = lenet5 || {};

/**
 * What the book says of our run and of the recorded seeds, whose recipe it is too; `images`
 * are how many there are for training and for test, `engines` what each engine computes.
 * @typedef {{ ours: Metrics[], recipe: Config, settings: Setting[], spread: Spread, ofSeeds: Config, images: number[], samples: Sample[], imageShape: number[], classes: number, engines: Record<string, string> }} Book
 * @typedef {{ config: Config, history: Metrics[], state: string, probabilities: number[], answers?: Answers | null, diverged?: string }} Run
 */

lenet5.Display = (() => {
  const { inWords, kernels } = lenet5.looks;
  const FIRST = lenet5.Pace.MEASURING; // of an epoch's time: epoch 0 is measured alone
  // A picture of a second layer's kernels is shown if it has so many columns and rows at most.
  const MOST_OUTPUTS = 48;
  const MOST_INPUTS = 24;

  class Display {
    /**
     * @param {HTMLElement} app
     * @param {Book} book
     */
    constructor(app, book) {
      this.app = app;
      this.book = book;
      this.read = lenet5.looks.readings(this.find("readings"), book.samples, book.imageShape);
      this.pace = new lenet5.Pace();
      /** @type {Map<number, Metrics[]> | null} the recorded seeds, once they are loaded */
      this.seeds = null;
    }

    /** @param {string} name */
    find(name) {
      return /** @type {HTMLElement} */ (this.app.querySelector(`.training-${name}`));
    }

    /**
     * The network of a run.
     * @param {Config} config
     */
    networkOf(config) {
      return new lenet5.Network(config.network, config.activation, this.book.imageShape, this.book.classes);
    }

    /**
     * @param {Progress} progress
     * @param {Config} config
     */
    progress(progress, { epochs }) {
      const { epoch, share, step, steps } = progress;
      const { pace } = this;
      const at = epoch ? FIRST + epoch - 1 + share : FIRST * share;
      const total = FIRST + epochs;
      pace.reach(at, epoch && step < steps ? "training" : "measuring");
      this.bar((100 * at) / total, `epoch ${epoch} of ${epochs}`);
      const { perEpoch } = pace;
      const left = perEpoch === null ? null : perEpoch * (total - at);
      this.find("state").textContent = lenet5.sentences.state(progress, epochs, perEpoch, left);
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
      this.find("looks").hidden = this.find("readings").hidden = false;
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
    isOurs(config) {
      return lenet5.judge.isOurs(config, this.book.recipe);
    }

    /**
     * Whether a run is one of the recorded seeds, or would be with another seed.
     * @param {Config} config
     */
    isOfSeeds(config) {
      return lenet5.seeds.isOfRecipe(config, this.book.ofSeeds);
    }

    /**
     * What a run is held to, bit for bit; null where nothing is recorded.
     * @param {Config} config
     * @returns {Reference | null}
     */
    reference(config) {
      if (this.isOurs(config)) return { rows: this.book.ours };
      const rows = this.isOfSeeds(config) ? this.seeds?.get(config.seed) : undefined;
      return rows ? { rows, seed: config.seed } : null;
    }

    /** @param {Run} run */
    history(run) {
      const { config, history } = run;
      const { ours, recipe, settings, spread } = this.book;
      const isOurs = this.isOurs(config);
      for (const quantity of /** @type {const} */ (["loss", "error"])) {
        const svg = /** @type {any} */ (this.find(quantity));
        lenet5.curves.plot(svg, quantity, ours, history, isOurs ? null : spread, Math.max(config.epochs, recipe.epochs));
      }
      this.find("what").textContent = lenet5.sentences.what(config, recipe, settings);
      lenet5.architecture.draw(this.find("of-run"), this.networkOf(config));
      this.find("is-spread").hidden = isOurs;
      this.find("is-spread").textContent = `nine of ten of ${spread.seeds} recorded seeds, test images`;
      this.find("is-mine").hidden = !history.length;
      this.find("result").hidden = this.find("epochs").hidden = !history.length;
      if (!history.length) return;
      const reference = this.reference(config);
      this.verdict(run, reference);
      this.table(history, reference);
    }

    /**
     * @param {Run} run
     * @param {Reference | null} reference
     */
    verdict(run, reference) {
      const { config, history } = run;
      const { head, text, same } = this.judgement(run, reference);
      const parts = [element("strong", head), ` ${text} ${this.remarks(run)}`];
      if (!run.diverged) parts.push(...this.checksum(run, reference));
      this.find("verdict").replaceChildren(...parts);
      this.find("verdict").classList.toggle("training-same", same === true);
      this.find("verdict").classList.toggle("training-differs", same === false);
      const differs = same === false && !run.diverged;
      this.find("difference").hidden = !differs;
      if (!differs || !reference) return;
      const report = /** @type {HTMLTextAreaElement} */ (this.find("difference").querySelector("textarea"));
      const held = reference.seed === undefined ? "our run" : `the recorded run of seed ${config.seed}`;
      report.value = lenet5.judge.report(history, reference.rows, held);
    }

    /**
     * @param {Run} run
     * @param {Reference | null} reference
     * @returns {Verdict}
     */
    judgement({ config, history, diverged }, reference) {
      const { sentences } = lenet5;
      if (diverged) return sentences.failure(diverged);
      if (reference) return sentences.verdict(history, reference, this.networkOf(config).parameters);
      return sentences.ownRun(this.book.spread.seeds, this.isOfSeeds(config));
    }

    /**
     * What the network does if it has not learned, and its place among the recorded seeds.
     * @param {Run} run
     */
    remarks({ config, history, answers, diverged }) {
      const last = history[history.length - 1];
      const hasBegun = last.epoch > 0 || diverged;
      const words = hasBegun ? [lenet5.sentences.habit(answers)] : [];
      if (last.epoch > 0 && !diverged && this.seeds && this.isOfSeeds(config)) {
        const rank = lenet5.seeds.rank(this.seeds, config.seed, last);
        words.push(lenet5.sentences.place(rank, config, last, this.seeds.has(config.seed)));
      }
      return words.filter(Boolean).map((sentence) => `${sentence} `).join("");
    }

    /**
     * The checksum of the weights, and where a reader can have it once more.
     * @param {Run} run
     * @param {Reference | null} reference
     */
    checksum({ config, history }, reference) {
      const last = history[history.length - 1];
      const parts = ["SHA-256 of the weights: ", element("code", last.weights), "."];
      if (reference) return parts;
      const command = lenet5.judge.command(config, this.book.settings);
      return [...parts, ` ${lenet5.sentences.ELSEWHERE} `, element("code", command)];
    }

    /**
     * @param {Metrics[]} history
     * @param {Reference | null} reference
     */
    table(history, reference) {
      const rows = history.map((row) => {
        const line = document.createElement("tr");
        const cells = lenet5.sentences.cells(row, reference?.rows[row.epoch]);
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
