// The claims of the audit in another order: by verdict, as they stand, or by chapter of the original.
(() => {
  "use strict";
  const body = document.querySelector("#tab-claims tbody");
  const rows = [...body.rows], CHAPTERS = ["Introduction", "Dataset", "Implementation"];
  const chapter = (row) => (CHAPTERS.indexOf(row.cells[4].textContent.split(";")[0].trim()) + 4) % 4;
  const orders = {
    "by verdict": rows,
    "by chapter of the original": rows.slice().sort((a, b) => chapter(a) - chapter(b)),
  };
  const choice = document.createElement("fieldset");
  choice.className = "claims-order";
  choice.innerHTML = "<legend>Order</legend>";
  for (const name in orders) {
    const label = document.createElement("label"), radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: "claims-order", checked: orders[name] === rows });
    radio.addEventListener("change", () => body.append(...orders[name]));
    label.append(radio, ` ${name}`);
    choice.append(label);
  }
  const table = body.parentElement;
  (table.closest(".pst-scrollable-table-container") ?? table).before(choice);
})();
