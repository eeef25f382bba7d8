// @ts-check
// The digit in a photograph, prepared as MNIST prepared its own: the rules of lenet5/picture.py, to the same bytes.
var lenet5 = lenet5 || {};

/**
 * A picture of one number a pixel, row by row.
 * @typedef {{ values: Float64Array, width: number, height: number }} Levels
 */

lenet5.picture = (() => {
  // What each is for says lenet5/picture.py.
  const CONTRAST = 64, LOOK = 200, CLEAR = 60, BLANK = 0.15, GREY = 32;
  const FRAME = 0.9, LONG = 0.5, THIN = 0.04, FLAT = 0.1, NEAR = 0.08, REST = 0.15;
  const PALE = 0.6, ALONG = 2, EDGE = 0.02, CRUMB = 0.1, FAR = 0.3;

  /** @type {(grey: Float32Array, width: number, height: number) => Float32Array} */
  const centre = (...values) => /** @type {any} */ (window).lenet5.centre(...values);

  /** Says in words why a picture is not read. */
  class Refusal extends Error {}

  /**
   * The digit in a picture, or why there is none.
   * @param {ArrayLike<number>} levels  the bytes of a canvas: red, green, blue and opacity of each pixel
   * @param {number} width
   * @param {number} height
   * @returns {{ pixels: Float32Array | null, refused: string }}  28×28, 0 for paper and 1 for ink
   */
  function read(levels, width, height) {
    try {
      return { pixels: digitIn(onPaper(levels, width, height)), refused: "" };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { pixels: null, refused: error.message };
    }
  }

  /**
   * Found on its paper; where it is small, looked at again from near.
   * @param {Levels} grey
   */
  function digitIn(grey) {
    let { ink, factor } = look(grey);
    const { top, left, bottom, right } = boxOf(ink);
    const size = Math.max(bottom - top, right - left);
    if (factor > 1 && size < CLEAR) {
      const margin = (size + 1) >> 1;
      ({ ink } = look(cut(
        grey,
        factor * Math.max(left - margin, 0), factor * Math.max(top - margin, 0),
        Math.min(factor * (right + margin), grey.width), Math.min(factor * (bottom + margin), grey.height),
      )));
    }
    return centre(Float32Array.from(ink.values), ink.width, ink.height);
  }

  /**
   * @param {number} width
   * @param {number} height
   * @returns {Levels}
   */
  const blank = (width, height) => ({ values: new Float64Array(width * height), width, height });

  /**
   * @param {Levels} sheet
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   */
  function cut(sheet, left, top, right, bottom) {
    const part = blank(right - left, bottom - top);
    for (let y = top; y < bottom; y++) {
      const row = sheet.values.subarray(y * sheet.width + left, y * sheet.width + right);
      part.values.set(row, (y - top) * part.width);
    }
    return part;
  }

  /**
   * A picture's greys, where it is transparent on white paper or on black: on the one on which there is something to
   * see, and of both the one with the smaller share of ink.
   * @param {ArrayLike<number>} levels
   * @param {number} width
   * @param {number} height
   */
  function onPaper(levels, width, height) {
    const onWhite = blank(width, height), onBlack = blank(width, height);
    let opaque = true;
    for (let i = 0; i < width * height; i++) {
      const opacity = levels[4 * i + 3];
      // Pillow's grey.
      const grey = (19595 * levels[4 * i] + 38470 * levels[4 * i + 1] + 7471 * levels[4 * i + 2] + 32768) >> 16;
      onBlack.values[i] = Math.floor((grey * opacity + 127) / 255);
      onWhite.values[i] = Math.floor((grey * opacity + 127 + 255 * (255 - opacity)) / 255);
      if (opacity < 255) opaque = false;
    }
    if (opaque) return onWhite;
    const white = illegible(onWhite), black = illegible(onBlack);
    const blackIsBetter = black.flat !== white.flat ? white.flat : black.ink < white.ink;
    return blackIsBetter ? onBlack : onWhite;
  }

  /**
   * What makes a picture hard to read: too little contrast, and then much ink.
   * @param {Levels} grey
   */
  function illegible(grey) {
    const { values } = reduced(grey, factorOf(grey));
    const middle = median(values);
    let least = Infinity, most = -Infinity, ink = 0;
    for (const value of values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
      ink += Math.abs(value - middle);
    }
    return { flat: most - least < CONTRAST, ink };
  }

  /** @param {Float64Array} values */
  function median(values) {
    const sorted = Float64Array.from(values).sort(), middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * How many pixels of a picture become one, in each direction: more tell no digit.
   * @param {Levels} grey
   */
  const factorOf = ({ width, height }) => Math.max(1, Math.floor(Math.sqrt(width * height) / LOOK + 0.5));

  /**
   * The mean of each square of `factor` pixels, as a whole number; at the ends, of what there is.
   * @param {Levels} grey
   * @param {number} factor
   */
  function reduced({ values, width, height }, factor) {
    const small = blank(Math.ceil(width / factor), Math.ceil(height / factor));
    for (let y = 0, i = 0; y < height; y++) {
      const row = Math.floor(y / factor) * small.width;
      for (let x = 0; x < width; x++, i++) small.values[row + Math.floor(x / factor)] += values[i];
    }
    for (let y = 0, i = 0; y < small.height; y++) {
      const tall = Math.min(factor, height - y * factor);
      for (let x = 0; x < small.width; x++, i++) {
        const pixels = tall * Math.min(factor, width - x * factor);
        small.values[i] = Math.floor((2 * small.values[i] + pixels) / (2 * pixels));
      }
    }
    return small;
  }

  /**
   * The ink of the digit in a picture, reduced, and by what factor it was.
   * @param {Levels} grey
   */
  function look(grey) {
    const factor = factorOf(grey);
    let ink = inkOf(reduced(grey, factor));
    let { labels, parts } = lenet5.ink.components(ink.values, ink.width, ink.height);
    ink = withoutPaleLines(only(withoutLines(parts, labels, ink), labels, ink));
    ({ labels, parts } = lenet5.ink.components(ink.values, ink.width, ink.height));
    parts = withoutCrumbs(parts);
    if (lenet5.ink.areSeveral(parts)) throw new Refusal("looks like several digits");
    return { ink: only(parts, labels, ink), factor };
  }

  /**
   * The ink of some of its parts.
   * @param {Component[]} parts
   * @param {Int32Array} labels
   * @param {Levels} ink
   * @returns {Levels}
   */
  function only(parts, labels, ink) {
    const kept = new Set(parts.map((part) => part.label));
    return { ...ink, values: ink.values.map((value, i) => (kept.has(labels[i]) ? value : 0)) };
  }

  /**
   * The share of the light, from 0 to 1, that ink takes from the paper beneath it. Strokes are narrower than a third
   * of the picture, shadows are not: a closing, which fills what is narrow and dark, leaves the paper as it is lit.
   * @param {Levels} grey
   * @returns {Levels}
   */
  function inkOf(grey) {
    const { width, height } = grey;
    let { values } = grey;
    // Light multiplies, so greys compare by their ratios.
    let darkest = Infinity, lightest = -Infinity;
    for (const value of values) {
      darkest = Math.min(darkest, value);
      lightest = Math.max(lightest, value);
    }
    const margin = medianOfMargin(grey) + GREY;
    // The paper is the dark one.
    if (margin * margin < (darkest + GREY) * (lightest + GREY)) values = values.map((value) => 255 - value);
    const paper = closed({ values, width, height });
    const ink = values.map((value, i) => (paper.values[i] - value) / (paper.values[i] + GREY));
    const strongest = ink.reduce((a, b) => Math.max(a, b), 0);
    if (strongest < BLANK) throw new Refusal("no ink found");
    // Below are grain and compression.
    return { values: ink.map((value) => (value > strongest / 3 ? value : 0)), width, height };
  }

  /**
   * The median grey of the outer tenth of a picture: a thin frame does not count.
   * @param {Levels} grey
   */
  function medianOfMargin({ values, width, height }) {
    const down = Math.floor((height + 9) / 10), right = Math.floor((width + 9) / 10);
    return median(values.filter((_, i) => {
      const x = i % width, y = (i - x) / width;
      return y < down || y >= height - down || x < right || x >= width - right;
    }));
  }

  /**
   * The closing of a picture by a square of a third of its shorter side: what is dark and narrower than the square is
   * gone, and all else is where it was.
   * @param {Levels} grey
   */
  function closed(grey) {
    const reach = Math.max(1, Math.floor(Math.min(grey.width, grey.height) / 6)); // pixels to each side
    return darkestAround(lightestAround(grey, reach), reach);
  }

  /**
   * The lightest of the square around each pixel, and around pixels beyond the picture that reach into it.
   * @param {Levels} grey
   * @param {number} reach
   */
  function lightestAround({ values, width, height }, reach) {
    // Around the picture there is nothing that is lighter.
    const padded = blank(width + 2 * reach, height + 2 * reach);
    padded.values.fill(-Infinity);
    for (let y = 0; y < height; y++) {
      padded.values.set(values.subarray(y * width, (y + 1) * width), (y + reach) * padded.width + reach);
    }
    return alongBoth(padded, reach, Math.max);
  }

  /**
   * The darkest of the square around each pixel, without the margin of `reach` pixels.
   * @param {Levels} grey
   * @param {number} reach
   */
  function darkestAround(grey, reach) {
    const around = alongBoth(grey, reach, Math.min);
    return cut(around, reach, reach, around.width - reach, around.height - reach);
  }

  /**
   * The extreme of the square around each pixel, of what the picture has of it: of each row, and then of each column.
   * @param {Levels} sheet
   * @param {number} reach
   * @param {(a: number, b: number) => number} extreme
   */
  function alongBoth({ values, width, height }, reach, extreme) {
    const rows = blank(width, height), both = blank(width, height);
    for (let y = 0; y < height; y++) along(values, rows.values, y * width, 1, width, reach, extreme);
    for (let x = 0; x < width; x++) along(rows.values, both.values, x, width, height, reach, extreme);
    return both;
  }

  /**
   * @param {Float64Array} from
   * @param {Float64Array} to
   * @param {number} first  of a line's pixels
   * @param {number} step  from one to the next
   * @param {number} count
   * @param {number} reach
   * @param {(a: number, b: number) => number} extreme
   */
  function along(from, to, first, step, count, reach, extreme) {
    for (let i = 0; i < count; i++) {
      const start = Math.max(i - reach, 0), end = Math.min(i + reach, count - 1);
      let found = from[first + start * step];
      for (let j = start + 1; j <= end; j++) found = extreme(found, from[first + j * step]);
      to[first + i * step] = found;
    }
  }

  /**
   * The parts of the ink but frames and stray lines, if others of some size remain.
   * @param {Component[]} parts
   * @param {Int32Array} labels
   * @param {Levels} sheet
   */
  function withoutLines(parts, labels, { width, height }) {
    const counts = new Int32Array(parts.length + 1), middles = new Int32Array(parts.length + 1);
    const down = height >> 2, right = width >> 2;
    labels.forEach((label, i) => {
      const x = i % width, y = (i - x) / width;
      counts[label]++;
      if (y >= down && y < height - down && x >= right && x < width - right) middles[label]++;
    });
    const rest = parts.filter((part) => {
      const tall = part.bottom - part.top, wide = part.right - part.left;
      // As large as the picture, with nothing in its middle half.
      const isFrame = tall > FRAME * height && wide > FRAME * width && middles[part.label] === 0;
      return !isFrame
        && !isLine(part.left, part.right, width, part.top, part.bottom, height, counts[part.label])
        && !isLine(part.top, part.bottom, height, part.left, part.right, width, counts[part.label]);
    });
    const least = REST * Math.min(width, height);
    const remains = rest.some((part) => Math.max(part.bottom - part.top, part.right - part.left) > least);
    return remains ? rest : parts;
  }

  /**
   * Whether a part is a long thin line that reaches an edge, or lies along one: by its start, its end and the
   * picture's side each way.
   * @param {number} start
   * @param {number} end
   * @param {number} side
   * @param {number} first
   * @param {number} last
   * @param {number} breadth
   * @param {number} pixels
   */
  function isLine(start, end, side, first, last, breadth, pixels) {
    const length = end - start;
    if (length <= LONG * side || pixels > THIN * breadth * length || last - first > FLAT * breadth) return false;
    const reaches = start <= NEAR * side || end >= side - NEAR * side;
    return reaches || last <= NEAR * breadth || first >= breadth - NEAR * breadth;
  }

  /**
   * The ink but the lines of ruled paper, where these are certain: where pale ink reaches opposite edges of the
   * picture, and dark ink does not. Then pale ink is left only along the dark.
   * @param {Levels} ink
   * @returns {Levels}
   */
  function withoutPaleLines(ink) {
    const strongest = ink.values.reduce((a, b) => Math.max(a, b), 0);
    const dark = { ...ink, values: ink.values.map((value) => Number(value > PALE * strongest)) };
    const all = crossed(ink), strong = crossed(dark);
    if (!(all.down && !strong.down) && !(all.across && !strong.across)) return ink;
    const near = alongBoth(dark, ALONG, Math.max);
    return { ...ink, values: ink.values.map((value, i) => (near.values[i] ? value : 0)) };
  }

  /**
   * Whether there is ink at opposite edges.
   * @param {Levels} ink
   */
  function crossed(ink) {
    const { top, left, bottom, right } = boxOf(ink), { width, height } = ink;
    return {
      down: top <= EDGE * height && bottom >= height - EDGE * height,
      across: left <= EDGE * width && right >= width - EDGE * width,
    };
  }

  /**
   * The heavy parts of the ink, and the light ones near to them.
   * @param {Component[]} parts
   */
  function withoutCrumbs(parts) {
    const heaviest = Math.max(...parts.map((part) => part.ink));
    const isHeavy = (/** @type {Component} */ part) => part.ink >= CRUMB * heaviest;
    const heavy = parts.filter(isHeavy);
    const top = Math.min(...heavy.map((part) => part.top)), left = Math.min(...heavy.map((part) => part.left));
    const bottom = Math.max(...heavy.map((part) => part.bottom));
    const right = Math.max(...heavy.map((part) => part.right));
    const reach = FAR * Math.max(bottom - top, right - left);
    return parts.filter((part) => {
      const down = Math.max(top - part.bottom, part.top - bottom);
      const aside = Math.max(left - part.right, part.left - right);
      return isHeavy(part) || Math.max(down, aside) <= reach;
    });
  }

  /**
   * Where ink begins and ends.
   * @param {Levels} ink
   */
  function boxOf({ values, width, height }) {
    const box = { top: height, left: width, bottom: 0, right: 0 };
    values.forEach((value, i) => {
      if (value <= 0) return;
      const x = i % width, y = (i - x) / width;
      if (y < box.top) box.top = y;
      if (x < box.left) box.left = x;
      if (y >= box.bottom) box.bottom = y + 1;
      if (x >= box.right) box.right = x + 1;
    });
    return box;
  }

  return { read };
})();
