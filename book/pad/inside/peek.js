// @ts-check
// What the cell under the pointer saw, while no map need be enlarged: a small sheet by the layer of the map.
var lenet5 = lenet5 || {};

lenet5.Peek = class extends lenet5.View {
  /** @param {InstanceType<typeof lenet5.Inside>} inside */
  constructor(inside) {
    super(inside);
    const { html } = lenet5;
    this.box = document.createElement("div");
    this.box.className = "inside-peek";
    this.box.setAttribute("aria-hidden", "true"); // who hears the page opens the map: there it is said
    this.name = html(this.box, "b");
    this.said = html(this.box, "p", "inside-said");
    this.small = this.pictures(html(this.box, "div", "inside-small"));
    document.addEventListener("keydown", ({ key }) => { if (key === "Escape") this.leave(); });
  }

  /**
   * The pointer is over a map. A finger hides what it touches: it opens the map.
   * @param {number} index
   * @param {number} map
   * @param {PointerEvent} event
   */
  over(index, map, event) {
    const { canvas, sheet } = this.inside.rows[index].maps[map];
    const place = lenet5.sheets.placeAt(canvas.getBoundingClientRect(), event, sheet);
    if (event.pointerType !== "touch" && place !== null) this.at(index, map, place);
  }

  /**
   * @param {number} index
   * @param {number} map
   * @param {number} place  of the cell
   */
  at(index, map, place) {
    if (!this.inside.values.image) return;
    const isSame = this.isOf(index, map);
    Object.assign(this, { index, map });
    if (!this.go(place) && isSame) return;
    this.show();
    this.stand(this.inside.rows[index].box);
  }

  /**
   * Stand below a layer, so that the layers before it stay in sight; above it where there is no room.
   * @param {HTMLElement} layer
   */
  stand(layer) {
    if (this.box.parentElement !== layer) layer.append(this.box);
    this.box.classList.remove("inside-above");
    const { bottom } = this.box.getBoundingClientRect();
    this.box.classList.toggle("inside-above", bottom > window.innerHeight);
  }

  /** What the cell saw, as it is now. */
  show() {
    if (this.index < 0) return;
    const { steps } = this.inside;
    this.account = this.reckon();
    this.name.textContent = lenet5.words.mapOf(this.step, this.map);
    this.said.textContent = lenet5.words.glance(steps, this.index, ...this.coordinates, this.account);
    this.showReach();
    this.showParts();
  }

  leave() {
    if (this.index < 0) return;
    this.box.remove();
    this.forget();
    this.inside.cell.show(); // its outlines again
  }
};
