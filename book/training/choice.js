// @ts-check
// The reader's own choice of a run: the layers by steppers or by the notation, which stay in step, the
// network drawn, and the other settings. What is no run is refused in words.
var lenet5 = lenet5 || {};

/**
 * A setting of lenet5/config.py, as settings.json has it: of a number its range, of a choice all that
 * it may be.
 * @typedef {object} Setting
 * @property {keyof Config} name
 * @property {string} label
 * @property {"network" | "choice" | "whole" | "number"} kind
 * @property {number} [from]
 * @property {number} [to]
 * @property {string[]} [choices]
 * @property {string | number} default
 */

/**
 * What the page does with a choice.
 * @typedef {object} Uses
 * @property {(config: Config) => Network} describe  fails in words where there is no such network
 * @property {(config: Config, network: Network) => void} show  of a choice that can be trained
 * @property {(config: Config) => void} train
 */

lenet5.Choice = (() => {
  // A page trains one epoch at least, and is not left open for more than these.
  const EPOCHS = { from: 1, to: 200 };
  const TYPING = 700; // milliseconds after which a word of refusal may interrupt

  /** @typedef {Record<string, string>} Texts  of the settings, by name */

  /**
   * @param {Setting[]} settings
   * @returns {Setting[]}
   */
  function inPage(settings) {
    return settings.map((setting) => (setting.name === "epochs" ? { ...setting, ...EPOCHS } : setting));
  }

  /**
   * What is wrong with a setting that is no network; empty if nothing is.
   * @param {Setting} setting
   * @param {string} text
   */
  function refusal({ label, kind, choices = [], from = -Infinity, to = Infinity }, text) {
    if (kind === "choice") return choices.includes(text) ? "" : `${label}: give one of ${choices.join(", ")}.`;
    const value = Number(text);
    const isNumber = /\d/.test(text) && value >= from && value <= to;
    if (isNumber && (kind === "number" || Number.isInteger(value))) return "";
    return `${label}: give a ${kind === "whole" ? "whole " : ""}number from ${from} to ${to}.`;
  }

  /**
   * A field for a setting.
   * @param {Setting} setting
   */
  function field({ name, kind, choices = [] }) {
    if (kind === "choice") {
      const select = document.createElement("select");
      for (const choice of choices) select.append(new Option(choice));
      select.name = name;
      return select;
    }
    const input = document.createElement("input");
    Object.assign(input, { type: "text", name, autocomplete: "off", spellcheck: false });
    input.inputMode = kind === "network" ? "text" : "decimal";
    return input;
  }

  class Choice {
    /**
     * @param {HTMLFormElement} form
     * @param {Book} book
     * @param {Uses} uses
     */
    constructor(form, book, uses) {
      this.form = form;
      this.settings = inPage(book.settings);
      this.recipe = book.recipe;
      this.uses = uses;
      this.typing = 0;
      this.alert = /** @type {HTMLElement} */ (form.querySelector("[role=alert]"));
      /** @type {(HTMLInputElement | HTMLSelectElement)[]} */
      this.fields = this.settings.map((setting) => this.addField(setting));
      const side = Math.min(...book.imageShape.slice(1));
      this.steppers = new lenet5.steppers.Steppers(this.find("layers"), (notation) => this.fill(notation), side);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const config = this.judge();
        if (config) uses.train(config);
        else this.fields[this.refusals(this.texts).findIndex(Boolean)]?.focus();
      });
      this.find("usual").addEventListener("click", () => this.set(book.recipe));
    }

    /** @param {string} name */
    find(name) {
      return /** @type {HTMLElement} */ (this.form.querySelector(`.training-${name}`));
    }

    /** @param {Setting} setting */
    addField(setting) {
      const label = document.createElement("label");
      const entry = field(setting);
      label.className = `training-field-${setting.kind}`;
      label.append(setting.kind === "network" ? "The same in the notation" : setting.label, entry);
      this.find(setting.kind === "network" ? "notation" : "fields").append(label);
      entry.addEventListener("input", () => {
        this.update();
        clearTimeout(this.typing);
        this.typing = setTimeout(() => this.judge(), TYPING);
      });
      return entry;
    }

    /** What the fields say. */
    get texts() {
      return Object.fromEntries(this.settings.map(({ name }, i) => [name, this.fields[i].value.trim()]));
    }

    /**
     * @param {Texts} texts  that nothing is wrong with
     * @returns {Config}
     */
    configOf(texts) {
      const entries = this.settings.map(({ name, kind }) => [name, kind === "whole" || kind === "number" ? Number(texts[name]) : texts[name]]);
      return Object.fromEntries(entries);
    }

    /**
     * What is wrong with each setting; empty where nothing is.
     * @param {Texts} texts
     */
    refusals(texts) {
      return this.settings.map((setting) => {
        const text = texts[setting.name];
        return setting.kind === "network" ? this.refusalOfNetwork(texts) : refusal(setting, text);
      });
    }

    /** @param {Texts} texts */
    refusalOfNetwork(texts) {
      const [activation] = this.settings.filter(({ name }) => name === "activation");
      // A wrong activation is told once, and is no fault of the network.
      const isActivation = !refusal(activation, texts.activation);
      try {
        this.uses.describe(this.configOf({ ...texts, activation: isActivation ? texts.activation : String(activation.default) }));
        return "";
      } catch (error) {
        return `${/** @type {Error} */ (error).message}.`;
      }
    }

    /**
     * Say what is wrong; the choice if nothing is.
     * @param {Texts} texts
     * @param {string} refused  of what no field can show
     */
    judge(texts = this.texts, refused = "") {
      clearTimeout(this.typing);
      const wrong = this.refusals(texts);
      this.fields.forEach((entry, i) => entry.setAttribute("aria-invalid", String(Boolean(wrong[i]))));
      const words = [refused, ...wrong].filter(Boolean).join(" ");
      if (this.alert.textContent !== words) this.alert.textContent = words;
      return words ? null : this.configOf(texts);
    }

    /** Bring layers and drawing in step with the fields, as far as they make a network. */
    update() {
      const { texts } = this;
      const isNetwork = !this.refusalOfNetwork(texts);
      this.form.classList.toggle("training-stale", !isNetwork);
      if (!isNetwork) return;
      const network = this.uses.describe(this.configOf(texts));
      this.steppers.show(lenet5.notation.parse(texts.network));
      lenet5.architecture.draw(this.find("of-choice"), network);
      this.find("facts").textContent = lenet5.sentences.size(network);
      if (!this.refusals(texts).some(Boolean)) this.uses.show(this.configOf(texts), network);
    }

    /**
     * Take what the steppers have made.
     * @param {string} notation
     */
    fill(notation) {
      this.fields[this.settings.findIndex(({ kind }) => kind === "network")].value = notation;
      this.update();
      this.judge();
    }

    /**
     * Show a choice: its settings, and those of our run where it has none. What comes back is null if
     * it is refused.
     * @param {Partial<Record<keyof Config, string | number>>} given
     * @param {string} refused
     */
    set(given, refused = "") {
      /** @type {Texts} */
      const texts = {};
      this.settings.forEach(({ name, choices }, i) => {
        texts[name] = String(given[name] ?? this.recipe[name]);
        const canShow = !choices || choices.includes(texts[name]);
        this.fields[i].value = canShow ? texts[name] : String(this.recipe[name]);
      });
      this.update();
      return this.judge(texts, refused);
    }
  }

  return Choice;
})();
