// The claims of the audit in another order: by verdict, as they stand, or by chapter of the 2020 report.
// On a phone the line on how each was tested is shown when asked for.
(() => {
  "use strict";
  const body = document.querySelector("#tab-claims tbody");
  const rows = [...body.rows], CHAPTERS = ["Introduction", "Dataset", "Implementation"];
  const chapter = (row) => (CHAPTERS.indexOf(row.cells[4].textContent.split(";")[0].trim()) + 4) % 4;
  const orders = {
    "by verdict": rows,
    "by chapter of the 2020 report": rows.slice().sort((a, b) => chapter(a) - chapter(b)),
  };
  const choice = document.createElement("fieldset");
  choice.className = "claims-order";
  choice.innerHTML = "<legend>Show</legend>";
  for (const name in orders) {
    const label = document.createElement("label"), radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: "claims-order", checked: orders[name] === rows });
    radio.addEventListener("change", () => body.append(...orders[name]));
    label.append(radio, ` ${name}`);
    choice.append(label);
  }
  const table = body.parentElement, tests = document.createElement("label"), box = document.createElement("input");
  const show = () => table.classList.toggle("brief", !box.checked);
  Object.assign(box, { type: "checkbox", checked: matchMedia("(min-width: 48rem)").matches });
  box.addEventListener("change", show);
  tests.append(box, " how each was tested");
  choice.append(tests);
  show();
  (table.closest(".pst-scrollable-table-container") ?? table).before(choice);
})();
