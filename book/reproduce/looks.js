// @ts-check
// The network while it learns: its kernels as pictures, and what it says of some test images.
var lenet5 = lenet5 || {};

/** @typedef {{ index: number, label: number, pixels: string }} Sample  28 by 28 bytes in base64 */

lenet5.looks = (() => {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} width
   * @param {number} height
   * @param {(x: number, y: number) => number[]} colour  red, green, blue, opacity of a pixel
   */
  function paint(canvas, width, height, colour) {
    Object.assign(canvas, { width, height });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const picture = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) picture.data.set(colour(i % width, Math.floor(i / width)), 4 * i);
    context.putImageData(picture, 0, 0);
  }

  /**
   * Kernels of 5 by 5 side by side, one output map a column, one input map a row: blue is below
   * 0, orange above, and the strongest weight has the full colour.
   * @param {HTMLCanvasElement} canvas
   * @param {Float32Array} weights
   * @param {number} outputs
   * @param {number} inputs
   */
  function kernels(canvas, weights, outputs, inputs) {
    const strongest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
    paint(canvas, 6 * outputs - 1, 6 * inputs - 1, (x, y) => {
      if (x % 6 === 5 || y % 6 === 5) return [0, 0, 0, 0];
      const weight = weights[((Math.floor(x / 6) * inputs + Math.floor(y / 6)) * 5 + (y % 6)) * 5 + (x % 6)];
      const full = weight < 0 ? [0, 114, 178] : [230, 159, 0], share = Math.abs(weight) / strongest;
      return [...full.map((level) => 255 + share * (level - 255)), 255];
    });
  }

  /**
   * Put test images into a list; what comes back shows what a network says of them.
   * @param {HTMLElement} list
   * @param {Sample[]} samples
   * @returns {(probabilities: Float64Array) => void}
   */
  function readings(list, samples) {
    const words = samples.map(({ index, label, pixels }) => {
      const item = document.createElement("li"), canvas = document.createElement("canvas");
      const text = document.createElement("span"), bytes = lenet5.bytes(pixels);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Test image ${index}, labelled ${label}`);
      paint(canvas, 28, 28, (x, y) => [...new Array(3).fill(bytes[28 * y + x]), 255]);
      text.textContent = "–";
      item.append(canvas, text);
      list.append(item);
      return text;
    });
    return (probabilities) => samples.forEach(({ label }, i) => {
      const own = Array.from(probabilities.subarray(10 * i, 10 * i + 10));
      const most = Math.max(...own), answer = own.indexOf(most);
      words[i].innerHTML = `<b>${answer}</b>${answer === label ? "" : `, is ${label}`}<br>${Math.round(100 * most)} %`;
      words[i].classList.toggle("reproduce-wrong", answer !== label);
    });
  }

  return { kernels, readings };
})();
