// @ts-check
// A network by its layers, a row each, for those who do not know the notation: numbers go up and down
// by a button, by the arrow keys, or are typed.
var lenet5 = lenet5 || {};

lenet5.steppers = (() => {
  const KERNELS = { from: 2, to: 7 };
  const COUNTS = { from: 1, to: 9_999_999 };
  const FINE = 50; // from here on a step is ten
  const COARSE = 10;
  const POOLS = [["no pool", ""], ["max 2×2", "MP2"], ["max 3×3", "MP3"], ["mean 2×2", "AP2"], ["mean 3×3", "AP3"]];

  /**
   * The notation of some parts: what lenet5.notation.parse reads.
   * @param {Part[]} parts
   */
  function write(parts) {
    return parts.map((part) => {
      if (!part.isConvolution) return `${part.outputs}N`;
      return `${part.outputs}C${part.kernel}${poolOf(part) && `-${poolOf(part)}`}`;
    }).join("-");
  }

  /** @param {Part} part */
  function poolOf({ pool, isAverage }) {
    return pool > 1 ? `${isAverage ? "AP" : "MP"}${pool}` : "";
  }

  /**
   * The next number up or down: ones below FINE, and tens above.
   * @param {number} value
   * @param {number} way  1 or -1
   * @param {{ from: number, to: number }} range
   */
  function next(value, way, { from, to }) {
    let found = value + way;
    if (way > 0 && value >= FINE) found = COARSE * (Math.floor(value / COARSE) + 1);
    if (way < 0 && value > FINE) found = COARSE * (Math.ceil(value / COARSE) - 1);
    return Math.max(from, Math.min(to, found));
  }

  /**
   * @param {string} text
   * @param {string} label
   * @param {() => void} act
   */
  function button(text, label, act) {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", textContent: text });
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }

  /**
   * A number with a button on either side. The keyboard has the arrow keys, and passes by the buttons.
   * @param {string} word  what is counted
   * @param {string} whose  such as "of convolution 1"
   * @param {{ from: number, to: number }} range
   * @param {(value: number) => void} set
   */
  function stepper(word, whose, range, set) {
    const input = document.createElement("input");
    Object.assign(input, { type: "number", min: range.from, max: range.to, step: 1, autocomplete: "off" });
    input.setAttribute("aria-label", `${word} ${whose}`);
    /** @param {number} way */
    const step = (way) => {
      input.value = String(next(Number(input.value), way, range));
      set(Number(input.value));
    };
    input.addEventListener("input", () => { if (Number.isInteger(Number(input.value)) && Number(input.value) > 0) set(Number(input.value)); });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      step(event.key === "ArrowUp" ? 1 : -1);
    });
    const box = document.createElement("span");
    const name = document.createElement("span");
    const buttons = [button("−", `Fewer: ${word} ${whose}`, () => step(-1)), button("+", `More: ${word} ${whose}`, () => step(1))];
    for (const each of buttons) each.tabIndex = -1;
    box.className = "training-stepper";
    name.textContent = word;
    name.ariaHidden = "true"; // the field has the whole name
    box.append(name, buttons[0], input, buttons[1]);
    return { box, input };
  }

  /** The rows of a network. */
  class Steppers {
    /**
     * @param {HTMLElement} box
     * @param {(notation: string) => void} changed  is told what the reader has made
     * @param {number} side  of the image
     */
    constructor(box, changed, side) {
      this.box = box;
      this.changed = changed;
      this.side = side;
      /** @type {Part[]} */
      this.parts = [];
      /** @type {((part: Part) => void)[]} by row, what shows its part */
      this.shows = [];
      this.rows = document.createElement("div");
      const adding = document.createElement("p");
      adding.className = "training-buttons";
      adding.append(
        button("Add a convolution", "", () => this.addConvolution()),
        button("Add a hidden layer", "", () => this.addDense()),
      );
      box.append(this.rows, adding);
    }

    /**
     * Show a network.
     * @param {Part[]} parts
     */
    show(parts) {
      const kinds = (/** @type {Part[]} */ list) => list.map((part) => Number(part.isConvolution)).join("");
      const isSame = kinds(parts) === kinds(this.parts);
      this.parts = parts.map((part) => ({ ...part }));
      if (!isSame) this.layOut();
      this.parts.forEach((part, i) => this.shows[i](part));
    }

    layOut() {
      this.shows = [];
      const rows = this.parts.map((part, place) => this.row(part, place));
      this.rows.replaceChildren(...rows);
    }

    /**
     * @param {Part} part
     * @param {number} place
     */
    row({ isConvolution }, place) {
      const convolutions = this.parts.filter((part) => part.isConvolution).length;
      const name = isConvolution ? `Convolution ${place + 1}` : `Hidden layer ${place + 1 - convolutions}`;
      const whose = `of ${name.toLowerCase()}`;
      const row = document.createElement("div");
      const title = document.createElement("span");
      row.className = "training-layer";
      row.setAttribute("role", "group");
      row.setAttribute("aria-label", name);
      title.className = "training-layer-name";
      title.textContent = name;
      const outputs = stepper(isConvolution ? "maps" : "units", whose, COUNTS, (value) => this.set(place, { outputs: value }));
      row.append(title, outputs.box);
      if (isConvolution) this.shows.push(this.addSides(row, whose, place, outputs.input));
      else this.shows.push((part) => { showIn(outputs.input, part.outputs); });
      const remove = button("Remove", `Remove ${name.toLowerCase()}`, () => this.remove(place));
      remove.disabled = this.parts.length === 1; // a network has a layer
      row.append(remove);
      return row;
    }

    /**
     * The kernel's side and the pool of a convolution; what shows them.
     * @param {HTMLElement} row
     * @param {string} whose
     * @param {number} place
     * @param {HTMLInputElement} outputs
     */
    addSides(row, whose, place, outputs) {
      const kernel = stepper("kernel side", whose, KERNELS, (value) => this.set(place, { kernel: value }));
      const pool = document.createElement("select");
      for (const [text, value] of POOLS) pool.append(new Option(text, value));
      pool.setAttribute("aria-label", `pool ${whose}`);
      pool.addEventListener("change", () => {
        this.set(place, { pool: Number(pool.value[2] ?? 1), isAverage: pool.value.startsWith("A") });
      });
      row.append(kernel.box, pool);
      return (/** @type {Part} */ part) => {
        showIn(outputs, part.outputs);
        showIn(kernel.input, part.kernel);
        pool.value = poolOf(part);
      };
    }

    /**
     * @param {number} place
     * @param {Partial<Part>} changes
     */
    set(place, changes) {
      this.take(this.parts.map((part, i) => (i === place ? { ...part, ...changes } : part)));
    }

    /** @param {Part[]} parts */
    take(parts) {
      this.show(parts);
      this.changed(write(parts));
    }

    /** Behind the last convolution, with the largest kernel up to 5 that its maps have room for. */
    addConvolution() {
      const convolutions = this.parts.filter((part) => part.isConvolution);
      let { side } = this;
      for (const { kernel, pool } of convolutions) side = Math.floor((side - kernel + 1) / pool);
      const kernel = Math.max(KERNELS.from, Math.min(5, side));
      const outputs = 2 * (convolutions.at(-1)?.outputs ?? 3);
      const added = { isConvolution: true, outputs, kernel, pool: 1, isAverage: false };
      this.take([...convolutions, added, ...this.parts.slice(convolutions.length)]);
      this.focus(convolutions.length);
    }

    addDense() {
      const added = { isConvolution: false, outputs: 60, kernel: 1, pool: 1, isAverage: false };
      this.take([...this.parts, added]);
      this.focus(this.parts.length - 1);
    }

    /** @param {number} place */
    remove(place) {
      this.take(this.parts.filter((_, i) => i !== place));
      this.focus(Math.min(place, this.parts.length - 1));
    }

    /** @param {number} place */
    focus(place) {
      this.rows.children[place].querySelector("input")?.focus();
    }
  }

  /**
   * Show a number, but for what the reader is typing.
   * @param {HTMLInputElement} input
   * @param {number} value
   */
  function showIn(input, value) {
    if (Number(input.value) !== value || !input.value) input.value = String(value);
  }

  return { Steppers, write };
})();
