// @ts-check
// The network while it learns: its kernels as pictures, and what it says of some test images.
var lenet5 = lenet5 || {};

/** @typedef {{ index: number, label: number, pixels: string }} Sample  bytes in base64 */
/** @typedef {{ height: number, width: number, at: (x: number, y: number) => number[] }} Picture  red, green, blue, opacity of a pixel */

lenet5.looks = (() => {
  const NO_NUMBER = [128, 128, 128, 255]; // the colour of a weight that is none
  const ACROSS = 24; // kernels in a row, at most
  const WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"];

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Picture} picture
   */
  function paint(canvas, { width, height, at }) {
    Object.assign(canvas, { width, height });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const image = context.createImageData(width, height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) image.data.set(at(x, y), 4 * (y * width + x));
    }
    context.putImageData(image, 0, 0);
  }

  /**
   * The colour of a weight: blue below 0, orange above, full for the strongest.
   * @param {number} weight
   * @param {number} strongest
   */
  function colour(weight, strongest) {
    const full = weight < 0 ? [0, 114, 178] : [230, 159, 0];
    const share = Math.abs(weight) / strongest;
    if (Number.isNaN(share)) return NO_NUMBER;
    return [...full.map((level) => 255 + share * (level - 255)), 255];
  }

  /**
   * A picture of tiles with a gap between them, row by row, each a kernel of weights.
   * @param {Float32Array[]} tiles
   * @param {number} across
   * @param {number} side  of a kernel
   * @returns {Picture}
   */
  function tiled(tiles, across, side) {
    const step = side + 1;
    let strongest = 1e-9;
    for (const tile of tiles) {
      for (const weight of tile) if (Math.abs(weight) > strongest) strongest = Math.abs(weight);
    }
    /**
     * @param {number} x
     * @param {number} y
     */
    const at = (x, y) => {
      const tile = tiles[Math.floor(y / step) * across + Math.floor(x / step)];
      if (!tile || x % step === side || y % step === side) return [0, 0, 0, 0];
      return colour(tile[(y % step) * side + (x % step)], strongest);
    };
    return { width: step * across - 1, height: step * Math.ceil(tiles.length / across) - 1, at };
  }

  /**
   * The kernels of a convolution: of the first one a row of maps, or several rows; of a later one an
   * output map a column and an input map a row.
   * @param {HTMLCanvasElement} canvas
   * @param {Float32Array} weights
   * @param {Stage} stage
   */
  function kernels(canvas, weights, { outputs, channels, kernel }) {
    const size = kernel * kernel;
    const across = channels === 1 ? Math.min(outputs, ACROSS) : outputs;
    const tiles = [];
    for (let channel = 0; channel < channels; channel++) {
      for (let output = 0; output < outputs; output++) {
        const start = (output * channels + channel) * size;
        tiles.push(weights.subarray(start, start + size));
      }
    }
    paint(canvas, tiled(tiles, across, kernel));
    canvas.style.width = `${canvas.width * (channels === 1 ? 0.5 : 0.25)}rem`;
  }

  /**
   * A count, in a word where one reads better.
   * @param {number} count
   */
  function inWords(count) {
    return WORDS[count] ?? count.toLocaleString("en-US");
  }

  /**
   * Put test images into a list; what comes back shows what a network says of them.
   * @param {HTMLElement} list
   * @param {Sample[]} samples
   * @param {number[]} imageShape
   * @returns {(probabilities: Float64Array) => void}
   */
  function readings(list, samples, [, height, width]) {
    const words = samples.map(({ index, label, pixels }) => {
      const item = document.createElement("li");
      const canvas = document.createElement("canvas");
      const text = document.createElement("span");
      const bytes = lenet5.bytes(pixels);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Test image ${index}, labelled ${label}`);
      paint(canvas, { width, height, at: (x, y) => [...new Array(3).fill(bytes[width * y + x]), 255] });
      text.textContent = "–";
      item.append(canvas, text);
      list.append(item);
      return text;
    });
    return (probabilities) => {
      const classes = probabilities.length / samples.length;
      samples.forEach(({ label }, i) => {
        const own = Array.from(probabilities.subarray(classes * i, classes * (i + 1)));
        const most = Math.max(...own);
        const answer = own.indexOf(most);
        words[i].classList.toggle("training-wrong", answer !== label);
        if (answer < 0) words[i].textContent = "no number";
        if (answer < 0) return;
        words[i].innerHTML = `<b>${answer}</b>${answer === label ? "" : `, is ${label}`}<br>${Math.round(100 * most)} %`;
      });
    };
  }

  return { inWords, kernels, readings };
})();
