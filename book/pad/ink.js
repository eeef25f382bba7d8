// @ts-check
// What the ink of a picture is: its connected parts, and whether they may be one digit. The rules of lenet5/ink.py.
var lenet5 = lenet5 || {};

/**
 * A part of the ink that hangs together, also across corners: the label of its pixels, its box (bottom and right are
 * the first row and column behind it), and the sum over its pixels.
 * @typedef {{ label: number, top: number, left: number, bottom: number, right: number, ink: number }} Component
 * @typedef {"none" | "blot" | "several" | "large" | "edge" | "small" | "one"} Kind
 */

lenet5.ink = (() => {
  const FAINT = 0.1; // of the strongest ink: below it lie paper grain and compression noise
  // Two parts are two digits when each is this tall, by the tallest, and has this much ink, by the heaviest, and
  // their boxes are apart.
  const AS_TALL = 0.6, AS_HEAVY = 0.1;
  // In widths of the pen. Within two, no two strokes leave a gap between them; within four, too few for the network.
  // And hardly any digit has a square of three that is all ink.
  const DOT = 2, SMALL = 4, SOLID = 3;

  /**
   * The connected parts of the pixels with ink, in the order of their first pixels; the part with label n is
   * `parts[n - 1]`, and where there is paper the label is 0.
   * @param {ArrayLike<number>} ink  row by row, from 0, which is paper
   * @param {number} width
   * @param {number} height
   * @returns {{ labels: Int32Array, parts: Component[] }}
   */
  function components(ink, width, height) {
    const labels = new Int32Array(width * height);
    /** @type {Component[]} */
    const parts = [];
    for (let first = 0; first < labels.length; first++) {
      if (ink[first] > 0 && labels[first] === 0) parts.push(fill(ink, width, height, labels, first, parts.length + 1));
    }
    // Row by row, so that the sums are those of Python to the last bit.
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] > 0) parts[labels[i] - 1].ink += ink[i];
    }
    return { labels, parts };
  }

  /**
   * Label all that hangs together with a pixel.
   * @param {ArrayLike<number>} ink
   * @param {number} width
   * @param {number} height
   * @param {Int32Array} labels  is written to
   * @param {number} first  the pixel
   * @param {number} label
   * @returns {Component} its ink is still to be summed
   */
  function fill(ink, width, height, labels, first, label) {
    const part = { label, top: height, left: width, bottom: 0, right: 0, ink: 0 };
    const waiting = [first];
    labels[first] = label;
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const x = at % width, y = (at - x) / width;
      part.top = Math.min(part.top, y);
      part.left = Math.min(part.left, x);
      part.bottom = Math.max(part.bottom, y + 1);
      part.right = Math.max(part.right, x + 1);
      for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row++) {
        for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, width - 1); column++) {
          const next = row * width + column;
          if (ink[next] > 0 && labels[next] === 0) {
            labels[next] = label;
            waiting.push(next);
          }
        }
      }
    }
    return part;
  }

  /**
   * What the ink on a sheet is, before anything reads it: `none`; a `blot` if it is a dot, or has a spot wider than any
   * stroke; `several` if it is more than one digit; `large` if it touches opposite edges of the sheet, and `edge` if it
   * touches another; `small` if its strokes leave too narrow gaps; else `one`.
   * @param {ArrayLike<number>} ink  row by row, from 0, which is paper, on any scale
   * @param {number} width
   * @param {number} height
   * @param {number} penWidth  of the pen that drew it, in pixels
   * @returns {{ kind: Kind }}
   */
  function judge(ink, width, height, penWidth) {
    let strongest = 0;
    for (let i = 0; i < width * height; i++) strongest = Math.max(strongest, ink[i]);
    if (strongest <= 0) return { kind: "none" };
    const clear = new Float64Array(width * height);
    for (let i = 0; i < clear.length; i++) clear[i] = ink[i] > FAINT * strongest ? ink[i] : 0;
    const { parts } = components(clear, width, height);
    const top = Math.min(...parts.map((part) => part.top));
    const left = Math.min(...parts.map((part) => part.left));
    const bottom = Math.max(...parts.map((part) => part.bottom));
    const right = Math.max(...parts.map((part) => part.right));
    const size = Math.max(bottom - top, right - left);
    if (size < DOT * penWidth || hasSquare(clear, width, height, Math.ceil(SOLID * penWidth))) return { kind: "blot" };
    if (areSeveral(parts)) return { kind: "several" };
    if ((top === 0 && bottom === height) || (left === 0 && right === width)) return { kind: "large" };
    if (top === 0 || bottom === height || left === 0 || right === width) return { kind: "edge" };
    return { kind: size < SMALL * penWidth ? "small" : "one" };
  }

  /**
   * Whether two parts of the ink are a digit each.
   * @param {Component[]} parts
   */
  function areSeveral(parts) {
    const tallest = Math.max(...parts.map(heightOf));
    const heaviest = Math.max(...parts.map((part) => part.ink));
    const large = parts.filter((part) => heightOf(part) >= AS_TALL * tallest && part.ink >= AS_HEAVY * heaviest);
    return large.some((one, i) => large.slice(0, i).some((another) => areApart(one, another)));
  }

  /** @param {Component} part */
  const heightOf = (part) => part.bottom - part.top;

  /**
   * Whether the boxes of two parts have no pixel in common.
   * @param {Component} one
   * @param {Component} another
   */
  function areApart(one, another) {
    const beside = one.right <= another.left || another.right <= one.left;
    return beside || one.bottom <= another.top || another.bottom <= one.top;
  }

  /**
   * Whether a square of `side` pixels is all ink.
   * @param {ArrayLike<number>} ink
   * @param {number} width
   * @param {number} height
   * @param {number} side
   */
  function hasSquare(ink, width, height, side) {
    if (side < 1) return false;
    // The side of the largest square of ink whose last pixel is this one, of the row above and of this row.
    let above = new Int32Array(width), here = new Int32Array(width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const around = x > 0 && y > 0 ? Math.min(above[x], above[x - 1], here[x - 1]) : 0;
        here[x] = ink[y * width + x] > 0 ? around + 1 : 0;
        if (here[x] >= side) return true;
      }
      [above, here] = [here, above];
    }
    return false;
  }

  return { components, judge, areSeveral };
})();
