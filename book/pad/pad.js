// @ts-check
// The pad: what stands on the paper, what is read in it, and what the reader is told.
var lenet5 = lenet5 || {};

lenet5.pad = (async () => {
  const ours = await lenet5.networks.open();
  const pad = /** @type {HTMLElement} */ (document.querySelector(".digit-pad"));
  /** @param {string} name */
  const find = (name) => /** @type {HTMLElement} */ (pad.querySelector(`.pad-${name}`));
  const said = find("status");
  const seen = /** @type {CanvasRenderingContext2D} */ (/** @type {HTMLCanvasElement} */ (find("seen")).getContext("2d"));
  const PAUSE = 300; // milliseconds: a screen reader speaks each change, so wait for a pause in the drawing
  const paper = new lenet5.Paper(pad, changed);
  const readers = new lenet5.readers.Readers(pad, ours);
  let frame = 0, rest = 0;
  let isLoading = false; // the image that the address asks for
  let refused = ""; // why it is not there

  // -- reading -------------------------------------------------------------------------

  function changed() {
    frame ||= requestAnimationFrame(read);
  }

  /** Read what stands on the paper: all do but the committee, which is asked when the pen rests. */
  function read() {
    frame = 0;
    paper.show();
    const { pixels } = paper;
    lenet5.showPixels(seen, pixels ?? new Float32Array(ours.network.pixels));
    readers.see(pixels);
    pad.dispatchEvent(new CustomEvent("pad:read", { detail: { kernel: readers.kernel, pixels } }));
    clearTimeout(rest);
    rest = setTimeout(tell, PAUSE);
  }

  /** Say what is read, now that the pen rests. */
  async function tell() {
    const mine = rest, { kind, picture } = paper;
    const joint = await readers.ask();
    if (mine !== rest || frame || isLoading) return; // the pen has moved on
    const report = readers.report.reading?.shares ?? null;
    const verdict = lenet5.verdict.of(kind, report, joint ?? readers.absent, readers.of1998.reading?.shares ?? null);
    pad.dataset.verdict = verdict.kind;
    const label = picture?.label === undefined ? "" : ` The label is ${picture.label}.`;
    said.textContent = refused || verdict.sentence + label;
    refused = "";
  }

  // -- pictures ------------------------------------------------------------------------

  /**
   * Put a picture on the paper, and let all read it.
   * @param {Given} picture
   */
  function take(picture) {
    readers.touch();
    paper.add({ picture });
  }

  /** Put the image there that the address asks for, if it does. */
  async function takeAsked() {
    const place = lenet5.testImages.askedFor(location.hash);
    if (place === null) return;
    isLoading = true;
    said.textContent = "Loading the test images …";
    try {
      const image = await lenet5.testImages.get(place);
      if (place === lenet5.testImages.askedFor(location.hash)) take(image);
    } catch (error) {
      refused = `That image is not here: ${/** @type {Error} */ (error).message}.`;
    }
    isLoading = false;
    changed();
    paper.canvas.scrollIntoView({ block: "nearest" });
  }

  /** The row of test images, each a button. */
  function offerSamples() {
    const samples = JSON.parse(atob(/** @type {any} */ (window).appData["samples.json"]));
    for (const { index, label, pixels: text } of samples) {
      const pixels = Float32Array.from(lenet5.bytes(text), (level) => level / 255);
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-label", `Test image ${index}, labelled ${label}`);
      button.append(lenet5.canvasOf(pixels));
      button.addEventListener("click", () => take({ index, label, pixels }));
      find("images").append(button);
    }
  }

  /**
   * Open a fold as soon as an alert in it has words: a picture that is dropped or pasted may be refused.
   * @param {HTMLDetailsElement} fold
   */
  function openForWords(fold) {
    const alerts = Array.from(fold.querySelectorAll("[role=alert]"));
    const open = () => { if (alerts.some((alert) => alert.textContent)) fold.open = true; };
    new MutationObserver(open).observe(fold, { childList: true, subtree: true });
  }

  // -- what is heard -------------------------------------------------------------------

  pad.addEventListener("keydown", (event) => {
    if (event.altKey || event.shiftKey) return;
    const key = (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + event.key.toLowerCase();
    if (key === "u" || key === "Ctrl+z") paper.undo();
    else if (key === "c" || key === "delete") paper.clear();
    else return;
    event.preventDefault();
  });
  for (const touch of ["pointerdown", "keydown"]) paper.canvas.addEventListener(touch, () => readers.touch());
  find("undo").addEventListener("click", () => paper.undo());
  find("clear").addEventListener("click", () => paper.clear());
  window.addEventListener("hashchange", takeAsked);

  offerSamples();
  // A fold that is closed describes nothing to a screen reader, and what is hidden does.
  find("keys-told").textContent = find("keys").textContent;
  openForWords(/** @type {HTMLDetailsElement} */ (find("more")));
  readers.changed = changed;
  pad.classList.remove("app-waiting");
  lenet5.networks.offer(find("file"), readers);
  lenet5.upload.offer(find("upload"), (pixels) => take({ pixels }), pad);
  changed();
  takeAsked();
  return ours;
})();
lenet5.pad.catch((/** @type {Error} */ error) => {
  const said = document.createElement("p");
  said.textContent = `There is no pad here: ${error.message}. The figure below shows what it does.`;
  /** @type {HTMLElement} */ (document.querySelector(".digit-pad")).replaceWith(said);
});
