// @ts-check
// The verdict: what this browser computed beside our run, bit for bit.
var lenet5 = lenet5 || {};

lenet5.judge = (() => {
  const NAMES = /** @type {const} */ (["train_loss", "train_error", "test_loss", "test_error", "weights"]);

  /**
   * The rows of history.csv. Its numbers are read as they were written, to the last bit.
   * @param {string} text
   * @returns {Metrics[]}
   */
  function history(text) {
    const [head, ...lines] = text.trim().split("\n");
    const names = head.split(",");
    const rows = lines.map((line) => {
      const cells = line.split(",");
      const row = names.map((name, i) => [name, name === "weights" ? cells[i] : Number(cells[i])]);
      return /** @type {Metrics} */ (Object.fromEntries(row));
    });
    if (!rows.length || !rows.every(isWhole)) throw new Error("the record of our run is damaged: build the book again");
    return rows;
  }

  /**
   * Whether a row has all that it should.
   * @param {Metrics} row
   * @param {number} epoch
   */
  function isWhole(row, epoch) {
    const hasNumbers = NAMES.slice(0, 4).every((name) => Number.isFinite(row[name]));
    return row.epoch === epoch && hasNumbers && /^[0-9a-f]{64}$/.test(row.weights);
  }

  /**
   * Whether a training repeats our run, or its first epochs: all other settings are the
   * same. Where the rate falls to the last epoch, the number of epochs counts as well.
   * @param {Config} config
   * @param {Config} ours
   */
  function isOurs(config, ours) {
    const names = /** @type {(keyof Config)[]} */ (Object.keys(config));
    const isSame = names.every((name) => name === "epochs" || config[name] === ours[name]);
    if (config.schedule !== "constant") return isSame && config.epochs === ours.epochs;
    return isSame && config.epochs <= ours.epochs;
  }

  /**
   * What differs in an epoch; empty if nothing does.
   * @param {Metrics} mine
   * @param {Metrics} recorded
   */
  const differences = (mine, recorded) => NAMES.filter((name) => !Object.is(mine[name], recorded[name]));

  /**
   * What to report of a difference: the first epoch that has one, and where it was met.
   * @param {Metrics[]} mine
   * @param {Metrics[]} recorded
   * @param {string} run  that it was compared with, in words
   */
  function report(mine, recorded, run) {
    const at = mine.findIndex((row, i) => differences(row, recorded[i]).length);
    const lines = differences(mine[at], recorded[at]).map((name) => `${name}: here ${mine[at][name]}, recorded ${recorded[at][name]}`);
    return [
      `The training in the page differs from ${run}, first at epoch ${at}.`,
      ...lines,
      `browser: ${navigator.userAgent}`,
      `cores: ${navigator.hardwareConcurrency ?? "unknown"}`,
      "processor (a browser does not tell): ",
    ].join("\n");
  }

  /**
   * What trains the same on a computer: the command, with the settings that are not its defaults.
   * @param {Config} config
   * @param {Setting[]} settings
   */
  function command(config, settings) {
    const words = ["python -m lenet5 train"];
    for (const { name, default: usual } of settings) {
      if (config[name] !== usual) words.push(`--${name.replaceAll("_", "-")} ${config[name]}`);
    }
    return words.join(" ");
  }

  /**
   * Which of the pinned engines trains a run: see pin_of in lenet5/engines.py.
   * @param {Config} config
   * @param {Record<string, string>} engines  what each computes, by its name
   */
  function engineOf(config, engines) {
    const names = /** @type {(keyof typeof lenet5.EARLIER)[]} */ (Object.keys(lenet5.EARLIER));
    const isReport = names.every((name) => config[name] === lenet5.EARLIER[name]);
    return engines[isReport ? "exact" : "exact, any network"];
  }

  /**
   * A run and what has come of it, in a line.
   * @param {Run} run
   * @param {Setting[]} settings
   * @param {Record<string, string>} engines
   */
  function line({ config, history, diverged }, settings, engines) {
    const last = history[history.length - 1];
    const words = settings.map(({ name, label }) => `${label.toLowerCase()} ${config[name]}`);
    const found = diverged ? `failed: ${diverged}` : `test error ${last.test_error.toFixed(2)} % after epoch ${last.epoch}; weights SHA-256 ${last.weights}`;
    return `${words.join(", ")}: ${found}; engine ${engineOf(config, engines)}`;
  }

  return { command, differences, history, isOurs, line, report };
})();
