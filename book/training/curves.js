// @ts-check
// Two plots over the epochs, as SVG, which scales, prints and takes the theme's colours. They
// need two axes and a few lines: a library would weigh more than all scripts of the page.
var lenet5 = lenet5 || {};

/**
 * @typedef {"train_loss" | "train_error" | "test_loss" | "test_error"} Curve
 * @typedef {{ epoch: number[], seeds: number } & Record<Curve, [number, number][]>} Spread  of seeds, by epoch from 0: low and high
 */

lenet5.curves = (() => {
  const WIDTH = 360, HEIGHT = 230, LEFT = 44, RIGHT = 8, TOP = 12, BOTTOM = 34;

  /**
   * @param {string} name
   * @param {Record<string, string | number>} attributes
   * @param {string} text
   */
  function draw(name, attributes, text = "") {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.textContent = text;
    return element;
  }

  /**
   * The epochs that the axis names.
   * @param {number} epochs
   */
  function ticks(epochs) {
    const step = [1, 2, 5, 10, 20, 50].find((step) => epochs / step <= 5) ?? 100;
    return Array.from({ length: Math.floor(epochs / step) + 1 }, (_, i) => i * step);
  }

  /**
   * @param {SVGSVGElement} svg
   * @param {"loss" | "error"} quantity
   * @param {Metrics[]} ours
   * @param {Metrics[]} mine
   * @param {Spread | null} spread
   * @param {number} epochs  that the axis shows
   */
  function plot(svg, quantity, ours, mine, spread, epochs) {
    const train = /** @type {Curve} */ (`train_${quantity}`), test = /** @type {Curve} */ (`test_${quantity}`);
    const band = spread?.epoch.filter((epoch) => epoch <= epochs) ?? [];
    const values = [...ours, ...mine].flatMap((row) => [row[train], row[test]]).concat(band.flatMap((epoch) => spread?.[test][epoch] ?? []));
    const low = Math.log(Math.min(...values.filter((value) => value > 0)) * 0.85), high = Math.log(Math.max(...values) * 1.15);
    /** @param {number} epoch */
    const x = (epoch) => LEFT + ((WIDTH - LEFT - RIGHT) * epoch) / epochs;
    /** @param {number} value */
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.max(0, (Math.log(value) - low) / (high - low)));
    /**
     * @param {Metrics[]} rows
     * @param {Curve} curve
     */
    const points = (rows, curve) => rows.map((row) => `${x(row.epoch).toFixed(1)},${y(row[curve]).toFixed(1)}`).join(" ");

    const parts = [];
    for (let power = -3; power <= 2; power++) {
      for (const digit of [1, 2, 5]) {
        const value = Number(`${digit}e${power}`);
        if (Math.log(value) < low || Math.log(value) > high) continue;
        parts.push(draw("line", { class: "training-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }));
        parts.push(draw("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)));
      }
    }
    for (const epoch of ticks(epochs)) parts.push(draw("text", { x: x(epoch), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, String(epoch)));
    parts.push(draw("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 3, "text-anchor": "middle" }, "epoch"));
    if (spread) {
      const bounds = [0, 1].map((side) => band.map((epoch) => `${x(epoch).toFixed(1)},${y(spread[test][epoch][side]).toFixed(1)}`));
      parts.push(draw("polygon", { class: "training-spread", points: [...bounds[0], ...bounds[1].reverse()].join(" ") }));
    }
    for (const [rows, whose] of /** @type {const} */ ([[ours, "ours"], [mine, "mine"]])) {
      parts.push(draw("polyline", { class: `training-${whose} training-train`, points: points(rows, train) }));
      parts.push(draw("polyline", { class: `training-${whose}`, points: points(rows, test) }));
    }
    for (const row of mine) parts.push(draw("circle", { cx: x(row.epoch), cy: y(row[test]), r: 3 }));
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.replaceChildren(...parts);
    const last = mine.at(-1);
    const here = last ? `; yours, test images, after epoch ${last.epoch}: ${last[test].toPrecision(3)}` : "";
    svg.setAttribute("aria-label", `${quantity} over the epochs, logarithmic; our run, test images, at the end: ${ours.at(-1)?.[test].toPrecision(3)}${here}`);
  }

  return { plot };
})();
