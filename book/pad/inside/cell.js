// @ts-check
// The map that is chosen in "Look inside", large, and how the value of one of its cells comes about.
var lenet5 = lenet5 || {};

lenet5.Cell = (() => {
  const { outline, placeAt, within } = lenet5.sheets;
  const { account, at } = lenet5.sums;
  const { hasMaps, isPool, isSigned, reach } = lenet5.steps;
  const { html, words } = lenet5;
  const MOST_TERMS = 1000; // in the table
  /** @type {Record<string, number[]>} rows and columns */
  const MOVES = {
    ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
    Home: [0, -Infinity], End: [0, Infinity], PageUp: [-Infinity, 0], PageDown: [Infinity, 0],
  };

  /** @typedef {{ canvas: HTMLCanvasElement, window: HTMLElement, caption: HTMLElement, box: HTMLElement }} Picture */

  class Cell {
    /** @param {InstanceType<typeof lenet5.Inside>} inside */
    constructor(inside) {
      /** @type {HTMLElement | null} */
      this.box = null;
      /** @type {Picture | null} */
      this.large = null;
      /** @type {Picture[]} */
      this.small = [];
      /** @type {HTMLElement | null} */
      this.said = null;
      /** @type {HTMLElement | null} */
      this.spoken = null;
      /** @type {HTMLElement | null} */
      this.tables = null;
      /** @type {HTMLElement | null} */
      this.terms = null;
      /** @type {HTMLElement[][] | null} */
      this.inputs = null; // of the table of input maps: button, what it adds, the sum after it
      /** @type {Account | null} */
      this.account = null;
      this.inside = inside;
      this.index = -1; // of the step; -1 if no map is chosen
      this.map = 0;
      this.row = 0; // of the cell, on the sheet
      this.column = 0;
      /** @type {number | null} */
      this.part = null; // the input map that is shown, if the reader has chosen one
      this.pause = 0;
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

    get button() {
      return this.inside.rows[this.index].maps[this.map].button;
    }

    get sheet() {
      return this.inside.rows[this.index].sheet;
    }

    // -- opening and closing ---------------------------------------------------------------

    /**
     * @param {number} index
     * @param {number} map
     * @param {number} place  of the cell to begin with
     * @param {HTMLElement} layer  behind which it is shown
     */
    open(index, map, place, layer) {
      this.close();
      Object.assign(this, { index, map, part: null });
      this.go(place);
      this.button.setAttribute("aria-pressed", "true");
      const name = words.mapOf(this.step, map);
      const box = (this.box = document.createElement("section"));
      box.className = "inside-cell";
      box.setAttribute("aria-label", name);
      const head = html(box, "div", "inside-head");
      html(head, "b", "", name);
      const close = html(head, "button", "", "Close");
      close.type = "button";
      close.addEventListener("click", () => this.close());
      const pictures = html(box, "div", "inside-pictures");
      this.large = this.enlarge(pictures, name);
      const small = html(pictures, "div", "inside-small");
      this.small = ["on the image", "", "", ""].map((caption) => this.picture(small, caption));
      this.said = html(box, "p", "inside-said");
      this.tables = html(box, "div", "inside-tables");
      this.inputs = this.terms = null;
      this.spoken = html(box, "p", "inside-spoken");
      this.spoken.setAttribute("aria-live", "polite");
      box.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
      layer.after(box);
      this.changed();
    }

    /** Go to the cells, with the keyboard. */
    focus() {
      this.large?.canvas.focus();
    }

    close() {
      if (this.index < 0) return;
      clearTimeout(this.pause);
      this.button.setAttribute("aria-pressed", "false");
      if (this.box?.contains(document.activeElement)) this.button.focus();
      this.box?.remove();
      for (const { maps } of this.inside.rows) {
        for (const { window } of maps) window.hidden = true;
      }
      this.index = -1;
    }

    /**
     * @param {HTMLElement} pictures
     * @param {string} text
     * @returns {Picture}
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
     * The map with its cursor.
     * @param {HTMLElement} pictures
     * @param {string} name
     */
    enlarge(pictures, name) {
      const picture = this.picture(pictures, "Arrow keys, mouse or finger go from cell to cell.");
      const { canvas, caption, box } = picture;
      box.classList.add("inside-large");
      box.classList.toggle("inside-strip", !hasMaps(this.step));
      box.style.setProperty("--columns", String(this.sheet.columns));
      caption.id = "inside-keys";
      canvas.removeAttribute("aria-hidden");
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-label", `${name}, its cells`);
      canvas.setAttribute("aria-describedby", caption.id);
      canvas.addEventListener("keydown", (event) => this.press(event));
      for (const kind of /** @type {const} */ (["pointerdown", "pointermove"])) {
        canvas.addEventListener(kind, (event) => {
          const place = placeAt(canvas.getBoundingClientRect(), event, this.sheet);
          if (place !== null && this.go(place)) this.changed();
        });
      }
      return picture;
    }

    // -- the cursor ------------------------------------------------------------------------

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

    /** @param {KeyboardEvent} event */
    press(event) {
      const move = MOVES[event.key];
      if (!move || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault(); // the page would scroll
      const { rows, columns, cells } = this.sheet;
      const row = within(this.row + move[0], rows);
      const column = within(this.column + move[1], columns);
      if (this.go(Math.min(row * columns + column, cells - 1))) this.changed();
    }

    /** Another cell, or another part of its sum. */
    changed() {
      this.show();
      clearTimeout(this.pause);
      this.pause = window.setTimeout(() => this.settle(true), lenet5.Inside.REST);
    }

    // -- what is shown ---------------------------------------------------------------------

    /** Row and column in a map; of a dense layer row 0 and the unit. */
    get coordinates() {
      const isMap = hasMaps(this.step);
      return isMap ? [this.row, this.column] : [0, this.row * this.sheet.columns + this.column];
    }

    /** The pictures and the sentence, which follow the drawing and the cursor at once. */
    show() {
      if (this.index < 0 || !this.large || !this.said) return;
      const { kernel, steps, values } = this.inside;
      const { index, map, step, sheet, large } = this;
      if (!kernel) return;
      const [row, column] = this.coordinates;
      this.account = account(kernel, steps, values, index, map, row, column);
      const engines = values[step.output][at(step, map, row, column)];
      this.said.textContent = words.explain(steps, index, row, column, this.account, Object.is(engines, this.account.value));
      const scale = lenet5.sheets.scale(values[step.output], isSigned(steps, index));
      lenet5.sheets.paint(large.canvas, this.inside.mapOf(index, map), sheet, scale);
      outline(large.window, this.region, sheet);
      this.showReach(row, column);
      this.showParts();
    }

    /** The cell itself. */
    get region() {
      return { top: this.row, left: this.column, height: 1, width: 1 };
    }

    /**
     * Outline what the cell saw, in all layers before it and on the image.
     * @param {number} row
     * @param {number} column
     */
    showReach(row, column) {
      const { rows, steps, values } = this.inside;
      const regions = reach(steps, this.index, row, column);
      rows.forEach(({ maps, sheet }, index) => maps.forEach(({ window }, map) => {
        const isOwn = this.isOf(index, map);
        const isAside = isPool(this.step) && index === this.index - 1 && map !== this.map; // a pool sees one map
        outline(window, isOwn ? this.region : isAside ? null : regions[index] ?? null, sheet);
      }));
      const [image] = /** @type {Picture[]} */ (this.small);
      image.box.hidden = this.index === 0;
      lenet5.sheets.paint(image.canvas, this.inside.mapOf(0, 0), rows[0].sheet, lenet5.sheets.scale(values.image, false));
      outline(image.window, regions[0] ?? null, rows[0].sheet);
    }

    /** What the cell saw, its weights and their products; or the cells of a pool. */
    showParts() {
      const [, ...pictures] = /** @type {Picture[]} */ (this.small);
      for (const { box } of pictures) box.hidden = true;
      if (this.account?.kind === "maximum") this.showPool(this.account, pictures[0]);
      if (this.account?.kind === "sum") this.showPart(this.account, pictures);
    }

    /**
     * @param {Maximum} account
     * @param {Picture} picture
     */
    showPool({ cells, side, winner }, picture) {
      const square = { rows: side, columns: side };
      this.fill(picture, cells, square, true, "the cells of the pool");
      outline(picture.window, { top: Math.floor(winner / side), left: winner % side, height: 1, width: 1 }, square);
    }

    /**
     * @param {Sum} account
     * @param {Picture[]} pictures
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
     * @param {Picture} picture
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

    // -- when movement rests ---------------------------------------------------------------

    /**
     * The tables; and where the reader has moved, the sentence is spoken.
     * @param {boolean} [isMoved]
     */
    settle(isMoved = false) {
      if (this.index < 0 || !this.account || !this.tables) return;
      if (isMoved && this.spoken) this.spoken.textContent = this.said?.textContent ?? "";
      if (this.account.kind === "softmax") this.showAnswers(this.account);
      if (this.account.kind !== "sum") return;
      const { parts, average } = this.account;
      if (parts.length > 1) this.listInputs(parts, this.incoming(average !== null));
      this.listTerms(this.account);
    }

    /**
     * A table in a box that scrolls, with a line above.
     * @param {string} caption
     * @param {string[]} heads
     */
    table(caption, heads) {
      const whole = html(/** @type {HTMLElement} */ (this.tables), "div", "inside-list");
      html(whole, "p", "", caption);
      const box = html(whole, "div", "inside-table");
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", caption);
      const table = html(box, "table");
      const head = html(html(table, "thead"), "tr");
      for (const text of heads) html(head, "th", "", text).scope = "col";
      return html(table, "tbody");
    }

    /**
     * What each input map adds, in the order of the engine; a button shows its products.
     * @param {Portion[]} parts
     * @param {Step} incoming
     */
    listInputs(parts, incoming) {
      if (!this.inputs) {
        const body = this.table(`What each map of ${words.source(incoming, null)} adds`, ["map", "its products", "sum so far"]);
        this.inputs = parts.map((_, number) => {
          const row = html(body, "tr");
          const button = html(html(row, "th"), "button", "", `map ${number + 1}`);
          button.type = "button";
          button.addEventListener("click", () => { this.part = number; this.changed(); this.settle(); });
          return [button, html(row, "td"), html(row, "td")];
        });
      }
      const shown = this.shownPart(parts);
      reveal(this.inputs[shown][0]);
      this.inputs.forEach(([button, adds, sum], number) => {
        button.setAttribute("aria-pressed", String(number === shown));
        adds.textContent = words.number(parts[number].adds);
        sum.textContent = words.number(parts[number].sums[parts[number].sums.length - 1]);
      });
    }

    /**
     * The terms of the part that is shown, one after the other.
     * @param {Sum} account
     */
    listTerms({ bias, parts, average }) {
      const number = this.shownPart(parts);
      const { seen, weights, products, sums, columns } = parts[number];
      const incoming = this.incoming(average !== null);
      this.terms?.remove();
      const count = Math.min(products.length, MOST_TERMS);
      const which = count < products.length ? `The first ${count} of ${products.length} products` : `The ${count} products`;
      const from = words.source(incoming, parts.length > 1 ? number : null);
      const heads = [hasMaps(incoming) ? "row, column" : "unit", "weight", average === null ? "saw" : "average", "product", "sum so far"];
      const body = this.table(`${which} with ${from}, in the order of the sum`, heads);
      this.terms = /** @type {HTMLElement} */ (body.closest(".inside-list"));
      const before = number ? parts[number - 1].sums[parts[number - 1].sums.length - 1] : bias;
      addRow(body, number ? "before" : "bias", ["", "", "", words.number(before)]);
      for (let i = 0; i < count; i++) {
        const place = hasMaps(incoming) ? `${Math.floor(i / columns) + 1}, ${(i % columns) + 1}` : String(i + 1);
        addRow(body, place, [weights, seen, products, sums].map((numbers) => words.number(numbers[i])));
      }
    }

    /**
     * Of each digit the logit, the exponential and the probability.
     * @param {Softmax} account
     */
    showAnswers({ logits, terms, total }) {
      /** @type {HTMLElement} */ (this.tables).textContent = "";
      const body = this.table("From values to probabilities", ["digit", "value", "exponential", "probability"]);
      logits.forEach((logit, digit) => addRow(body, String(digit), [logit, terms[digit], terms[digit] / total].map(words.number)));
    }
  }

  /**
   * @param {HTMLElement} body
   * @param {string} head
   * @param {string[]} cells
   */
  function addRow(body, head, cells) {
    const row = html(body, "tr");
    html(row, "th", "", head).scope = "row";
    for (const cell of cells) html(row, "td", "", cell);
  }

  /**
   * Scroll the table of an element, and not the page, until it is in sight.
   * @param {HTMLElement} element
   */
  function reveal(element) {
    const table = /** @type {HTMLElement} */ (element.closest(".inside-table"));
    const place = element.getBoundingClientRect();
    const frame = table.getBoundingClientRect();
    if (place.top < frame.top) table.scrollTop += place.top - frame.top;
    if (place.bottom > frame.bottom) table.scrollTop += place.bottom - frame.bottom;
  }

  return Cell;
})();
