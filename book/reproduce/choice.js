// @ts-check
// The reader's own choice of a run, refused in words where it is out of range.
var lenet5 = lenet5 || {};

/** @typedef {{ name: keyof Config, label: string, whole: boolean, from: number, to: number }} Setting */

lenet5.choice = (() => {
  // A page trains one epoch at least, and is not left open for more than these.
  const EPOCHS = { from: 1, to: 200 };

  /**
   * The settings in the order of the form: what a reader changes first stands first.
   * @param {Setting[]} settings of lenet5/config.py, from settings.json
   * @returns {Setting[]}
   */
  function inOrder(settings) {
    return settings.map((setting) => (setting.name === "epochs" ? { ...setting, ...EPOCHS } : setting)).reverse();
  }

  /**
   * What is wrong with an answer; empty if nothing is.
   * @param {Setting} setting
   * @param {string} text
   */
  function refusal({ label, whole, from, to }, text) {
    const value = Number(text);
    const fits = /\d/.test(text) && value >= from && value <= to && (!whole || Number.isInteger(value));
    return fits ? "" : `${label}: give a ${whole ? "whole " : ""}number from ${from} to ${to}.`;
  }

  /**
   * Put the fields into a form; `choose` is told what the reader has chosen.
   * @param {HTMLFormElement} form
   * @param {Setting[]} settings
   * @param {Config} defaults
   * @param {(config: Config) => void} choose
   */
  function fill(form, settings, defaults, choose) {
    const fields = inOrder(settings);
    const inputs = fields.map((field) => {
      const label = document.createElement("label"), input = document.createElement("input");
      Object.assign(input, { type: "text", inputMode: "decimal", name: field.name, value: String(defaults[field.name]), autocomplete: "off" });
      label.append(field.label, input);
      form.querySelector(".reproduce-fields")?.append(label);
      return input;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const refusals = fields.map((field, i) => refusal(field, inputs[i].value));
      inputs.forEach((input, i) => input.setAttribute("aria-invalid", String(Boolean(refusals[i]))));
      const words = /** @type {HTMLElement} */ (form.querySelector("[role=alert]"));
      words.textContent = refusals.filter(Boolean).join(" ");
      if (words.textContent) inputs[refusals.findIndex(Boolean)].focus();
      else choose(/** @type {Config} */ (Object.fromEntries(fields.map(({ name }, i) => [name, Number(inputs[i].value)]))));
    });
  }

  return { fill };
})();
