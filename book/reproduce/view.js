// @ts-check
// The page: its buttons, and what they start, keep and hand on.
var lenet5 = lenet5 || {};

(() => {
  const { sentences, store } = lenet5;
  const app = /** @type {HTMLElement} */ (document.querySelector(".reproduce"));
  /** @param {string} name */
  const find = (name) => /** @type {HTMLElement} */ (app.querySelector(`.reproduce-${name}`));
  /** @param {string} name */
  const text = (name) => new TextDecoder().decode(lenet5.bytes((/** @type {any} */ (window).appData ?? {})[name]));
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  /** @type {InstanceType<typeof lenet5.Display>} */
  let display;
  /** @type {Run} */
  let run;
  let data = ""; // a checksum: which images
  let engine = ""; // and which engine
  /** @type {InstanceType<typeof lenet5.Training> | null} */
  let training = null;
  let paused = false;

  /** @param {string} sentence */
  const say = (sentence) => { find("said").textContent = sentence; };
  const done = () => run.history.length > run.config.epochs;
  const network = () => display.networkOf(run.config);
  const weights = () => lenet5.Kernel.weightsOf(lenet5.bytes(run.state), network());

  function showButtons() {
    const running = Boolean(training);
    const begun = run.history.length > 0 && !done();
    find("train").hidden = running;
    find("train").textContent = begun ? `Go on from epoch ${run.history.length - 1}` : run.history.length ? "Train again" : "Train";
    find("again").hidden = running || !begun;
    find("pause").hidden = find("stop").hidden = !running;
    find("pause").textContent = paused ? "Go on" : "Pause";
    find("on").hidden = running;
    find("use").hidden = running || !run.state;
  }

  /** @param {Word} word */
  function hear({ failed, progress, metrics, state, look }) {
    if (failed) end(`The training stopped: ${failed}.`);
    if (look) display.look(look, run.config);
    if (progress) {
      const gap = display.progress(progress, run.config);
      if (gap > 20 && !paused) say(`The page was suspended for ${sentences.time(gap)}; the training goes on.`);
    }
    if (metrics && state && look) take(metrics, state, look);
  }

  /**
   * Take what an epoch has come to.
   * @param {Metrics} metrics
   * @param {string} state
   * @param {Look} look
   */
  function take(metrics, state, look) {
    run.history.push(metrics);
    run.state = state;
    run.probabilities = Array.from(look.probabilities);
    const kept = store.set("training", { engine, data, run });
    find("kept").textContent = kept ? "" : "This browser lets the page keep nothing of this run: if you close it, the training is lost.";
    display.history(run);
    say(sentences.epoch(metrics, run.config.epochs, display.comparable(run.config) ? display.book.published : null));
    if (done()) end(find("said").textContent ?? "");
  }

  /** @param {string} sentence */
  function end(sentence) {
    const here = app.contains(document.activeElement); // a reader elsewhere stays there
    training?.stop();
    training = null;
    paused = false;
    find("progress").hidden = done();
    find("state").textContent = done() ? "The training is finished." : "";
    say(sentence);
    showButtons();
    const left = /** @type {HTMLElement} */ (document.activeElement);
    if (here && (left.hidden || !app.contains(left))) find("train").focus();
  }

  /** The test images that a network in training is asked about, as floats in [0, 1]. */
  function pictures() {
    const { samples } = display.book;
    const { pixels } = network();
    const pictures = new Float32Array(pixels * samples.length);
    samples.forEach((sample, i) => {
      const levels = Float32Array.from(lenet5.bytes(sample.pixels));
      pictures.set(levels.map((level) => level / 255), pixels * i);
    });
    return pictures;
  }

  /** Go on with `run`, from its start or from the epoch that it has reached. */
  function start() {
    const { imageShape, classes } = display.book;
    const { config, history, state } = run;
    find("progress").hidden = false;
    find("state").textContent = "Loading the images and the kernel.";
    say("");
    display.begin();
    display.history(run);
    const chosen = Number(/** @type {HTMLSelectElement} */ (find("cores")).value);
    const workers = lenet5.cores.use(chosen, config, network());
    training = new lenet5.Training(hear);
    const task = { config, imageShape, classes, data, state, first: history.length, pictures: pictures(), often: !still.matches };
    training.start(task, workers);
    showButtons();
    find("pause").focus();
  }

  /** @param {Config} config */
  function fresh(config) {
    run = { config, history: [], state: "", probabilities: [] };
    start();
  }

  function pause() {
    paused = !paused;
    training?.pause(paused);
    say(paused ? "Paused." : "");
    display.begin();
    showButtons();
  }

  /** The trained network as a file. */
  const file = () => lenet5.safetensors.writeNetwork(network(), weights());

  function keepNetwork() {
    const last = run.history[run.history.length - 1];
    const about = { seed: run.config.seed, epoch: last.epoch, test_error: last.test_error };
    // What is too long for the browser to keep is not handed on; then the pad says so.
    if (!store.set("network", { about, weights: lenet5.base64(file()) })) store.remove("network");
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file()]));
    link.download = `lenet5-seed-${run.config.seed}-epoch-${run.history.length - 1}.safetensors`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  async function copy() {
    const area = /** @type {HTMLTextAreaElement} */ (app.querySelector("textarea"));
    area.select();
    try {
      await navigator.clipboard.writeText(area.value);
      say("Copied.");
    } catch {
      say("The text is selected: copy it with Ctrl+C.");
    }
  }

  /**
   * What the book says of the published run.
   * @returns {Book}
   */
  function readBook() {
    const facts = JSON.parse(text("environment.json"));
    const settings = /** @type {Setting[]} */ (JSON.parse(text("settings.json")));
    const recorded = { ...lenet5.EARLIER, ...JSON.parse(text("config.json")) };
    const recipe = /** @type {Config} */ (Object.fromEntries(settings.map(({ name }) => [name, recorded[name]])));
    const published = lenet5.judge.history(text("history.csv"));
    if (published.length !== recipe.epochs + 1) throw new Error("the record of the published run is damaged: build the book again");
    data = facts.data_sha256;
    engine = text("behaviours.json"); // what the engine computes, of the report's network and of any
    return {
      published,
      recipe,
      settings,
      spread: JSON.parse(text("spread.json")),
      samples: JSON.parse(text("samples.json")),
      imageShape: facts.image_shape,
      classes: facts.classes,
    };
  }

  /** The training that the browser has kept, or the published one before its start. */
  function keptRun() {
    const kept = store.get("training");
    const { recipe } = display.book;
    if (kept?.engine !== engine || kept.data !== data) return { config: recipe, history: [], state: "", probabilities: [] };
    return { ...kept.run, config: { ...lenet5.EARLIER, ...kept.run.config } };
  }

  function showKept() {
    display.history(run);
    if (!run.history.length) return;
    display.look({ weights: weights(), probabilities: Float64Array.from(run.probabilities) }, run.config);
    say(done() ? "This training was finished earlier." : `A training has reached epoch ${run.history.length - 1} of ${run.config.epochs}.`);
  }

  function offerChoice() {
    const { settings, recipe, imageShape, classes } = display.book;
    const form = /** @type {HTMLFormElement} */ (app.querySelector("form"));
    /**
     * @param {string} notation
     * @param {string} activation
     */
    const describe = (notation, activation) => new lenet5.Network(notation, activation, imageShape, classes);
    lenet5.choice.fill(form, settings, recipe, describe, (config) => {
      training?.stop();
      fresh(config);
      app.scrollIntoView();
    });
  }

  function open() {
    display = new lenet5.Display(app, readBook());
    run = keptRun();
    showKept();
    lenet5.cores.offer(/** @type {HTMLSelectElement} */ (find("cores")));
    offerChoice();
    find("train").addEventListener("click", () => (run.history.length && !done() ? start() : fresh(run.config)));
    find("again").addEventListener("click", () => fresh(run.config));
    find("pause").addEventListener("click", pause);
    find("stop").addEventListener("click", () => end("Stopped."));
    find("hand").addEventListener("click", keepNetwork);
    find("save").addEventListener("click", save);
    find("copy").addEventListener("click", copy);
    showButtons();
  }

  /**
   * Why the page could not be set up.
   * @param {any} error
   */
  function reason(error) {
    const damaged = error instanceof SyntaxError || error instanceof DOMException || error instanceof TypeError;
    return damaged ? "the record of the published run is missing or damaged" : error.message;
  }

  app.classList.remove("app-waiting");
  let missing = lenet5.Training.missing() && `Training in the page needs ${lenet5.Training.missing()}; this browser has none.`;
  try {
    open();
  } catch (error) {
    missing ||= `Nothing can be compared here: ${reason(error)}.`;
  }
  if (missing) {
    say(missing);
    app.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  }
})();
