// @ts-check
// "Look inside" while it is closed. What shows the inside is loaded when it is opened for the first time.
var lenet5 = lenet5 || {};

/** @typedef {{ kernel: Kernel, pixels: Float32Array | null }} LastRead  what the pad says that it has read */

(() => {
  const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const FILES = ["inside.css", "steps.js", "sums.js", "sheets.js", "words.js", "view.js", "cell.js", "peek.js", "inside.js"];
  const pad = /** @type {HTMLElement} */ (document.querySelector(".digit-pad"));
  const details = /** @type {HTMLDetailsElement} */ (pad.querySelector(".inside"));
  const said = /** @type {HTMLElement} */ (details.querySelector(".inside-loading"));
  /** @type {InstanceType<typeof lenet5.Inside> | null} */
  let inside = null;
  /** @type {LastRead | null} */
  let reading = null;
  let isLoading = false;

  async function open() {
    if (!details.open || inside || isLoading) return;
    isLoading = true;
    said.textContent = "Loading …";
    try {
      await lenet5.load(FILES.map((name) => `inside/${name}`), HERE);
      inside = new lenet5.Inside(details);
      said.textContent = "";
      if (reading) inside.read(reading);
    } catch (error) { // the next opening may find them
      said.textContent = `The inside cannot be shown: ${/** @type {Error} */ (error).message}.`;
    }
    isLoading = false;
  }

  details.addEventListener("toggle", open);
  pad.addEventListener("pad:read", (event) => {
    reading = /** @type {CustomEvent<LastRead>} */ (event).detail;
    inside?.read(reading);
  });
})();
