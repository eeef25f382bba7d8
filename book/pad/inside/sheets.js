// @ts-check
// Values as pictures: from paper to ink, or where they may lie below 0 from blue by paper to orange.
// All is painted as in the light theme; the style sheet turns it over for the dark one, as the figures are.
var lenet5 = lenet5 || {};

/**
 * A new element, the last one in another.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Element} parent
 * @param {Tag} tag
 * @param {string} [style]  its classes
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
lenet5.html = (parent, tag, style = "", text = "") => {
  const element = document.createElement(tag);
  if (style) element.className = style;
  element.textContent = text;
  parent.append(element);
  return element;
};

/** @typedef {{ isSigned: boolean, largest: number }} Scale  what has the full colour */

lenet5.sheets = (() => {
  // Of exhibits/style.py: paper, ink, blue, orange.
  const PAPER = 255;
  const INK = [34, 34, 34];
  const BELOW = [0, 114, 178];
  const ABOVE = [230, 159, 0];

  /**
   * @param {Float32Array | Float64Array} values  not all of which need be numbers
   * @param {boolean} isSigned
   * @returns {Scale}
   */
  function scale(values, isSigned) {
    let largest = 0;
    for (const value of values) largest = Math.max(largest, Math.abs(value) || 0);
    return { isSigned, largest: largest || 1 };
  }

  /**
   * Give a canvas a pixel a cell.
   * @param {HTMLCanvasElement} canvas
   * @param {{ rows: number, columns: number }} sheet
   */
  function size(canvas, { rows, columns }) {
    if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Float32Array | Float64Array} values  row by row; the last row may be short
   * @param {{ rows: number, columns: number }} sheet
   * @param {Scale} scale
   */
  function paint(canvas, values, { rows, columns }, { isSigned, largest }) {
    size(canvas, { rows, columns });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const { data } = context.createImageData(columns, rows);
    values.forEach((/** @type {number} */ value, /** @type {number} */ place) => {
      const full = !isSigned ? INK : value < 0 ? BELOW : ABOVE;
      const share = Math.min(Math.abs(value) / largest, 1) || 0;
      for (let i = 0; i < 3; i++) data[4 * place + i] = PAPER + share * (full[i] - PAPER);
      data[4 * place + 3] = 255;
    });
    context.putImageData(new ImageData(data, columns, rows), 0, 0);
  }

  /**
   * Outline a region of what an element's frame holds, or nothing.
   * @param {HTMLElement} outline
   * @param {Region | null} region
   * @param {{ rows: number, columns: number }} sheet
   */
  function outline(outline, region, { rows, columns }) {
    outline.hidden = !region;
    if (!region) return;
    const { top, left, height, width } = region;
    Object.assign(outline.style, {
      top: `${(100 * top) / rows}%`,
      left: `${(100 * left) / columns}%`,
      height: `${(100 * height) / rows}%`,
      width: `${(100 * width) / columns}%`,
    });
  }

  /**
   * The number of the cell under a pointer; null where there is none.
   * @param {DOMRect} frame
   * @param {MouseEvent} event
   * @param {{ rows: number, columns: number, cells: number }} sheet
   */
  function placeAt(frame, event, { rows, columns, cells }) {
    const row = Math.floor(((event.clientY - frame.top) / frame.height) * rows);
    const column = Math.floor(((event.clientX - frame.left) / frame.width) * columns);
    const place = within(row, rows) * columns + within(column, columns);
    return place < cells ? place : null;
  }

  /**
   * @param {number} number
   * @param {number} count
   */
  const within = (number, count) => Math.min(Math.max(number, 0), count - 1);

  /**
   * The place of the largest number, of equal ones the first.
   * @param {ArrayLike<number>} numbers
   */
  function largestOf(numbers) {
    let largest = 0;
    for (let i = 1; i < numbers.length; i++) {
      if (numbers[i] > numbers[largest]) largest = i;
    }
    return largest;
  }

  return { largestOf, outline, paint, placeAt, scale, size, within };
})();
