// @ts-check
// "Look inside": the maps of every layer while one draws, and of a chosen cell how its value comes about.
// Closed it computes nothing; open it paints what is on the screen, once a frame.
var lenet5 = lenet5 || {};

/** @typedef {{ sheet: Sheet, canvas: HTMLCanvasElement, window: HTMLElement, button: HTMLButtonElement }} MapButton */
/** @typedef {ReturnType<typeof lenet5.steps.sheet>} Sheet */
/** @typedef {{ box: HTMLElement, range: HTMLElement, maps: MapButton[], sheet: Sheet, isVisible: boolean, isPainted: boolean }} Row  a step on the page */

lenet5.Inside = class {
  static MOST_MAPS = 64; // of a layer, until one asks for all
  static REST = 300; // milliseconds without a change, after which labels and tables follow

  /** @param {HTMLDetailsElement} details  in which all is shown while it is open */
  constructor(details) {
    this.details = details;
    /** @type {LastRead | null} */
    this.reading = null;
    /** @type {Kernel | null} */
    this.kernel = null; // the one whose layers are on the page
    /** @type {Step[]} */
    this.steps = [];
    /** @type {Values} */
    this.values = {};
    /** @type {Row[]} */
    this.rows = [];
    this.frame = 0;
    this.pause = 0;
    this.cell = new lenet5.Cell(this);
    this.peek = new lenet5.Peek(this);
    this.watcher = new IntersectionObserver((entries) => this.see(entries), { rootMargin: "100px" });
    this.details.addEventListener("toggle", () => this.change());
  }

  /** @param {LastRead} reading */
  read(reading) {
    this.reading = reading;
    this.change();
  }

  change() {
    if (this.details.open && this.reading) this.frame ||= requestAnimationFrame(() => this.show());
  }

  show() {
    this.frame = 0;
    if (!this.reading || !this.details.open) return;
    const { kernel, pixels } = this.reading;
    if (kernel !== this.kernel) this.build(kernel);
    this.values = lenet5.steps.values(kernel, pixels ?? new Float32Array(kernel.network.pixels));
    for (const row of this.rows) row.isPainted = false;
    this.paint();
    this.cell.show();
    this.peek.show();
    clearTimeout(this.pause);
    this.pause = window.setTimeout(() => this.label(), lenet5.Inside.REST);
  }

  // -- the layers ------------------------------------------------------------------------

  /**
   * Lay out the layers of a network.
   * @param {Kernel} kernel
   */
  build(kernel) {
    this.kernel = kernel;
    this.steps = lenet5.steps.of(kernel.network);
    this.peek.leave();
    this.cell.close();
    this.watcher.disconnect();
    this.details.querySelector(".inside-body")?.remove();
    const body = lenet5.html(this.details, "div", "inside-body");
    lenet5.html(body, "p", "", "What each layer makes of the drawing, while you draw. Move over a map, and see what the "
      + "cell under the pointer saw. Choose the map, or a layer's strip of units, to see it large, and how the value of "
      + "each cell comes about, term by term. "
      + "Tab goes from layer to layer, the arrow keys from map to map; Enter opens a map, and Escape closes it.");
    this.legend(body);
    const layers = lenet5.html(body, "div", "inside-layers");
    layers.addEventListener("pointerleave", () => this.peek.leave());
    this.rows = this.steps.map((step, index) => this.row(layers, step, index));
  }

  /** @param {HTMLElement} body */
  legend(body) {
    const legend = lenet5.html(body, "p", "inside-legend");
    const scales = [["inside-unsigned", "0", "the layer's largest value"], ["inside-signed", "below 0", "above"]];
    for (const [scale, from, to] of scales) {
      const words = lenet5.html(legend, "span", "", from);
      lenet5.html(words, "span", `inside-scale ${scale}`).setAttribute("aria-hidden", "true");
      words.append(to);
    }
  }

  /**
   * @param {HTMLElement} layers
   * @param {Step} step
   * @param {number} index
   * @returns {Row}
   */
  row(layers, step, index) {
    const box = lenet5.html(layers, "div", "inside-layer");
    const title = lenet5.html(box, "p", "inside-title");
    lenet5.html(title, "b", "", lenet5.words.title(step));
    title.append(` ${lenet5.words.kind(step)}`);
    const range = lenet5.html(title, "span", "inside-range");
    const bar = lenet5.html(box, "div", "inside-maps");
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", `${lenet5.words.title(step)}: ${lenet5.words.kind(step)}`);
    const sheet = lenet5.steps.sheet(step);
    /** @type {Row} */
    const row = { box, range, maps: [], sheet, isVisible: false, isPainted: false };
    const shown = Math.min(sheet.maps, lenet5.Inside.MOST_MAPS);
    for (let map = 0; map < shown; map++) this.addMap(bar, row, index, map);
    if (shown < sheet.maps) this.offerRest(box, bar, row, index);
    if (step.isAnswers) this.digits(box, sheet);
    bar.addEventListener("keydown", (event) => this.move(event, row));
    this.watcher.observe(box);
    return row;
  }

  /**
   * @param {HTMLElement} bar
   * @param {Row} row
   * @param {number} index
   * @param {number} map
   */
  addMap(bar, row, index, map) {
    const { sheet } = row;
    const button = lenet5.html(bar, "button", "inside-map");
    button.type = "button";
    button.tabIndex = map ? -1 : 0;
    button.setAttribute("aria-pressed", "false");
    const canvas = lenet5.html(button, "canvas");
    lenet5.sheets.size(canvas, sheet);
    canvas.style.setProperty("--columns", String(sheet.columns));
    canvas.classList.toggle("inside-strip", !lenet5.steps.hasMaps(this.steps[index]));
    const window = lenet5.html(button, "span", "inside-window");
    window.hidden = true;
    button.addEventListener("click", (event) => this.choose(index, map, event));
    button.addEventListener("pointermove", (event) => this.peek.over(index, map, event));
    button.addEventListener("focus", () => this.peekAtLargest(index, map));
    button.addEventListener("blur", () => this.peek.leave());
    row.maps.push({ sheet, canvas, window, button });
  }

  /**
   * A button for the maps of a very wide layer that are not shown yet.
   * @param {HTMLElement} box
   * @param {HTMLElement} bar
   * @param {Row} row
   * @param {number} index
   */
  offerRest(box, bar, row, index) {
    const { maps } = row.sheet;
    const more = lenet5.html(box, "button", "inside-more", `the first ${row.maps.length} of ${maps}: show all`);
    more.type = "button";
    more.addEventListener("click", () => {
      for (let map = row.maps.length; map < maps; map++) this.addMap(bar, row, index, map);
      more.remove();
      row.maps[lenet5.Inside.MOST_MAPS].button.focus();
      this.change();
    });
  }

  /**
   * The digits under the answers.
   * @param {HTMLElement} box
   * @param {Sheet} sheet
   */
  digits(box, sheet) {
    const row = lenet5.html(box, "span", "inside-digits");
    row.style.setProperty("--columns", String(sheet.columns));
    row.setAttribute("aria-hidden", "true");
    for (let digit = 0; digit < sheet.cells; digit++) lenet5.html(row, "span", "", String(digit));
  }

  // -- painting --------------------------------------------------------------------------

  /** @param {IntersectionObserverEntry[]} entries */
  see(entries) {
    for (const { target, isIntersecting } of entries) {
      const row = this.rows.find(({ box }) => box === target);
      if (row) row.isVisible = isIntersecting;
    }
    this.paint();
  }

  /** The layers that are on the screen, as far as they have changed. */
  paint() {
    this.rows.forEach((row, index) => {
      if (!row.isVisible || row.isPainted || !this.values.image) return;
      row.isPainted = true;
      const values = this.values[this.steps[index].output];
      const scale = lenet5.sheets.scale(values, lenet5.steps.isSigned(this.steps, index));
      row.range.textContent = lenet5.words.range(values);
      row.maps.forEach(({ canvas, sheet }, map) => lenet5.sheets.paint(canvas, this.mapOf(index, map), sheet, scale));
    });
  }

  /**
   * The values of a map, or of all units of a dense layer.
   * @param {number} index
   * @param {number} map
   */
  mapOf(index, map) {
    const { cells } = this.rows[index].sheet;
    return this.values[this.steps[index].output].subarray(cells * map, cells * (map + 1));
  }

  /** What a screen reader says of the maps: it need not follow the drawing stroke by stroke. */
  label() {
    this.rows.forEach(({ maps }, index) => maps.forEach(({ button }, map) => {
      button.setAttribute("aria-label", lenet5.words.map(this.steps[index], map, this.mapOf(index, map)));
    }));
    this.cell.settle();
  }

  // -- choosing --------------------------------------------------------------------------

  /**
   * Arrow keys go from map to map: the layers are one stop of Tab each.
   * @param {KeyboardEvent} event
   * @param {Row} row
   */
  move(event, { maps }) {
    const from = maps.findIndex(({ button }) => button === event.target);
    /** @type {Record<string, number>} */
    const places = { ArrowRight: from + 1, ArrowDown: from + 1, ArrowLeft: from - 1, ArrowUp: from - 1, Home: 0, End: maps.length - 1 };
    if (from < 0 || !(event.key in places) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const to = maps[(places[event.key] + maps.length) % maps.length].button;
    for (const { button } of maps) button.tabIndex = button === to ? 0 : -1;
    to.focus();
  }

  /**
   * Who comes to a map by keys is shown what its largest cell saw.
   * @param {number} index
   * @param {number} map
   */
  peekAtLargest(index, map) {
    const { button } = this.rows[index].maps[map];
    if (!button.matches(":focus-visible") || this.cell.isOf(index, map)) return;
    this.peek.at(index, map, lenet5.sheets.largestOf(this.mapOf(index, map)));
  }

  /**
   * Show a map large, or no longer if it was.
   * @param {number} index
   * @param {number} map
   * @param {MouseEvent} event
   */
  choose(index, map, event) {
    this.peek.leave();
    if (this.cell.isOf(index, map)) {
      this.cell.close();
      return;
    }
    const { maps, sheet, box } = this.rows[index];
    const values = this.mapOf(index, map);
    let place = lenet5.sheets.largestOf(values); // of keys: the largest
    if (event.detail) { // of a pointer: where it is
      const frame = maps[map].canvas.getBoundingClientRect();
      place = lenet5.sheets.placeAt(frame, event, sheet) ?? place;
    }
    for (const other of maps) other.button.tabIndex = other === maps[map] ? 0 : -1;
    this.cell.open(index, map, place, box);
    if (!event.detail) this.cell.focus();
  }
};
