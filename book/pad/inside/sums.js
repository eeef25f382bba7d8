// @ts-check
// How a value of a network comes about, computed here once more, operation by operation in the order
// of the exact engine: the plain forms of exact/stages/ say it in C. Every sum begins with the bias and
// goes input map by input map, within a map row by row; each product and each sum is rounded to 32 bits.
var lenet5 = lenet5 || {};

/**
 * The part of a sum that one input map adds: `seen` and `weights` are rows × columns, and `sums` is
 * what the whole sum is after each product.
 * @typedef {{ rows: number, columns: number, seen: Float32Array, weights: Float32Array, products: Float32Array, sums: Float32Array, adds: number }} Portion
 *
 * A sum, what it makes before and after the activation, and the average of a pool if it stands before it.
 * @typedef {{ kind: "sum", bias: number, parts: Portion[], sum: number, value: number, average: number | null }} Sum
 * The largest of some cells, before and after the activation; of equal ones the first.
 * @typedef {{ kind: "maximum", side: number, cells: Float32Array, winner: number, sum: number, value: number }} Maximum
 * A probability: the exponential of the answer's logit less the largest, divided by the sum of all.
 * @typedef {{ kind: "softmax", logits: Float32Array, largest: number, terms: number[], total: number, value: number }} Softmax
 * @typedef {{ kind: "pixel", value: number }} Pixel
 * @typedef {Sum | Maximum | Softmax | Pixel} Account
 */

lenet5.sums = (() => {
  const { fround } = Math;
  const { hasMaps } = lenet5.steps;

  /**
   * How the value of a cell comes about.
   * @param {Kernel} kernel
   * @param {Step[]} steps
   * @param {Values} values
   * @param {number} index  of the step
   * @param {number} map  or 0 of a dense layer
   * @param {number} row
   * @param {number} column  or the unit of a dense layer
   * @returns {Account}
   */
  function account(kernel, steps, values, index, map, row, column) {
    const step = steps[index];
    const before = steps[index - 1];
    if (step.kind === "image") return { kind: "pixel", value: values.image[at(step, map, row, column)] };
    if (step.kind === "softmax") return softmax(kernel, values, before, column);
    if (step.kind === "max pool") return maximum(step, before, values, map, row, column);
    if (step.kind === "average pool") return averaged(kernel, steps, values, index, map, row, column);
    const output = hasMaps(step) ? map : column;
    const inputs = hasMaps(step)
      ? patches(values[before.output], before.shape, row, column, step.stage?.kernel ?? 1)
      : wholes(values[before.output], before);
    return { kind: "sum", ...weighted(kernel, step, output, inputs), average: null };
  }

  /**
   * Where a cell lies in the values of a step.
   * @param {Step} step
   * @param {number} map
   * @param {number} row
   * @param {number} column
   */
  function at({ shape }, map, row, column) {
    return shape.length === 3 ? (map * shape[1] + row) * shape[2] + column : column;
  }

  // -- sums ----------------------------------------------------------------------------

  /** @typedef {{ rows: number, columns: number, seen: Float32Array }} Input  of one map */

  /**
   * The squares that a kernel sees, one of each map.
   * @param {Float32Array | Float64Array} maps
   * @param {number[]} shape
   * @param {number} top
   * @param {number} left
   * @param {number} side
   * @returns {Input[]}
   */
  function patches(maps, [channels, height, width], top, left, side) {
    return Array.from({ length: channels }, (_, channel) => {
      const seen = new Float32Array(side * side);
      for (let k = 0; k < seen.length; k++) {
        const y = top + Math.floor(k / side);
        seen[k] = maps[(channel * height + y) * width + left + (k % side)];
      }
      return { rows: side, columns: side, seen };
    });
  }

  /**
   * All that comes into a dense layer: whole maps, or one strip.
   * @param {Float32Array | Float64Array} all
   * @param {Step} before
   * @returns {Input[]}
   */
  function wholes(all, before) {
    const [channels, rows, columns] = hasMaps(before) ? before.shape : [1, 1, all.length];
    const size = rows * columns;
    return Array.from({ length: channels }, (_, channel) => (
      { rows, columns, seen: Float32Array.from(all.subarray(size * channel, size * (channel + 1))) }
    ));
  }

  /**
   * The bias and the products, added one after the other.
   * @param {Kernel} kernel
   * @param {Step} step
   * @param {number} output
   * @param {Input[]} inputs
   */
  function weighted(kernel, step, output, inputs) {
    const stage = /** @type {Stage} */ (step.stage);
    const { weight, bias } = placesOf(kernel.network, step.place);
    const all = kernel.weights;
    const taps = inputs.length * inputs[0].seen.length;
    let sum = all[bias + output];
    let from = weight + output * taps;
    /** @type {Portion[]} */
    const parts = [];
    for (const input of inputs) {
      const weights = all.slice(from, from + input.seen.length);
      from += weights.length;
      const products = weights.map((tap, i) => fround(tap * input.seen[i]));
      const sums = products.map((product) => (sum = fround(sum + product)));
      const adds = products.reduce((a, b) => a + b, 0);
      parts.push({ ...input, weights, products, sums, adds });
    }
    return { bias: all[bias + output], parts, sum, value: activate(stage.activation, step.activation, sum) };
  }

  /**
   * Where the weights and the biases of a stage begin.
   * @param {Network} network
   * @param {number} place
   */
  function placesOf(network, place) {
    let weight = 0;
    for (const { weightShape, outputs } of network.stages.slice(0, place)) {
      weight += weightShape.reduce((a, b) => a * b, 1) + outputs;
    }
    const own = network.stages[place].weightShape.reduce((a, b) => a * b, 1);
    return { weight, bias: weight + own };
  }

  // -- pools ---------------------------------------------------------------------------

  /**
   * The largest cell of a square, taken before the activation.
   * @param {Step} step
   * @param {Step} before
   * @param {Values} values
   * @param {number} map
   * @param {number} row
   * @param {number} column
   * @returns {Maximum}
   */
  function maximum(step, before, values, map, row, column) {
    const { pool, activation } = /** @type {Stage} */ (step.stage);
    const square = patches(values[before.own], before.shape, pool * row, pool * column, pool)[map].seen;
    let winner = 0;
    square.forEach((value, place) => { if (value > square[winner]) winner = place; });
    const value = activate(activation, before.activation, square[winner]);
    return { kind: "maximum", side: pool, cells: square, winner, sum: square[winner], value };
  }

  /**
   * An average pool: the engine first averages each square of what comes into the convolution, and
   * adds the products with these averages.
   * @param {Kernel} kernel
   * @param {Step[]} steps
   * @param {Values} values
   * @param {number} index
   * @param {number} map
   * @param {number} row
   * @param {number} column
   * @returns {Sum}
   */
  function averaged(kernel, steps, values, index, map, row, column) {
    const { kernel: side, pool } = /** @type {Stage} */ (steps[index].stage);
    const incoming = steps[index - 2];
    const convolved = steps[index - 1];
    const wide = side + pool - 1;
    const seen = patches(values[incoming.output], incoming.shape, pool * row, pool * column, wide);
    const inputs = seen.map((input) => ({ rows: side, columns: side, seen: averages(input.seen, wide, side, pool) }));
    const average = patches(values[convolved.own], convolved.shape, pool * row, pool * column, pool)[map];
    const [mean] = averages(average.seen, pool, 1, pool);
    return { kind: "sum", ...weighted(kernel, steps[index], map, inputs), average: mean };
  }

  /**
   * The averages of all squares of `pool` × `pool` in a larger one, in the order of its rows.
   * @param {Float32Array} square  wide × wide
   * @param {number} wide
   * @param {number} side  how many stand beside each other
   * @param {number} pool
   */
  function averages(square, wide, side, pool) {
    const share = fround(1 / (pool * pool));
    return Float32Array.from({ length: side * side }, (_, place) => {
      const top = Math.floor(place / side);
      const left = place % side;
      let sum = 0;
      for (let k = 0; k < pool * pool; k++) {
        sum = fround(sum + square[(top + Math.floor(k / pool)) * wide + left + (k % pool)]);
      }
      return sum * share;
    });
  }

  // -- activations ---------------------------------------------------------------------

  // The scaled tanh of exact/stages/tanh.h, with its constants, which are 32-bit numbers.
  const HEIGHT = fround(1.7159);
  const STEEPNESS = fround(2 / 3);
  const TO_POWER = fround(STEEPNESS * fround(2.885390082));
  const TERMS = [1.5403530e-4, 1.33335581e-3, 9.61812911e-3, 5.55041087e-2, 2.40226507e-1, 6.93147181e-1, 1].map(fround);
  const SHIFT = 1.5 * 2 ** 23; // added to a number below, it leaves the nearest whole number in the last bits

  /**
   * 2 to the power of a number from -26 to 26, rounded after each operation as the engine's is.
   * @param {number} power
   */
  function power2(power) {
    const whole = fround(fround(power + SHIFT) - SHIFT);
    const rest = fround(power - whole);
    const series = TERMS.reduce((sum, term) => fround(fround(sum * rest) + term));
    return fround(series * 2 ** whole);
  }

  /** @param {number} sum */
  function scaledTanh(sum) {
    const power = Math.min(Math.max(fround(sum * TO_POWER), -26), 26);
    const fraction = fround(2 / fround(power2(power) + 1));
    return fround(HEIGHT * fround(1 - fraction));
  }

  /**
   * What the activation makes of a sum.
   * @param {string} activation  of the stage
   * @param {string} shown  empty if the step has none of its own: it stands behind the pool
   * @param {number} sum
   */
  function activate(activation, shown, sum) {
    if (!shown) return sum;
    if (activation === "tanh") return scaledTanh(sum);
    return sum > 0 ? sum : 0;
  }

  // -- probabilities -------------------------------------------------------------------

  /**
   * In 64 bits, by the engine's own exponential; the sum goes from the first answer to the last.
   * @param {Kernel} kernel
   * @param {Values} values
   * @param {Step} before
   * @param {number} answer
   * @returns {Softmax}
   */
  function softmax(kernel, values, before, answer) {
    const logits = Float32Array.from(values[before.output]);
    const largest = logits.reduce((a, b) => (b > a ? b : a));
    const terms = Array.from(logits, (logit) => kernel.code.network_exp(logit - largest));
    const total = terms.reduce((a, b) => a + b, 0);
    return { kind: "softmax", logits, largest, terms, total, value: terms[answer] / total };
  }

  return { account, at };
})();
