// @ts-check
// A network drawn from the image to the ten answers: maps as squares that lie on one another, to
// scale; dense layers as bars. The sizes stand below as text, so the drawing wraps on a phone, and
// can be read out.
var lenet5 = lenet5 || {};

/**
 * What comes out of a step of a network: maps of some height and width, or units.
 * @typedef {{ kind: "maps" | "units" | "answers", how: string, name: string, size: string, count: number, height: number, width: number }} Drawn
 */

lenet5.architecture = (() => {
  const PIXEL = 2; // of the drawing, for a pixel of a map
  const MOST_SQUARES = 10; // more maps lie so close that they cannot be told apart
  const DEPTH = 24; // by how much the last of these squares is shifted, at most
  const SHIFT = 5; // and each from the one before
  const BAR = 11; // the width of a bar; its height grows with the logarithm of the units
  const TALLEST = 90;
  const GROWTH = 9; // for twice as many units

  /** @param {number} count */
  const inThousands = (count) => count.toLocaleString("en-US");

  /**
   * @param {number} count
   * @param {string} one
   */
  const counted = (count, one) => `${inThousands(count)} ${one}${count === 1 ? "" : "s"}`;

  /**
   * @param {string} how
   * @param {number[]} shape
   * @param {string} name
   * @returns {Drawn}
   */
  function maps(how, [count, height, width], name = counted(count, "map")) {
    return { kind: "maps", how, name, size: `${height}×${width}`, count, height, width };
  }

  /**
   * All steps of a network, in order.
   * @param {Network} network
   * @returns {Drawn[]}
   */
  function steps({ imageShape, stages }) {
    const drawn = [maps("", imageShape, "image")];
    stages.forEach((stage, number) => {
      const { isConvolution, kernel, convolved, pool, isAverage, shape, outputs } = stage;
      if (isConvolution) drawn.push(maps(`${kernel}×${kernel} kernel`, convolved));
      if (pool > 1) drawn.push(maps(`${isAverage ? "mean" : "max"} ${pool}×${pool}`, shape));
      if (isConvolution) return;
      const isLast = number === stages.length - 1;
      const name = counted(outputs, isLast ? "answer" : "unit");
      drawn.push({ kind: isLast ? "answers" : "units", how: "dense", name, size: "", count: outputs, height: 0, width: 0 });
    });
    return drawn;
  }

  /**
   * @param {string} name
   * @param {Record<string, string | number>} attributes
   */
  function shape(name, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {Element[]} parts
   */
  function picture(width, height, parts) {
    const svg = shape("svg", { width, height, viewBox: `-1 -1 ${width} ${height}`, "aria-hidden": "true" });
    svg.append(...parts);
    return svg;
  }

  /** @param {Drawn} drawn */
  function squares({ count, height, width }) {
    const shown = Math.min(count, MOST_SQUARES);
    const shift = shown > 1 ? Math.min(SHIFT, DEPTH / (shown - 1)) : 0;
    const depth = shift * (shown - 1);
    const parts = [];
    for (let map = 0; map < shown; map++) { // the one behind first
      parts.push(shape("rect", { x: depth - shift * map, y: shift * map, width: PIXEL * width, height: PIXEL * height }));
    }
    return picture(PIXEL * width + depth + 2, PIXEL * height + depth + 2, parts);
  }

  /** @param {Drawn} drawn */
  function bar({ kind, count }) {
    if (kind === "answers" && count <= 12) {
      const side = TALLEST / 12;
      const parts = Array.from({ length: count }, (_, i) => shape("rect", { x: 0, y: side * i, width: BAR, height: side - 2 }));
      return picture(BAR + 2, side * count, parts);
    }
    const height = Math.min(TALLEST, GROWTH * (1 + Math.log2(count)));
    return picture(BAR + 2, height + 2, [shape("rect", { x: 0, y: 0, width: BAR, height })]);
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  function line(name, text) {
    const element = document.createElement("span");
    element.className = `training-${name}`;
    element.textContent = text;
    return element;
  }

  /**
   * Draw a network into a list, a step an item.
   * @param {HTMLElement} list
   * @param {Network} network
   */
  function draw(list, network) {
    const items = steps(network).map((drawn) => {
      const item = document.createElement("li");
      item.append(drawn.kind === "maps" ? squares(drawn) : bar(drawn));
      if (drawn.how) item.append(line("how", drawn.how), " ");
      item.append(line("name", drawn.name), " ", line("size", drawn.size));
      return item;
    });
    list.replaceChildren(...items);
  }

  return { draw, steps };
})();
