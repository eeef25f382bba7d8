// @ts-check
// The recorded seeds of the recipe of our run: what each has come to, and where a run stands among them.
var lenet5 = lenet5 || {};

/** @typedef {{ seeds: number, better: number, same: number, worse: number }} Rank  how many recorded seeds, without the run itself, do so */

lenet5.seeds = (() => {
  /**
   * The runs of seeds.csv, by their seed.
   * @param {string} text
   * @returns {Map<number, Metrics[]>}
   */
  function read(text) {
    const [head, ...lines] = text.trim().split("\n");
    const names = head.split(",");
    const seed = names.indexOf("seed");
    /** @type {Map<string, string[]>} */
    const bySeed = new Map();
    for (const line of lines) {
      const key = line.split(",")[seed];
      const rows = bySeed.get(key) ?? [];
      if (!rows.length) bySeed.set(key, rows);
      rows.push(line);
    }
    const runs = [...bySeed].map(([key, rows]) => /** @type {[number, Metrics[]]} */ ([
      Number(key), lenet5.judge.history([head, ...rows].join("\n")),
    ]));
    return new Map(runs);
  }

  /**
   * Whether the seed is all that tells a run from the recorded ones.
   * @param {Config} config
   * @param {Config} recipe  with any seed
   */
  function isOfRecipe(config, recipe) {
    return lenet5.judge.isOurs(config, { ...recipe, seed: config.seed });
  }

  /**
   * Where a run stands after an epoch, by the test images that it misreads.
   * @param {Map<number, Metrics[]>} runs
   * @param {number} seed
   * @param {Metrics} mine
   * @returns {Rank}
   */
  function rank(runs, seed, mine) {
    const errors = [...runs].filter(([other]) => other !== seed).map(([, rows]) => rows[mine.epoch].test_error);
    return {
      seeds: runs.size,
      better: errors.filter((error) => error < mine.test_error).length,
      same: errors.filter((error) => error === mine.test_error).length,
      worse: errors.filter((error) => error > mine.test_error).length,
    };
  }

  return { isOfRecipe, rank, read };
})();
