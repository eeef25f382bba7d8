// @ts-check
// The page: its buttons, and what they start, keep and hand on.
var lenet5 = lenet5 || {};

(() => {
  const { sentences, store } = lenet5;
  const app = /** @type {HTMLElement} */ (document.querySelector(".training"));
  /** @param {string} name */
  const find = (name) => /** @type {HTMLElement} */ (app.querySelector(`.training-${name}`));
  /** @param {string} name */
  const text = (name) => new TextDecoder().decode(lenet5.bytes((/** @type {any} */ (window).appData ?? {})[name]));
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  /** @type {InstanceType<typeof lenet5.Display>} */
  let display;
  /** @type {InstanceType<typeof lenet5.Estimate>} */
  let estimate;
  /** @type {InstanceType<typeof lenet5.Choice>} */
  let choice;
  /** @type {Run} */
  let run;
  let data = ""; // a checksum: which images
  let engine = ""; // and which engine
  /** @type {InstanceType<typeof lenet5.Training> | null} */
  let training = null;
  let paused = false;

  /** @param {string} sentence */
  const say = (sentence) => { find("said").textContent = sentence; };
  const done = () => run.history.length > run.config.epochs || Boolean(run.diverged);
  const network = () => display.networkOf(run.config);
  const weights = () => lenet5.Kernel.weightsOf(lenet5.bytes(run.state), network());

  /**
   * How many workers a training gets, of those that the reader grants.
   * @param {Config} config
   * @param {Network} network
   */
  function workersFor(config, network) {
    const chosen = Number(/** @type {HTMLSelectElement} */ (find("cores")).value);
    return lenet5.cores.use(chosen, config, network);
  }

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
    find("hand").hidden = find("save").hidden = Boolean(run.diverged);
  }

  // ---------------------------------------------------------------- what a worker says

  /** @param {Word} word */
  function hear({ failed, diverged, progress, metrics, state, look, answers }) {
    if (failed) end(`The training stopped: ${failed}.`);
    if (look) display.look(look, run.config);
    if (progress) {
      notice();
      display.progress(progress, run.config);
      keepPace(progress.workers);
    }
    if (metrics && state && look) take(metrics, state, look, answers);
    if (diverged) fail(diverged, answers);
  }

  /** Say so if the page was suspended while it trained. While it is paused there is nothing to say. */
  function notice() {
    if (!training || paused) return;
    const gap = display.pace.beat();
    if (gap) say(`The page was suspended for ${sentences.time(gap)}; the training goes on.`);
  }

  /**
   * Remember how fast this device trains.
   * @param {number} workers
   */
  function keepPace(workers) {
    const { perEpoch } = display.pace;
    if (perEpoch) estimate.pacemaker = { config: run.config, workers, perEpoch, multiplyAdds: network().multiplyAdds };
  }

  /**
   * Take what an epoch has come to.
   * @param {Metrics} metrics
   * @param {string} state
   * @param {Look} look
   * @param {Answers | undefined} answers  of a network that misreads most
   */
  function take(metrics, state, look, answers) {
    run.history.push(metrics);
    run.state = state;
    run.probabilities = Array.from(look.probabilities);
    run.answers = answers ?? null;
    keepRun();
    display.history(run);
    say(sentences.epoch(metrics, run.config.epochs, display.reference(run.config)));
    if (done()) end(find("said").textContent ?? "");
  }

  /**
   * Take the end of a training whose numbers are none any more.
   * @param {string} diverged
   * @param {Answers | undefined} answers
   */
  function fail(diverged, answers) {
    run.diverged = diverged;
    run.answers = answers ?? null;
    keepRun();
    display.history(run);
    end(`The training stopped: ${diverged}. ${sentences.habit(answers)}`.trim());
  }

  function keepRun() {
    const kept = store.set("training", { engine, data, run });
    find("kept").textContent = kept ? "" : "This browser lets the page keep nothing of this run: if you close it, the training is lost.";
  }

  // ---------------------------------------------------------------- what the buttons do

  /** @param {string} sentence */
  function end(sentence) {
    const here = app.contains(document.activeElement); // a reader elsewhere stays there
    training?.stop();
    training = null;
    paused = false;
    estimate.isTraining = false;
    find("progress").hidden = done();
    find("state").textContent = done() && !run.diverged ? "The training is finished." : "";
    say(sentence);
    showButtons();
    choice.update();
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
    display.pace.begin();
    display.history(run);
    loadSeeds();
    const workers = workersFor(config, network());
    estimate.isTraining = true;
    training = new lenet5.Training(hear);
    const task = { config, imageShape, classes, data, state, first: history.length, pictures: pictures(), often: !still.matches };
    training.start(task, workers);
    showButtons();
    choice.update();
    find("pause").focus();
  }

  /**
   * A run that has not begun.
   * @param {Config} config
   * @returns {Run}
   */
  const notBegun = (config) => ({ config, history: [], state: "", probabilities: [] });

  /** @param {Config} config */
  function fresh(config) {
    run = notBegun(config);
    start();
  }

  function pause() {
    paused = !paused;
    training?.pause(paused);
    say(paused ? "Paused." : "");
    display.pace.begin();
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

  // ---------------------------------------------------------------- what the page knows

  /**
   * What the book says of our run, and of the recorded seeds.
   * @returns {Book}
   */
  function readBook() {
    const facts = JSON.parse(text("environment.json"));
    const settings = /** @type {Setting[]} */ (JSON.parse(text("settings.json")));
    const recorded = { ...lenet5.EARLIER, ...JSON.parse(text("config.json")) };
    const recipe = /** @type {Config} */ (Object.fromEntries(settings.map(({ name }) => [name, recorded[name]])));
    const ours = lenet5.judge.history(text("history.csv"));
    if (ours.length !== recipe.epochs + 1) throw new Error("the record of our run is damaged: build the book again");
    data = facts.data_sha256;
    engine = text("behaviours.json"); // what the engine computes, of the report's network and of any
    const { recipe: ofSeeds, images, ...spread } = JSON.parse(text("spread.json"));
    return {
      ours,
      recipe,
      settings,
      spread,
      ofSeeds,
      images,
      engines: JSON.parse(engine),
      samples: JSON.parse(text("samples.json")),
      imageShape: facts.image_shape,
      classes: facts.classes,
    };
  }

  /** Load what the recorded seeds have come to, if the run is one of their recipe. */
  async function loadSeeds() {
    if (display.seeds || !display.isOfSeeds(run.config)) return;
    try {
      const files = await lenet5.Training.load(["seeds.csv"]);
      display.seeds = lenet5.seeds.read(new TextDecoder().decode(lenet5.bytes(files["seeds.csv"])));
    } catch {
      find("kept").textContent = "The record of the other seeds is missing or damaged, so nothing is said of them: build the book again.";
    }
    display.history(run);
  }

  /** The training that the browser has kept, or our run before its start. */
  function keptRun() {
    const kept = store.get("training");
    const { recipe } = display.book;
    if (kept?.engine !== engine || kept.data !== data) return notBegun(recipe);
    return { ...kept.run, config: { ...lenet5.EARLIER, ...kept.run.config } };
  }

  function showKept() {
    display.history(run);
    if (!run.history.length) return;
    loadSeeds();
    display.look({ weights: weights(), probabilities: Float64Array.from(run.probabilities) }, run.config);
    if (run.diverged) say("This training failed earlier.");
    else say(done() ? "This training was finished earlier." : `A training has reached epoch ${run.history.length - 1} of ${run.config.epochs}.`);
  }

  // ---------------------------------------------------------------- the reader's choice

  function offerChoice() {
    const form = /** @type {HTMLFormElement} */ (app.querySelector("form"));
    const details = /** @type {HTMLDetailsElement} */ (find("what-if"));
    const { recipe, settings } = display.book;
    choice = new lenet5.Choice(form, display.book, {
      describe: (config) => display.networkOf(config),
      show: (config, network) => {
        if (details.open) estimate.ask(config, network, workersFor(config, network));
      },
      train: (config) => {
        training?.stop();
        fresh(config);
        app.scrollIntoView();
      },
    });
    choice.set(run.config);
    details.addEventListener("toggle", () => choice.update());
    find("cores").addEventListener("change", () => choice.update());
    lenet5.copied(find("link"), () => {
      const config = choice.judge();
      return config && lenet5.link.write(config, recipe, settings);
    });
  }

  /** Take the choice that the page's address carries: show it, and let it be trained next if nothing is. */
  function follow() {
    const { settings } = display.book;
    const carried = lenet5.link.read(location.hash, settings);
    if (!carried) return;
    /** @type {HTMLDetailsElement} */ (find("what-if")).open = true;
    const config = choice.set(carried.texts, carried.refused);
    if (!config) say("The link carries a choice that cannot be trained. Below stands why.");
    if (!config || training || settings.every(({ name }) => run.config[name] === config[name])) return;
    const before = run.history.length ? " The earlier training is kept until this one begins: open the page without the link to see it." : "";
    run = notBegun(config);
    display.history(run);
    find("looks").hidden = find("readings").hidden = true;
    say(`The link carries this choice.${before}`);
    showButtons();
  }

  function open() {
    display = new lenet5.Display(app, readBook());
    estimate = new lenet5.Estimate(display.book, find("time"));
    run = keptRun();
    lenet5.cores.offer(/** @type {HTMLSelectElement} */ (find("cores")));
    showKept();
    offerChoice();
    find("train").addEventListener("click", () => (run.history.length && !done() ? start() : fresh(run.config)));
    find("again").addEventListener("click", () => fresh(run.config));
    find("pause").addEventListener("click", pause);
    find("stop").addEventListener("click", () => end("Stopped."));
    find("hand").addEventListener("click", keepNetwork);
    find("save").addEventListener("click", save);
    lenet5.copied(find("copy"), () => /** @type {HTMLTextAreaElement} */ (find("difference").querySelector("textarea")).value);
    lenet5.copied(find("line"), () => lenet5.judge.line(run, display.book.settings, display.book.engines));
    showButtons();
    follow();
    addEventListener("hashchange", follow);
    setInterval(notice, 1000);
  }

  /**
   * Why the page could not be set up.
   * @param {any} error
   */
  function reason(error) {
    const damaged = error instanceof SyntaxError || error instanceof DOMException || error instanceof TypeError;
    return damaged ? "the record of our run is missing or damaged" : error.message;
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
