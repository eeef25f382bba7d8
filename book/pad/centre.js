// @ts-check
// MNIST's preparation of a drawing: what `centre` in lenet5/picture.py does, to the bit.
var lenet5 = lenet5 || {};

/** @typedef {{ first: number, shares: number[] }} Covered  old pixels that a new one covers, and the weight of each */

lenet5.centre = (() => {
  const SIDE = 28, BOX = 20, FAINT = Math.fround(0.1);

  /**
   * Python rounds a half to the even neighbour.
   * @param {number} value
   */
  function round(value) {
    const below = Math.floor(value);
    if (value - below !== 0.5) return Math.round(value);
    return below % 2 === 0 ? below : below + 1;
  }

  /** @param {number[]} values */
  function median(values) {
    const sorted = Float32Array.from(values).sort();
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * How Pillow resizes one axis.
   * @param {number} before
   * @param {number} after
   * @returns {Covered[]}  for each new pixel
   */
  function coverage(before, after) {
    const scale = before / after;
    const shrink = Math.max(scale, 1);
    // Pillow's BOX to shrink, its BILINEAR to enlarge.
    const support = scale > 1 ? 0.5 * scale : 1;
    const filter = (/** @type {number} */ x) => (scale > 1 ? Number(x > -0.5 && x <= 0.5) : Math.max(0, 1 - Math.abs(x)));
    return Array.from({ length: after }, (_, i) => {
      const middle = (i + 0.5) * scale;
      const first = Math.max(0, Math.trunc(middle - support + 0.5));
      const end = Math.min(before, Math.trunc(middle + support + 0.5));
      const shares = [];
      for (let x = first; x < end; x++) shares.push(filter((x - middle + 0.5) * (1 / shrink)));
      // Times one over the sum, as Pillow has it: the quotient is not always the same to the last bit.
      const whole = 1 / shares.reduce((a, b) => a + b);
      return { first, shares: shares.map((share) => share * whole) };
    });
  }

  /**
   * @param {Float32Array} ink
   * @param {number} width
   * @param {number} height
   * @param {number} newWidth
   */
  function resizeAcross(ink, width, height, newWidth) {
    const wide = new Float32Array(newWidth * height);
    coverage(width, newWidth).forEach(({ first, shares }, x) => {
      for (let y = 0; y < height; y++) {
        let sum = 0;
        for (let i = 0; i < shares.length; i++) sum += shares[i] * ink[y * width + first + i];
        wide[y * newWidth + x] = sum;
      }
    });
    return wide;
  }

  /**
   * @param {Float32Array} ink
   * @param {number} width
   * @param {number} height
   * @param {number} newHeight
   */
  function resizeDown(ink, width, height, newHeight) {
    const small = new Float32Array(width * newHeight);
    coverage(height, newHeight).forEach(({ first, shares }, y) => {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let i = 0; i < shares.length; i++) sum += shares[i] * ink[(first + i) * width + x];
        small[y * width + x] = sum;
      }
    });
    return small;
  }

  /**
   * Pillow, since its version 13, shrinks what is more than twice as high as wide down first; the last bits differ.
   * @param {Float32Array} ink
   * @param {number} width
   * @param {number} height
   * @param {number} newWidth
   * @param {number} newHeight
   */
  function resize(ink, width, height, newWidth, newHeight) {
    if (height > 2 * width && newHeight < height) {
      return resizeAcross(resizeDown(ink, width, height, newHeight), width, newHeight, newWidth);
    }
    return resizeDown(resizeAcross(ink, width, height, newWidth), newWidth, height, newHeight);
  }

  /**
   * @param {ArrayLike<number>} grey  levels row by row, any scale, dark on light or light on dark
   * @param {number} width
   * @param {number} height
   * @returns {Float32Array | null}  784 values in [0, 1] with 1 for ink, or null if all levels are alike
   */
  return (grey, width, height) => {
    const border = [];
    for (let x = 0; x < width; x++) border.push(grey[x], grey[(height - 1) * width + x]);
    for (let y = 0; y < height; y++) border.push(grey[y * width], grey[y * width + width - 1]);
    const paper = median(border);
    const ink = new Float32Array(grey.length); // loops, since callbacks on each pixel are slow
    let strongest = 0;
    for (let i = 0; i < ink.length; i++) {
      ink[i] = Math.abs(grey[i] - paper);
      if (ink[i] > strongest) strongest = ink[i];
    }
    if (strongest < 1e-6) return null;

    let top = height, bottom = -1, left = width, right = -1;
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (ink[i] === 0) continue;
        ink[i] /= strongest;
        if (ink[i] <= FAINT) continue;
        bottom = y;
        if (y < top) top = y;
        if (x < left) left = x;
        if (x > right) right = x;
      }
    }
    const boxWidth = right - left + 1, boxHeight = bottom - top + 1;
    const box = new Float32Array(boxWidth * boxHeight);
    for (let y = 0; y < boxHeight; y++) {
      const start = (top + y) * width + left;
      box.set(ink.subarray(start, start + boxWidth), y * boxWidth);
    }

    const scale = BOX / Math.max(boxWidth, boxHeight);
    const newWidth = Math.max(1, round(boxWidth * scale));
    const newHeight = Math.max(1, round(boxHeight * scale));
    const small = resize(box, boxWidth, boxHeight, newWidth, newHeight);

    let mass = 0, massX = 0, massY = 0, peak = 0;
    small.forEach((level, i) => {
      mass += level;
      massX += level * ((i % newWidth) + 0.5);
      massY += level * (Math.floor(i / newWidth) + 0.5);
      peak = Math.max(peak, level);
    });
    const place = (/** @type {number} */ centre, /** @type {number} */ size) => Math.min(Math.max(round(SIDE / 2 - centre), 0), SIDE - size);
    const x0 = place(massX / mass, newWidth), y0 = place(massY / mass, newHeight);
    const out = new Float32Array(SIDE * SIDE);
    small.forEach((level, i) => {
      out[(y0 + Math.floor(i / newWidth)) * SIDE + x0 + (i % newWidth)] = level / peak;
    });
    return out;
  };
})();
