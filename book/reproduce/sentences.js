// @ts-check
// What the page says of a training: how far it is, what came of an epoch, the verdict.
var lenet5 = lenet5 || {};

lenet5.sentences = (() => {
  const { differences } = lenet5.judge;

  /** @param {number} seconds */
  function time(seconds) {
    if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
    return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
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
   * @param {boolean} comparable
   * @param {number} seeds  whose spread is drawn
   * @returns {{ head: string, text: string, same: boolean | null }}
   */
  function verdict(mine, published, comparable, seeds) {
    const last = mine[mine.length - 1], end = published.length - 1;
    if (!comparable) {
      const text = `The published run was trained with other settings, so there is nothing to compare bit by bit. The grey band holds nine of ten of the ${seeds} recorded seeds of the published settings.`;
      return { head: "Your own run.", text, same: null };
    }
    const bad = mine.findIndex((row, i) => differences(row, published[i]).length);
    if (bad >= 0) {
      const text = `The first difference is at epoch ${bad}. This ought not to happen in any browser.`;
      return { head: "Not identical.", text, same: false };
    }
    if (last.epoch < end) {
      const text = `The losses, the errors and all 44,426 weights are the published ones, bit for bit, from the start to epoch ${last.epoch} of ${end}.`;
      return { head: "Identical so far.", text, same: true };
    }
    const text = `Your browser has trained the published network: after each of the ${end} epochs its losses and errors are the published ones to the last bit, and at the end so are all 44,426 weights.`;
    return { head: "Bit-identical.", text, same: true };
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
      String(row.epoch), row.train_loss.toFixed(5), `${row.train_error.toFixed(2)} %`,
      row.test_loss.toFixed(5), `${row.test_error.toFixed(2)} %`, `${row.weights.slice(0, 12)}…`, published ? judged : "–",
    ];
  }

  return { cells, epoch, time, verdict };
})();
