// @ts-check
// The reader's own choice of a run, refused in words where it is out of range.
var lenet5 = lenet5 || {};

/** @typedef {{ name: keyof Config, label: string, whole: boolean, from: number, to: number }} Field */

lenet5.choice = (() => {
  /** @type {Field[]} the ranges are those of lenet5.Config, but for the epochs, which a page ends sooner */
  const FIELDS = [
    { name: "seed", label: "Seed", whole: true, from: 0, to: 2 ** 32 - 1 },
    { name: "lr", label: "Learning rate", whole: false, from: 0, to: 10 },
    { name: "batch_size", label: "Batch size", whole: true, from: 1, to: 60000 },
    { name: "epochs", label: "Epochs", whole: true, from: 1, to: 200 },
  ];

  /**
   * What is wrong with an answer; empty if nothing is.
   * @param {Field} field
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
   * @param {Config} defaults
   * @param {(config: Config) => void} choose
   */
  function fill(form, defaults, choose) {
    const inputs = FIELDS.map((field) => {
      const label = document.createElement("label"), input = document.createElement("input");
      Object.assign(input, { type: "text", inputMode: "decimal", name: field.name, value: String(defaults[field.name]), autocomplete: "off" });
      label.append(field.label, input);
      form.querySelector(".reproduce-fields")?.append(label);
      return input;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const refusals = FIELDS.map((field, i) => refusal(field, inputs[i].value));
      inputs.forEach((input, i) => input.setAttribute("aria-invalid", String(Boolean(refusals[i]))));
      const words = /** @type {HTMLElement} */ (form.querySelector("[role=alert]"));
      words.textContent = refusals.filter(Boolean).join(" ");
      if (words.textContent) inputs[refusals.findIndex(Boolean)].focus();
      else choose(/** @type {Config} */ (Object.fromEntries(FIELDS.map(({ name }, i) => [name, Number(inputs[i].value)]))));
    });
  }

  return { fill };
})();
