// @ts-check
// The reader's own choice of a run, refused in words where there is no such run.
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

lenet5.choice = (() => {
  // A page trains one epoch at least, and is not left open for more than these.
  const EPOCHS = { from: 1, to: 200 };

  /**
   * @param {Setting[]} settings
   * @returns {Setting[]}
   */
  function inPage(settings) {
    return settings.map((setting) => (setting.name === "epochs" ? { ...setting, ...EPOCHS } : setting));
  }

  /**
   * What is wrong with a number; empty if nothing is.
   * @param {Setting} setting
   * @param {string} text
   */
  function refusal({ label, kind, from = -Infinity, to = Infinity }, text) {
    const value = Number(text);
    const isNumber = /\d/.test(text) && value >= from && value <= to;
    if (isNumber && (kind === "number" || Number.isInteger(value))) return "";
    return `${label}: give a ${kind === "whole" ? "whole " : ""}number from ${from} to ${to}.`;
  }

  /**
   * What is wrong with a network; empty if nothing is.
   * @param {string} notation
   * @param {string} activation
   * @param {(notation: string, activation: string) => Network} describe
   */
  function refusalOfNetwork(notation, activation, describe) {
    try {
      describe(notation, activation);
      return "";
    } catch (error) {
      return `${/** @type {Error} */ (error).message}.`;
    }
  }

  /**
   * A field for a setting.
   * @param {Setting} setting
   * @param {string | number} value
   */
  function field({ name, kind, choices = [] }, value) {
    if (kind === "choice") {
      const select = document.createElement("select");
      for (const choice of choices) select.append(new Option(choice, choice, choice === value, choice === value));
      select.name = name;
      return select;
    }
    const input = document.createElement("input");
    Object.assign(input, { type: "text", name, value: String(value), autocomplete: "off", spellcheck: false });
    input.inputMode = kind === "network" ? "text" : "decimal";
    return input;
  }

  /**
   * What the fields say.
   * @param {Setting[]} settings
   * @param {(HTMLInputElement | HTMLSelectElement)[]} fields
   * @returns {Config}
   */
  function configOf(settings, fields) {
    /** @type {Record<string, string | number>} */
    const config = {};
    settings.forEach(({ name, kind }, i) => {
      const text = fields[i].value.trim();
      config[name] = kind === "whole" || kind === "number" ? Number(text) : text;
    });
    return /** @type {any} */ (config);
  }

  /**
   * What is wrong with each field; empty where nothing is.
   * @param {Setting[]} settings
   * @param {(HTMLInputElement | HTMLSelectElement)[]} fields
   * @param {(notation: string, activation: string) => Network} describe
   */
  function refusals(settings, fields, describe) {
    const { network, activation } = configOf(settings, fields);
    return settings.map((setting, i) => {
      if (setting.kind === "choice") return "";
      if (setting.kind === "network") return refusalOfNetwork(network, activation, describe);
      return refusal(setting, fields[i].value);
    });
  }

  /**
   * Put the fields into a form; `choose` is told what the reader has chosen.
   * @param {HTMLFormElement} form
   * @param {Setting[]} all
   * @param {Config} defaults
   * @param {(notation: string, activation: string) => Network} describe  fails in words where it is none
   * @param {(config: Config) => void} choose
   */
  function fill(form, all, defaults, describe, choose) {
    const settings = inPage(all);
    const words = /** @type {HTMLElement} */ (form.querySelector("[role=alert]"));
    const fields = settings.map((setting) => {
      const label = document.createElement("label");
      const entry = field(setting, defaults[setting.name]);
      label.className = `reproduce-field-${setting.kind}`;
      label.append(setting.label, entry);
      form.querySelector(".reproduce-fields")?.append(label);
      return entry;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wrong = refusals(settings, fields, describe);
      fields.forEach((entry, i) => entry.setAttribute("aria-invalid", String(Boolean(wrong[i]))));
      words.textContent = wrong.filter(Boolean).join(" ");
      if (words.textContent) fields[wrong.findIndex(Boolean)].focus();
      else choose(configOf(settings, fields));
    });
  }

  return { fill };
})();
