// @ts-check
// What a network answers, whatever the image: a training that has failed is known by it.
var lenet5 = lenet5 || {};

/** @typedef {{ counts: number[], none: number }} Answers  images by the answer to them, and those that get a number for no answer */

lenet5.answers = (() => {
  const SLICE = 800; // images at once

  /**
   * The logits of some images of a split, one after the other.
   * @param {Kernel} kernel  with room for its calls
   * @param {Split} split
   * @param {number} start
   * @param {number} count
   */
  function logits(kernel, split, start, count) {
    const { code, network, top } = kernel;
    const numbers = network.classes * count;
    const at = kernel.allocate(4 * numbers);
    const images = split.images + network.pixels * start;
    code.network_outputs(kernel.plan, kernel.weightsAt, kernel.arena, images, 0, 0, count, at, 0, 0, 1);
    kernel.top = top;
    return new Float32Array(kernel.memory, at, numbers).slice();
  }

  /**
   * How often a network gives each answer.
   * @param {Kernel} kernel
   * @param {Split} split
   * @returns {Answers}
   */
  return (kernel, split) => {
    const { classes } = kernel.network;
    const counts = new Array(classes).fill(0);
    let none = 0;
    for (let start = 0; start < split.count; start += SLICE) {
      const count = Math.min(SLICE, split.count - start);
      const numbers = logits(kernel, split, start, count);
      for (let image = 0; image < count; image++) {
        const own = Array.from(numbers.subarray(classes * image, classes * (image + 1)));
        if (own.some(Number.isNaN)) none++;
        else counts[own.indexOf(Math.max(...own))]++;
      }
    }
    return { counts, none };
  };
})();
