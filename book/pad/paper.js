// @ts-check
// The paper: what mouse, pen, fingers and keys draw on it, and what is taken back.
var lenet5 = lenet5 || {};

/**
 * @typedef {{ pixels: Float32Array, index?: number, label?: number }} Given  28×28, in [0, 1], as it is read
 * @typedef {{ points?: number[][], picture?: Given }} Mark  a stroke, a picture, or, without either, a wipe
 */

lenet5.Paper = (() => {
  const PEN = 22; // the stroke's width, in pixels of the canvas
  const STEP = 10; // of the pen that keys move
  const PALM = 1000; // milliseconds after the pen was seen in which a touch is the hand that holds it
  /** @type {Record<string, number[]>} */
  const MOVES = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    Home: [-1, -1], PageUp: [1, -1], End: [-1, 1], PageDown: [1, 1],
  };

  class Paper {
    /**
     * @param {HTMLElement} pad
     * @param {() => void} changed  is called when something else stands on the paper, or the pen is elsewhere
     */
    constructor(pad, changed) {
      this.canvas = /** @type {HTMLCanvasElement} */ (pad.querySelector(".pad-paper"));
      this.marker = /** @type {HTMLElement} */ (pad.querySelector(".pad-pen"));
      this.hint = /** @type {HTMLElement} */ (pad.querySelector(".pad-hint"));
      this.side = this.canvas.width;
      this.changed = changed;
      /** @type {Mark[]} */
      this.marks = []; // oldest first: undo drops the last
      /** @type {number[][] | null} */
      this.stroke = null; // the points of the one that is being drawn
      /** @type {{ id: number, kind: string } | null} */
      this.pointer = null; // that draws it
      this.penSeen = -Infinity;
      this.at = { x: this.side / 2, y: this.side / 2 }; // of the pen that keys move
      this.ink = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { willReadFrequently: true }));
      Object.assign(this.ink, { fillStyle: "black", strokeStyle: "white", lineWidth: PEN, lineCap: "round", lineJoin: "round" });
      this.ink.imageSmoothingEnabled = false;
      this.hearPointers();
      this.hearKeys();
    }

    // -- what stands on it -------------------------------------------------------------

    /** The picture that stands there as it was given, without a stroke on it; undefined if there is none. */
    get picture() {
      return this.marks.at(-1)?.picture;
    }

    /** Grey levels row by row, from 0, paper, to 255, ink. */
    get greys() {
      const colours = this.ink.getImageData(0, 0, this.side, this.side).data;
      const greys = new Float32Array(this.side * this.side);
      for (let i = 0; i < greys.length; i++) greys[i] = colours[4 * i];
      return greys;
    }

    /** What the ink is, before anything reads it: see `lenet5.ink.judge`. A picture is taken for a digit. */
    get kind() {
      return this.picture ? "one" : lenet5.ink.judge(this.greys, this.side, this.side, PEN).kind;
    }

    /** What readers are given: a picture as it is, a drawing after MNIST's preparation; null of an empty paper. */
    get pixels() {
      return this.picture?.pixels ?? lenet5.centre(this.greys, this.side, this.side);
    }

    /** Draw all marks anew. */
    show() {
      this.draw({});
      this.marks.forEach((mark) => this.draw(mark));
      this.marker.style.left = `${(100 * this.at.x) / this.side}%`;
      this.marker.style.top = `${(100 * this.at.y) / this.side}%`;
      this.marker.classList.toggle("pad-down", Boolean(this.stroke));
      this.hint.hidden ||= this.marks.length > 0;
    }

    /** @param {Mark} mark */
    draw({ points, picture }) {
      const { ink, side } = this;
      if (!points) ink.fillRect(0, 0, side, side);
      if (picture) ink.drawImage(lenet5.canvasOf(picture.pixels), 0, 0, side, side);
      if (!points) return;
      ink.beginPath();
      ink.moveTo(points[0][0] - 0.01, points[0][1]); // a path of no length, a tap, would draw nothing
      for (const [x, y] of points) ink.lineTo(x, y);
      ink.stroke();
    }

    // -- what changes it ---------------------------------------------------------------

    /** @param {Mark} mark */
    add(mark) {
      this.lift();
      this.marks.push(mark);
      this.changed();
    }

    /** @param {number[]} point */
    start(point) {
      const points = [point];
      this.add({ points });
      this.stroke = points;
    }

    lift() {
      this.stroke = this.pointer = null;
      this.changed();
    }

    undo() {
      this.lift();
      this.marks.pop();
    }

    clear() {
      const last = this.marks.at(-1);
      if (last?.points || last?.picture) this.add({});
    }

    // -- mouse, pen and fingers --------------------------------------------------------

    /** @param {PointerEvent} event */
    place(event) {
      const box = this.canvas.getBoundingClientRect();
      return [((event.clientX - box.left) * this.side) / box.width, ((event.clientY - box.top) * this.side) / box.height];
    }

    hearPointers() {
      const { canvas } = this;
      canvas.addEventListener("pointerdown", (event) => this.press(event));
      canvas.addEventListener("pointermove", (event) => this.move(event));
      for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
        canvas.addEventListener(end, (event) => { if (event.pointerId === this.pointer?.id) this.lift(); });
      }
    }

    /** @param {PointerEvent} event */
    press(event) {
      if (event.button !== 0 || this.isPalm(event)) return;
      if (this.pointer) {
        // A second finger does not draw. But a pen does, and the touch before it was the hand's.
        if (event.pointerType !== "pen" || this.pointer.kind !== "touch") return;
        this.undo();
      }
      this.marker.hidden = true;
      this.start(this.place(event));
      this.pointer = { id: event.pointerId, kind: event.pointerType };
      this.canvas.setPointerCapture(event.pointerId);
    }

    /** @param {PointerEvent} event */
    move(event) {
      if (event.pointerType === "pen") this.penSeen = event.timeStamp; // above the paper too
      if (event.pointerId !== this.pointer?.id) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      this.stroke?.push(...(passed.length ? passed : [event]).map((each) => this.place(each)));
      this.changed();
    }

    /**
     * Whether a touch is the hand that holds the pen.
     * @param {PointerEvent} event
     */
    isPalm(event) {
      if (event.pointerType === "pen") this.penSeen = event.timeStamp;
      return event.pointerType === "touch" && event.timeStamp - this.penSeen < PALM;
    }

    // -- keys --------------------------------------------------------------------------

    hearKeys() {
      const { canvas } = this;
      canvas.addEventListener("blur", () => {
        this.marker.hidden = true;
        this.lift();
      });
      canvas.addEventListener("focus", () => { this.marker.hidden = !canvas.matches(":focus-visible"); });
      canvas.addEventListener("keydown", (event) => this.pressKey(event));
    }

    /** @param {KeyboardEvent} event */
    pressKey(event) {
      const move = MOVES[event.key];
      if ((!move && event.key !== " ") || event.ctrlKey || event.altKey || event.metaKey || this.pointer) return;
      event.preventDefault(); // the page would scroll
      this.marker.hidden = false;
      if (move) {
        this.at.x = Math.min(Math.max(this.at.x + STEP * move[0], 0), this.side);
        this.at.y = Math.min(Math.max(this.at.y + STEP * move[1], 0), this.side);
        this.stroke?.push([this.at.x, this.at.y]);
        this.changed();
      } else if (!event.repeat) {
        if (this.stroke) this.lift();
        else this.start([this.at.x, this.at.y]);
      }
    }
  }

  return Paper;
})();

/**
 * Show an image of 28×28 on a canvas.
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} pixels
 */
lenet5.showPixels = (context, pixels) => {
  const picture = context.createImageData(28, 28);
  pixels.forEach((level, i) => {
    picture.data.fill(Math.round(255 * level), 4 * i, 4 * i + 3);
    picture.data[4 * i + 3] = 255;
  });
  context.putImageData(picture, 0, 0);
};

/**
 * A canvas of its own with an image of 28×28.
 * @param {Float32Array} pixels
 */
lenet5.canvasOf = (pixels) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 28;
  lenet5.showPixels(/** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), pixels);
  return canvas;
};
