// @ts-check
// The map that is chosen in "Look inside", large, and how the value of one of its cells comes about.
var lenet5 = lenet5 || {};

lenet5.Cell = (() => {
  const { outline, placeAt, within } = lenet5.sheets;
  const { at } = lenet5.sums;
  const { hasMaps, isSigned } = lenet5.steps;
  const { html, words } = lenet5;
  const MOST_TERMS = 1000; // in the table
  /** @type {Record<string, number[]>} rows and columns */
  const MOVES = {
    ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
    Home: [0, -Infinity], End: [0, Infinity], PageUp: [-Infinity, 0], PageDown: [Infinity, 0],
  };

  class Cell extends lenet5.View {
    /** @param {InstanceType<typeof lenet5.Inside>} inside */
    constructor(inside) {
      super(inside);
      /** @type {HTMLElement | null} */
      this.box = null;
      /** @type {PictureBox | null} */
      this.large = null;
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
      this.pause = 0;
    }

    get button() {
      return this.inside.rows[this.index].maps[this.map].button;
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
      this.small = this.pictures(small);
      this.said = html(box, "p", "inside-said");
      this.tables = html(box, "div", "inside-tables");
      this.inputs = this.terms = null;
      this.spoken = html(box, "p", "inside-spoken");
      this.spoken.setAttribute("aria-live", "polite");
      box.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
      box.addEventListener("pointerenter", () => this.inside.peek.leave());
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
      this.forget();
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

    /** The pictures and the sentence, which follow the drawing and the cursor at once. */
    show() {
      if (this.index < 0 || !this.large || !this.said) return;
      const { steps, values } = this.inside;
      const { index, map, step, sheet, large } = this;
      const [row, column] = this.coordinates;
      this.account = this.reckon();
      const engines = values[step.output][at(step, map, row, column)];
      this.said.textContent = words.explain(steps, index, row, column, this.account, Object.is(engines, this.account.value));
      const scale = lenet5.sheets.scale(values[step.output], isSigned(steps, index));
      lenet5.sheets.paint(large.canvas, this.inside.mapOf(index, map), sheet, scale);
      outline(large.window, this.region, sheet);
      this.showReach();
      this.showParts();
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
