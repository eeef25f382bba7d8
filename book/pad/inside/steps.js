// @ts-check
// What "Look inside" shows of a network, from the image to the ten answers, and what a cell saw.
var lenet5 = lenet5 || {};

/**
 * A layer and the activation behind it, which are shown as one, as in the figure of the introduction.
 * `own` names the layer, `output` what gives the values that are shown: the activation if there is one.
 * `place` is that of its stage; and the units of the last dense layer and of softmax are the answers.
 * @typedef {{ name: string, kind: string, activation: string, own: string, output: string, shape: number[], stage: Stage | null, place: number, isAnswers: boolean }} Step
 * @typedef {{ top: number, left: number, height: number, width: number }} Region  of a map, in cells
 * @typedef {Record<string, Float32Array | Float64Array>} Values  of each layer, by its name
 */

lenet5.steps = (() => {
  /** @type {Record<string, string>} */
  const WORDS = { relu: "ReLU", tanh: "tanh" };

  /**
   * The image, the layers with their activations, and the probabilities.
   * @param {Network} network
   * @returns {Step[]}
   */
  function of(network) {
    /** @type {Step[]} */
    const steps = [added("image", network.imageShape, false)];
    for (const { name, kind, shape, stage } of network.layers) {
      const last = steps[steps.length - 1];
      if (WORDS[kind]) Object.assign(last, { activation: WORDS[kind], output: name });
      else if (kind !== "flatten") steps.push({ ...added(name, shape, false), kind, stage, place: network.stages.indexOf(stage) });
    }
    steps[steps.length - 1].isAnswers = true;
    return [...steps, added("softmax", [network.classes], true)];
  }

  /**
   * A step that is no layer with weights.
   * @param {string} name
   * @param {number[]} shape
   * @param {boolean} isAnswers
   * @returns {Step}
   */
  function added(name, shape, isAnswers) {
    return { name, kind: name, activation: "", own: name, output: name, shape, stage: null, place: -1, isAnswers };
  }

  /**
   * What every step makes of an image, by the names that steps have.
   * @param {Kernel} kernel
   * @param {Float32Array} pixels
   * @returns {Values}
   */
  function values(kernel, pixels) {
    return { image: pixels, ...kernel.activations(pixels), softmax: kernel.read(pixels).probabilities };
  }

  /** @param {Step} step */
  const hasMaps = ({ shape }) => shape.length === 3;

  /** @param {Step} step */
  const isPool = ({ kind }) => kind.endsWith("pool");

  /**
   * Whether the values that are shown may lie below 0.
   * @param {Step[]} steps
   * @param {number} index
   */
  function isSigned(steps, index) {
    const { kind, activation } = steps[index];
    if (kind === "max pool") return isSigned(steps, index - 1);
    return kind !== "image" && kind !== "softmax" && activation !== "ReLU";
  }

  /**
   * How many maps a step is shown as, and of how many rows and columns; a dense layer is one strip,
   * whose last row may be short.
   * @param {Step} step
   */
  function sheet(step) {
    if (hasMaps(step)) return { maps: step.shape[0], rows: step.shape[1], columns: step.shape[2], cells: step.shape[1] * step.shape[2] };
    const [cells] = step.shape;
    const most = Math.max(40, Math.ceil(Math.sqrt(4 * cells)));
    const columns = Math.ceil(cells / Math.ceil(cells / most)); // rows of nearly one length
    return { maps: 1, rows: Math.ceil(cells / columns), columns, cells };
  }

  /**
   * What each step before a cell hands to it, by the step's number: a region of its maps, or null where
   * that is all of a dense layer. For the image this is the cell's receptive field.
   * @param {Step[]} steps
   * @param {number} index
   * @param {number} row  of the cell
   * @param {number} column
   * @returns {(Region | null)[]}
   */
  function reach(steps, index, row, column) {
    /** @type {(Region | null)[]} */
    const regions = [];
    /** @type {Region | null} */
    let seen = hasMaps(steps[index]) ? { top: row, left: column, height: 1, width: 1 } : null;
    for (let at = index; at > 0; at--) {
      seen = before(steps[at], steps[at - 1], seen);
      regions[at - 1] = seen;
    }
    return regions;
  }

  /**
   * What a step sees of the one before it, to make a region of its own.
   * @param {Step} step
   * @param {Step} previous
   * @param {Region | null} region
   * @returns {Region | null}
   */
  function before(step, previous, region) {
    if (!hasMaps(previous)) return null;
    const { stage } = step;
    if (!region || !stage || !hasMaps(step)) return { top: 0, left: 0, height: previous.shape[1], width: previous.shape[2] };
    const { top, left, height, width } = region;
    if (isPool(step)) {
      const side = stage.pool;
      return { top: side * top, left: side * left, height: side * height, width: side * width };
    }
    return { top, left, height: height + stage.kernel - 1, width: width + stage.kernel - 1 };
  }

  return { hasMaps, isPool, isSigned, of, reach, sheet, values };
})();
