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
  let data = "", engine = ""; // checksums: which images, which engine
  /** @type {InstanceType<typeof lenet5.Training> | null} */
  let training = null;
  let paused = false;

  /** @param {string} sentence */
  const say = (sentence) => { find("said").textContent = sentence; };
  const done = () => run.history.length > run.config.epochs;
  const weights = () => new Float32Array(lenet5.bytes(run.state).buffer, 24, 44426);

  function showButtons() {
    const running = Boolean(training), begun = run.history.length > 0 && !done();
    find("train").hidden = running;
    find("train").textContent = begun ? `Go on from epoch ${run.history.length - 1}` : run.history.length ? "Train again" : "Train";
    find("again").hidden = running || !begun;
    find("pause").hidden = find("stop").hidden = !running;
    find("pause").textContent = paused ? "Go on" : "Pause";
    find("use").hidden = running || !run.state;
  }

  /** @param {Word} word */
  function hear({ failed, progress, metrics, state, look }) {
    if (failed) end(`The training stopped: ${failed}.`);
    if (look) display.look(look);
    if (progress) {
      const gap = display.progress(progress, run.config);
      if (gap > 20 && !paused) say(`The page was suspended for ${sentences.time(gap)}; the training goes on.`);
    }
    if (!metrics || !state || !look) return;
    run.history.push(metrics);
    run.state = state;
    run.probabilities = Array.from(look.probabilities);
    const kept = store.set("training", { engine, data, run });
    find("kept").textContent = kept ? "" : "This browser lets the page keep nothing: if you close it, the training is lost.";
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

  /** Go on with `run`, from its start or from the epoch that it has reached. */
  function start() {
    find("progress").hidden = false;
    find("state").textContent = "Loading the images and the kernel.";
    say("");
    display.begin();
    display.history(run);
    training = new lenet5.Training(hear);
    const { samples } = display.book, pictures = new Float32Array(784 * samples.length);
    samples.forEach(({ pixels }, i) => lenet5.bytes(pixels).forEach((level, j) => { pictures[784 * i + j] = level / 255; }));
    training.start({ config: run.config, data, state: run.state, first: run.history.length, pictures, often: !still.matches });
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

  function keepNetwork() {
    const last = run.history[run.history.length - 1];
    const about = { seed: run.config.seed, epoch: last.epoch, test_error: last.test_error };
    store.set("network", { about, weights: lenet5.base64(lenet5.writeNetwork(weights())) });
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lenet5.writeNetwork(weights())]));
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

  function open() {
    const facts = JSON.parse(text("environment.json")), recipe = JSON.parse(text("config.json"));
    const book = { published: lenet5.judge.history(text("history.csv")), recipe, spread: JSON.parse(text("spread.json")), samples: JSON.parse(text("samples.json")) };
    if (book.published.length !== recipe.epochs + 1) throw new Error("the record of the published run is damaged: build the book again");
    data = facts.data_sha256;
    engine = facts.behaviour;
    display = new lenet5.Display(app, book);
    const kept = store.get("training");
    run = kept?.engine === engine && kept.data === data ? kept.run : { config: recipe, history: [], state: "", probabilities: [] };
    display.history(run);
    if (run.history.length) {
      display.look({ weights: weights(), probabilities: Float64Array.from(run.probabilities) });
      say(done() ? "This training was finished earlier." : `A training has reached epoch ${run.history.length - 1} of ${run.config.epochs}.`);
    }
    lenet5.choice.fill(/** @type {HTMLFormElement} */ (app.querySelector("form")), JSON.parse(text("settings.json")), recipe, (config) => {
      training?.stop();
      fresh(config);
      app.scrollIntoView();
    });
    find("train").addEventListener("click", () => (run.history.length && !done() ? start() : fresh(run.config)));
    find("again").addEventListener("click", () => fresh(run.config));
    find("pause").addEventListener("click", pause);
    find("stop").addEventListener("click", () => end("Stopped."));
    find("hand").addEventListener("click", keepNetwork);
    find("save").addEventListener("click", save);
    find("copy").addEventListener("click", copy);
    showButtons();
  }

  app.classList.remove("app-waiting");
  let missing = lenet5.Training.missing() && `Training in the page needs ${lenet5.Training.missing()}; this browser has none.`;
  try {
    open();
  } catch (error) {
    missing ||= `Nothing can be compared here: ${error instanceof SyntaxError || error instanceof DOMException || error instanceof TypeError ? "the record of the published run is missing or damaged" : /** @type {Error} */ (error).message}.`;
  }
  if (missing) {
    say(missing);
    app.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  }
})();
