// @ts-check
// What the page says of a training: how far it is, what came of an epoch, the verdict.
var lenet5 = lenet5 || {};

/**
 * What a run is held to: the rows of our run, or of a recorded seed.
 * @typedef {{ rows: Metrics[], seed?: number }} Reference
 * @typedef {{ head: string, text: string, same: boolean | null }} Verdict
 */

lenet5.sentences = (() => {
  const { differences } = lenet5.judge;

  const ELSEWHERE = "On a computer the same run ends in the same bytes, with this checksum in the last line of its history.csv:";

  /** @param {number} seconds */
  function time(seconds) {
    if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
    return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
  }

  /**
   * A time to come, as exactly as it can be known.
   * @param {number} seconds
   */
  function roughly(seconds) {
    if (seconds < 10) return "a few seconds";
    if (seconds < 55) return `about ${10 * Math.round(seconds / 10)} s`;
    return seconds < 90 ? "about a minute" : `about ${time(seconds)}`;
  }

  /** @param {number} count */
  function cores(count) {
    return count === 1 ? "one core" : `${count} cores`;
  }

  /**
   * Seconds an epoch, which may be fewer than one.
   * @param {number} seconds
   */
  function pace(seconds) {
    return seconds < 9.95 ? `${seconds.toPrecision(seconds < 0.995 ? 1 : 2)} s` : time(seconds);
  }

  /**
   * How long a training takes, and how that is known.
   * @param {number} perEpoch  seconds
   * @param {number} epochs
   * @param {number} workers
   * @param {string} how
   */
  function duration(perEpoch, epochs, workers, how) {
    const whole = roughly(perEpoch * epochs);
    return `${whole[0].toUpperCase()}${whole.slice(1)} on ${cores(workers)} of this device, ${pace(perEpoch)} an epoch: ${how}.`;
  }

  /**
   * What more workers would win.
   * @param {number} seconds
   * @param {number} workers
   */
  function shared(seconds, workers) {
    return `On ${cores(workers)} it takes ${roughly(seconds)} at best.`;
  }

  /** @param {Network} network */
  function size({ parameters, multiplyAdds }) {
    const [numbers, products] = [parameters, multiplyAdds].map((count) => count.toLocaleString("en-US"));
    return `${numbers} parameters, ${products} multiply-adds an image.`;
  }

  /**
   * What is trained.
   * @param {Config} config
   * @param {Config} recipe
   * @param {Setting[]} settings
   */
  function what(config, recipe, settings) {
    const differing = settings.filter(({ name }) => config[name] !== recipe[name]);
    if (!differing.length) return `The training of our run: network ${config.network}, ${config.epochs} epochs, seed ${config.seed}.`;
    const words = differing.map(({ name, label }) => `${label.toLowerCase()} ${config[name]}`);
    return `Your choice: ${words.join(", ")}; all else as in our run.`;
  }

  /**
   * What a training is doing.
   * @param {Progress} progress
   * @param {number} epochs
   * @param {number | null} perEpoch  seconds, if it can be said
   * @param {number | null} left
   */
  function state({ epoch, step, steps, share, workers }, epochs, perEpoch, left) {
    const isMeasuring = step === steps && share > 0.7;
    const doing = epoch === 0 ? "measuring the untrained network" : isMeasuring ? "measuring" : `step ${step} of ${steps}`;
    const rest = left === null || perEpoch === null ? "" : ` ${pace(perEpoch)} an epoch, ${roughly(left)} left.`;
    return `Epoch ${epoch} of ${epochs}, ${doing}, on ${cores(workers)}.${rest}`;
  }

  /**
   * @param {Metrics} row
   * @param {number} epochs
   * @param {Reference | null} reference  null if there is nothing to compare with
   */
  function epoch(row, epochs, reference) {
    const isOurs = reference?.seed === undefined;
    const differs = isOurs ? "This is not what our run came to." : "This is not what is recorded.";
    const agrees = isOurs ? "As in our run, bit for bit." : "As recorded, bit for bit.";
    const same = reference && ` ${differences(row, reference.rows[row.epoch]).length ? differs : agrees}`;
    return `Epoch ${row.epoch} of ${epochs}: ${row.test_error.toFixed(2)} % of the test images are misread.${same || ""}`;
  }

  /**
   * The verdict's head and sentence, and whether all is as it was; null where nothing is compared.
   * @param {Metrics[]} mine
   * @param {Reference} reference
   * @param {number} parameters  of the network
   * @returns {Verdict}
   */
  function verdict(mine, { rows, seed }, parameters) {
    const last = mine[mine.length - 1];
    const end = rows.length - 1;
    const all = `all ${parameters.toLocaleString("en-US")} weights`;
    const bad = mine.findIndex((row, i) => differences(row, rows[i]).length);
    const ones = seed === undefined ? "those of our run" : `those of the recorded seed ${seed}`;
    if (bad >= 0) {
      const text = `The first difference is at epoch ${bad}. This ought not to happen in any browser.`;
      return { head: "Not identical.", text, same: false };
    }
    if (last.epoch < end) {
      const text = `The losses, the errors and ${all} are ${ones}, bit for bit, from the start to epoch ${last.epoch} of ${end}.`;
      return { head: "Identical so far.", text, same: true };
    }
    const network = seed === undefined ? "our network" : `our network with seed ${seed}`;
    const text = `Your browser has trained ${network}: after each of the ${end} epochs its losses and errors are ${ones} to the last bit, and at the end so are ${all}.`;
    return { head: "Bit-identical.", text, same: true };
  }

  /**
   * What is said in place of a verdict of a run that nobody has recorded.
   * @param {number} seeds  whose spread is drawn
   * @param {boolean} isOfRecipe  whether the seed alone is another
   * @returns {Verdict}
   */
  function ownRun(seeds, isOfRecipe) {
    const band = `The grey band holds nine of ten of the ${seeds} recorded seeds with the settings of our run.`;
    if (isOfRecipe) return { head: "Your own seed.", text: `It is none of the ${seeds} recorded ones. ${band}`, same: null };
    const text = `Our run was trained with other settings, so there is nothing here to compare bit by bit. ${band}`;
    return { head: "Your own run.", text, same: null };
  }

  /**
   * What is said of a training whose numbers are none any more.
   * @param {string} diverged
   * @returns {Verdict}
   */
  function failure(diverged) {
    return { head: "The training has failed.", text: `${diverged[0].toUpperCase()}${diverged.slice(1)}.`, same: false };
  }

  /** @param {number} place */
  function ordinal(place) {
    const isTeen = Math.floor(place / 10) % 10 === 1;
    return `${place}${(!isTeen && ["th", "st", "nd", "rd"][place % 10]) || "th"}`;
  }

  /**
   * Where a run stands among the recorded seeds. Seeds that misread as many test images share places.
   * @param {Rank} rank
   * @param {Config} config
   * @param {Metrics} last
   * @param {boolean} isRecorded
   */
  function place({ seeds, better, same, worse }, { seed }, { epoch, test_error }, isRecorded) {
    const start = `After epoch ${epoch}, with ${test_error.toFixed(2)} % of the test images misread,`;
    const others = same === 1 ? "another seed" : `${same} others`;
    if (!isRecorded) return `${start} it would stand behind ${better} of the ${seeds} recorded seeds and before ${worse}; ${same} misread as many.`;
    if (!same) return `${start} seed ${seed} is ${ordinal(better + 1)} of ${seeds}.`;
    return `${start} seed ${seed} shares the places from ${ordinal(better + 1)} to ${ordinal(better + 1 + same)} of ${seeds} with ${others}.`;
  }

  /**
   * What a network does that has not learned to read; empty if it does nothing of note.
   * @param {Answers | null | undefined} answers
   */
  function habit(answers) {
    if (!answers) return "";
    const { counts, none } = answers;
    const images = counts.reduce((a, b) => a + b, none);
    const most = Math.max(...counts);
    const answer = counts.indexOf(most);
    if (none === images) return "It answers nothing any more: what it computes of a test image is no number (NaN).";
    if (most === images) return `It answers ${answer} to everything: to all ${images.toLocaleString("en-US")} test images.`;
    const share = Math.floor((100 * most) / images);
    return share >= 50 ? `It answers ${answer} to ${share} % of the test images.` : "";
  }

  /**
   * A row of the table.
   * @param {Metrics} row
   * @param {Metrics | undefined} recorded
   */
  function cells(row, recorded) {
    const different = recorded ? differences(row, recorded) : [];
    const judged = different.length ? `✗ ${different.join(", ").replaceAll("_", " ")}` : "✓";
    return [
      String(row.epoch),
      row.train_loss.toFixed(5),
      `${row.train_error.toFixed(2)} %`,
      row.test_loss.toFixed(5),
      `${row.test_error.toFixed(2)} %`,
      `${row.weights.slice(0, 12)}…`,
      recorded ? judged : "–",
    ];
  }

  return { ELSEWHERE, cells, duration, epoch, failure, habit, ownRun, place, roughly, shared, size, state, time, verdict, what };
})();
