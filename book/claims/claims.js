// The claims of the audit in another order: by verdict, as they stand, or by chapter of the 2020 report.
// By verdict, those that hold are folded away at the end, so that what differs stands in the open.
// On a phone the line on how each was tested is shown when asked for.
(() => {
  "use strict";
  const body = document.querySelector("#tab-claims tbody");
  const rows = [...body.rows], CHAPTERS = ["Introduction", "Dataset", "Implementation"];
  const chapter = (row) => (CHAPTERS.indexOf(row.cells[4].textContent.split(";")[0].trim()) + 4) % 4;
  const holding = rows.filter((row) => row.cells[0].textContent.trim() === "holds");
  const fold = document.createElement("tr"), button = document.createElement("button");
  const setOpen = (/** @type {boolean} */ open) => {
    // A browser that can find words in what is folded away opens it (beforematch).
    for (const row of holding) open ? row.removeAttribute("hidden") : row.setAttribute("hidden", "until-found");
    button.setAttribute("aria-expanded", `${open}`);
  };
  fold.className = "claims-fold";
  fold.insertCell().append(button);
  fold.cells[0].colSpan = rows[0].cells.length;
  button.type = "button";
  button.textContent = `The ${holding.length} claims that hold`;
  button.addEventListener("click", () => setOpen(button.getAttribute("aria-expanded") === "false"));
  body.addEventListener("beforematch", () => setOpen(true));

  const orders = {
    "by verdict": () => {
      const differing = rows.filter((row) => !holding.includes(row));
      body.append(...differing, fold, ...holding);
      setOpen(false);
    },
    "by chapter of the 2020 report": () => {
      fold.remove();
      body.append(...rows.slice().sort((a, b) => chapter(a) - chapter(b)));
      setOpen(true);
    },
  };
  const choice = document.createElement("fieldset");
  choice.className = "claims-order";
  choice.innerHTML = "<legend>Show</legend>";
  for (const [name, show] of Object.entries(orders)) {
    const label = document.createElement("label"), radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: "claims-order", checked: name === "by verdict" });
    radio.addEventListener("change", show);
    label.append(radio, ` ${name}`);
    choice.append(label);
  }
  orders["by verdict"]();
  const table = body.parentElement, tests = document.createElement("label"), box = document.createElement("input");
  const show = () => table.classList.toggle("brief", !box.checked);
  Object.assign(box, { type: "checkbox", checked: matchMedia("(min-width: 48rem)").matches });
  box.addEventListener("change", show);
  tests.append(box, " how each was tested");
  choice.append(tests);
  show();
  (table.closest(".pst-scrollable-table-container") ?? table).before(choice);
})();
