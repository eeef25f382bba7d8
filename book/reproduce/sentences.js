// @ts-check
// What the page says of a training: how far it is, what came of an epoch, the verdict.
var lenet5 = lenet5 || {};

lenet5.sentences = (() => {
  const { differences } = lenet5.judge;

  const ELSEWHERE = "The history.csv of the same run on a computer has this checksum too; there it is made by";

  /** @param {number} seconds */
  function time(seconds) {
    if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
    return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
  }

  /** @param {number} count */
  function cores(count) {
    return count === 1 ? "one core" : `${count} cores`;
  }

  /**
   * What a training is doing.
   * @param {Progress} progress
   * @param {number} epochs
   * @param {number | null} left  seconds, if it can be said
   */
  function state({ epoch, step, steps, share, workers }, epochs, left) {
    const isMeasuring = step === steps && share > 0.7;
    const doing = epoch === 0 ? "measuring the untrained network" : isMeasuring ? "measuring" : `step ${step} of ${steps}`;
    const rest = left === null ? "" : ` About ${time(left)} left.`;
    return `Epoch ${epoch} of ${epochs}, ${doing}, on ${cores(workers)}.${rest}`;
  }

  /**
   * @param {Metrics} row
   * @param {number} epochs
   * @param {Metrics[] | null} published  null if there is nothing to compare with
   */
  function epoch(row, epochs, published) {
    const same = published && (differences(row, published[row.epoch]).length ? " This is not what was published." : " As published, bit for bit.");
    return `Epoch ${row.epoch} of ${epochs}: ${row.test_error.toFixed(2)} % of the test images are misread.${same || ""}`;
  }

  /**
   * The verdict's head and sentence, and whether all is as published; null where nothing is compared.
   * @param {Metrics[]} mine
   * @param {Metrics[]} published
   * @param {number} parameters  of the network
   * @returns {{ head: string, text: string, same: boolean | null }}
   */
  function verdict(mine, published, parameters) {
    const last = mine[mine.length - 1];
    const end = published.length - 1;
    const all = `all ${parameters.toLocaleString("en-US")} weights`;
    const bad = mine.findIndex((row, i) => differences(row, published[i]).length);
    if (bad >= 0) {
      const text = `The first difference is at epoch ${bad}. This ought not to happen in any browser.`;
      return { head: "Not identical.", text, same: false };
    }
    if (last.epoch < end) {
      const text = `The losses, the errors and ${all} are the published ones, bit for bit, from the start to epoch ${last.epoch} of ${end}.`;
      return { head: "Identical so far.", text, same: true };
    }
    const text = `Your browser has trained the published network: after each of the ${end} epochs its losses and errors are the published ones to the last bit, and at the end so are ${all}.`;
    return { head: "Bit-identical.", text, same: true };
  }

  /**
   * What is said in place of a verdict of a run that is not the published one.
   * @param {number} seeds  whose spread is drawn
   * @returns {{ head: string, text: string, same: boolean | null }}
   */
  function ownRun(seeds) {
    const text = `The published run was trained with other settings, so there is nothing to compare bit by bit. The grey band holds nine of ten of the ${seeds} recorded seeds of the published settings.`;
    return { head: "Your own run.", text, same: null };
  }

  /**
   * A row of the table.
   * @param {Metrics} row
   * @param {Metrics | undefined} published
   */
  function cells(row, published) {
    const different = published ? differences(row, published) : [];
    const judged = different.length ? `✗ ${different.join(", ").replaceAll("_", " ")}` : "✓";
    return [
      String(row.epoch),
      row.train_loss.toFixed(5),
      `${row.train_error.toFixed(2)} %`,
      row.test_loss.toFixed(5),
      `${row.test_error.toFixed(2)} %`,
      `${row.weights.slice(0, 12)}…`,
      published ? judged : "–",
    ];
  }

  return { ELSEWHERE, cells, epoch, ownRun, state, time, verdict };
})();
