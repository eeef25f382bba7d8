// @ts-check
// Texts to take along: put into the clipboard, or shown and selected where a browser refuses that.
var lenet5 = lenet5 || {};

/**
 * Have a button copy a text. Whether it is copied stands behind the button.
 * @param {HTMLElement} button
 * @param {() => string | null} text  null where there is none
 */
lenet5.copied = (button, text) => {
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  button.after(said);
  /** @type {HTMLTextAreaElement | null} */
  let byHand = null;

  /** @param {string} copy */
  function show(copy) {
    byHand = document.createElement("textarea");
    byHand.setAttribute("aria-label", "To copy");
    byHand.readOnly = true;
    byHand.value = copy;
    said.after(byHand);
    byHand.select();
    said.textContent = "The text is selected: copy it with Ctrl+C.";
  }

  button.addEventListener("click", async () => {
    const copy = text();
    byHand?.remove();
    said.textContent = "";
    if (copy === null) return;
    try {
      await navigator.clipboard.writeText(copy);
      said.textContent = "Copied.";
    } catch {
      show(copy);
    }
  });
};
