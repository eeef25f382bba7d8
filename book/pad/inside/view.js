// @ts-check
// A cell of a map in "Look inside": what it saw, its weights and their products, as small pictures.
var lenet5 = lenet5 || {};

/** @typedef {{ canvas: HTMLCanvasElement, window: HTMLElement, caption: HTMLElement, box: HTMLElement }} PictureBox */

lenet5.View = (() => {
  const { outline } = lenet5.sheets;
  const { hasMaps, isPool, isSigned, reach } = lenet5.steps;
  const { html, words } = lenet5;

  class View {
    /** @param {InstanceType<typeof lenet5.Inside>} inside */
    constructor(inside) {
      this.inside = inside;
      this.index = -1; // of the step; -1 if no map is chosen
      this.map = 0;
      this.row = 0; // of the cell, on the sheet
      this.column = 0;
      /** @type {number | null} */
      this.part = null; // the input map that is shown, if the reader has chosen one
      /** @type {Account | null} */
      this.account = null;
      /** @type {PictureBox[]} */
      this.small = [];
    }

    /**
     * @param {number} index
     * @param {number} map
     */
    isOf(index, map) {
      return this.index === index && this.map === map;
    }

    get step() {
      return this.inside.steps[this.index];
    }

    get sheet() {
      return this.inside.rows[this.index].sheet;
    }

    /**
     * Row and column in a map; of a dense layer row 0 and the unit.
     * @returns {[number, number]}
     */
    get coordinates() {
      const isMap = hasMaps(this.step);
      return isMap ? [this.row, this.column] : [0, this.row * this.sheet.columns + this.column];
    }

    /** The cell itself. */
    get region() {
      return { top: this.row, left: this.column, height: 1, width: 1 };
    }

    /**
     * Go to the cell of that number, if there is one; whether it is another.
     * @param {number} place
     */
    go(place) {
      const { columns, cells } = this.sheet;
      const row = Math.floor(place / columns);
      const column = place % columns;
      if (place >= cells || (row === this.row && column === this.column)) return false;
      Object.assign(this, { row, column });
      return true;
    }

    /** Choose no cell, and take its outlines away. */
    forget() {
      this.index = -1;
      for (const { maps } of this.inside.rows) {
        for (const { window } of maps) window.hidden = true;
      }
    }

    /** How the value of the cell comes about. */
    reckon() {
      const { kernel, steps, values } = this.inside;
      return lenet5.sums.account(/** @type {Kernel} */ (kernel), steps, values, this.index, this.map, ...this.coordinates);
    }

    // -- pictures --------------------------------------------------------------------------

    /**
     * @param {HTMLElement} pictures
     * @param {string} text
     * @returns {PictureBox}
     */
    picture(pictures, text) {
      const box = html(pictures, "div", "inside-picture");
      const frame = html(box, "div", "inside-frame");
      const canvas = html(frame, "canvas");
      const window = html(frame, "span", "inside-window");
      canvas.setAttribute("aria-hidden", "true"); // what it shows is said below
      window.hidden = true;
      return { box, canvas, window, caption: html(box, "span", "", text) };
    }

    /**
     * Those of a cell: the image, and what it saw, its weights and the products.
     * @param {HTMLElement} box
     */
    pictures(box) {
      return ["on the image", "", "", ""].map((caption) => this.picture(box, caption));
    }

    /** Outline what the cell saw, in all layers before it and on the image. */
    showReach() {
      const { rows, steps, values } = this.inside;
      const regions = reach(steps, this.index, ...this.coordinates);
      rows.forEach(({ maps, sheet }, index) => maps.forEach(({ window }, map) => {
        const isOwn = this.isOf(index, map);
        const isAside = isPool(this.step) && index === this.index - 1 && map !== this.map; // a pool sees one map
        outline(window, isOwn ? this.region : isAside ? null : regions[index] ?? null, sheet);
      }));
      const [image] = this.small;
      image.box.hidden = this.index === 0;
      lenet5.sheets.paint(image.canvas, this.inside.mapOf(0, 0), rows[0].sheet, lenet5.sheets.scale(values.image, false));
      outline(image.window, regions[0] ?? null, rows[0].sheet);
    }

    /** What the cell saw, its weights and their products; or the cells of a pool. */
    showParts() {
      const [, ...pictures] = this.small;
      for (const { box } of pictures) box.hidden = true;
      if (this.account?.kind === "maximum") this.showPool(this.account, pictures[0]);
      if (this.account?.kind === "sum") this.showPart(this.account, pictures);
    }

    /**
     * @param {Maximum} account
     * @param {PictureBox} picture
     */
    showPool({ cells, side, winner }, picture) {
      const square = { rows: side, columns: side };
      this.fill(picture, cells, square, true, "the cells of the pool");
      outline(picture.window, { top: Math.floor(winner / side), left: winner % side, height: 1, width: 1 }, square);
    }

    /**
     * @param {Sum} account
     * @param {PictureBox[]} pictures
     */
    showPart({ parts, average }, [saw, weights, products]) {
      const incoming = this.incoming(average !== null);
      const number = this.shownPart(parts);
      const part = parts[number];
      const shape = hasMaps(incoming) ? part : lenet5.steps.sheet(incoming);
      const from = words.source(incoming, parts.length > 1 ? number : null);
      saw.box.parentElement?.classList.toggle("inside-strips", !hasMaps(incoming));
      const maybeNegative = isSigned(this.inside.steps, this.inside.steps.indexOf(incoming));
      this.fill(saw, part.seen, shape, maybeNegative, `what it saw: ${average === null ? "" : "averages of "}${from}`);
      this.fill(weights, part.weights, shape, true, "× weights");
      this.fill(products, part.products, shape, true, "= products");
    }

    /**
     * The step whose values are added up.
     * @param {boolean} isPooled
     */
    incoming(isPooled) {
      return this.inside.steps[this.index - (isPooled ? 2 : 1)];
    }

    /**
     * The number of the part of the sum that is shown: what is chosen, or the one that counts most.
     * @param {Portion[]} parts
     */
    shownPart(parts) {
      return this.part ?? words.heaviest(parts.map(({ adds }) => adds));
    }

    /**
     * @param {PictureBox} picture
     * @param {Float32Array} values
     * @param {{ rows: number, columns: number }} sheet
     * @param {boolean} isSigned
     * @param {string} text
     */
    fill({ box, canvas, caption, window }, values, sheet, isSigned, text) {
      box.hidden = false;
      window.hidden = true;
      caption.textContent = text;
      lenet5.sheets.paint(canvas, values, sheet, lenet5.sheets.scale(values, isSigned));
    }
  }

  return View;
})();
