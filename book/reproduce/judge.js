// @ts-check
// The verdict: what this browser computed beside what was published, bit for bit.
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
    const rows = lines.map((line) => {
      const cells = line.split(",");
      const row = head.split(",").map((name, i) => [name, name === "weights" ? cells[i] : Number(cells[i])]);
      return /** @type {Metrics} */ (Object.fromEntries(row));
    });
    const whole = rows.every((row, i) => row.epoch === i && NAMES.slice(0, 4).every((name) => Number.isFinite(row[name])) && /^[0-9a-f]{64}$/.test(row.weights));
    if (!rows.length || !whole) throw new Error("the record of the published run is damaged: build the book again");
    return rows;
  }

  /**
   * Whether a training repeats the published run, or its first epochs: all other settings are the same.
   * @param {Config} config
   * @param {Config} published
   */
  function isPublished(config, published) {
    const names = /** @type {(keyof Config)[]} */ (Object.keys(config));
    const same = names.every((name) => name === "epochs" || config[name] === published[name]);
    return same && config.epochs <= published.epochs;
  }

  /**
   * What differs in an epoch; empty if nothing does.
   * @param {Metrics} mine
   * @param {Metrics} published
   */
  const differences = (mine, published) => NAMES.filter((name) => !Object.is(mine[name], published[name]));

  /**
   * What to report of a difference: the first epoch that has one, and where it was met.
   * @param {Metrics[]} mine
   * @param {Metrics[]} published
   */
  function report(mine, published) {
    const at = mine.findIndex((row, i) => differences(row, published[i]).length);
    const lines = differences(mine[at], published[at]).map((name) => `${name}: here ${mine[at][name]}, published ${published[at][name]}`);
    return [
      `The training in the page differs from the published run, first at epoch ${at}.`,
      ...lines,
      `browser: ${navigator.userAgent}`,
      `cores: ${navigator.hardwareConcurrency ?? "unknown"}`,
      "processor (a browser does not tell): ",
    ].join("\n");
  }

  return { differences, history, isPublished, report };
})();
