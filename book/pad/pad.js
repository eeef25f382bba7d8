// The pad: what is drawn, what the network reads in it, and what the reader is told.
lenet5.pad = (async () => {
  "use strict";
  const { centre, committee, networks } = window.lenet5;
  const published = await networks.open();
  let kernel = published; // the one that reads
  const images = JSON.parse(atob(window.appData["samples.json"]));
  const pad = document.querySelector(".digit-pad");
  const find = (name) => pad.querySelector(`.pad-${name}`);
  const paper = find("paper"), marker = find("pen"), seen = find("seen").getContext("2d");
  const ink = paper.getContext("2d", { willReadFrequently: true });
  const SIDE = paper.width, WIDTH = 22, STEP = 10;
  const MOVES = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    Home: [-1, -1], PageUp: [1, -1], End: [-1, 1], PageDown: [1, 1],
  };

  // Strokes ({ points }), test images ({ image }) and wipes ({}), oldest first: undo drops the last.
  let marks = [];
  let stroke = null, pointer = null; // the stroke being drawn, the pointer that draws it
  const pen = { x: SIDE / 2, y: SIDE / 2 }; // moved by keys
  let frame = 0, pause = 0;

  for (const image of images) {
    image.pixels = Float32Array.from(atob(image.pixels), (letter) => letter.charCodeAt(0) / 255);
    image.canvas = document.createElement("canvas");
    image.canvas.width = image.canvas.height = 28;
    paint(image.canvas.getContext("2d"), image.pixels);
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Test image ${image.index}, labelled ${image.label}`);
    button.append(image.canvas);
    button.addEventListener("click", () => add({ image }));
    find("images").append(button);
  }
  const bars = Array.from({ length: published.network.classes }, (_, digit) => {
    const bar = document.createElement("li");
    bar.innerHTML = `<span>${digit}</span><span class="pad-track"><span></span></span><span></span>`;
    find("bars").append(bar);
    return bar;
  });

  function paint(context, pixels) {
    const picture = context.createImageData(28, 28);
    pixels.forEach((level, i) => {
      picture.data.fill(Math.round(255 * level), 4 * i, 4 * i + 3);
      picture.data[4 * i + 3] = 255;
    });
    context.putImageData(picture, 0, 0);
  }

  function draw({ points, image }) {
    if (!points) ink.fillRect(0, 0, SIDE, SIDE);
    if (image) ink.drawImage(image.canvas, 0, 0, SIDE, SIDE);
    if (!points) return;
    ink.beginPath();
    ink.moveTo(points[0][0] - 0.01, points[0][1]); // a path of no length, a tap, would draw nothing
    for (const point of points) ink.lineTo(...point);
    ink.stroke();
  }

  // A test image goes to the network as it stands in the file, a drawing after MNIST's preparation.
  function input() {
    const last = marks.at(-1);
    if (last?.image) return last.image.pixels;
    const colours = ink.getImageData(0, 0, SIDE, SIDE).data;
    const grey = new Float32Array(SIDE * SIDE);
    for (let i = 0; i < grey.length; i++) grey[i] = colours[4 * i];
    return centre(grey, SIDE, SIDE);
  }

  // Within two widths of the pen no two strokes leave a gap between them: that is a blot and no digit.
  function isBlot() {
    const from = marks.findLastIndex(({ points }) => !points);
    if (marks[from]?.image) return false;
    const points = marks.slice(from + 1).flatMap((mark) => mark.points);
    const narrow = (axis) => {
      const places = points.map((point) => point[axis]);
      return Math.max(...places) - Math.min(...places) < WIDTH;
    };
    return points.length > 0 && narrow(0) && narrow(1);
  }

  // A probability that rounds to none or all is neither.
  function inWords(probability) {
    if (probability > 0.9995) return "> 99.9 %";
    return probability < 0.0005 ? "< 0.1 %" : `${(100 * probability).toFixed(1)} %`;
  }

  function read() {
    frame = 0;
    [{}, ...marks].forEach(draw);
    const pixels = input();
    const probabilities = pixels ? Array.from(kernel.read(pixels).probabilities) : new Array(bars.length).fill(0);
    const answer = probabilities.indexOf(Math.max(...probabilities)), blot = pixels && isBlot();
    paint(seen, pixels ?? new Float32Array(published.network.pixels));
    jury.see(blot ? null : pixels);
    bars.forEach((bar, digit) => {
      bar.classList.toggle("pad-most", Boolean(pixels) && digit === answer);
      bar.querySelector(".pad-track > span").style.width = `${100 * probabilities[digit]}%`;
      bar.lastElementChild.textContent = pixels ? inWords(probabilities[digit]) : "–";
    });
    const label = marks.at(-1)?.image?.label;
    find("answer").textContent = blot ? "?" : pixels ? answer : "";
    const said = pixels && `${answer}, at ${inWords(probabilities[answer]).replace(">", "more than")}.`;
    const text = !pixels ? "The paper is empty."
      : blot ? `Too little ink for a digit. The network must name one all the same, and says ${said}`
      : `The network reads ${said}` + (label === undefined ? "" : ` The label is ${label}.`);
    // A screen reader speaks each change: wait for a pause in the drawing.
    clearTimeout(pause);
    pause = setTimeout(() => {
      find("status").textContent = text;
      if (!blot) jury.ask();
    }, 300);
  }

  function changed() {
    marker.style.left = `${(100 * pen.x) / SIDE}%`;
    marker.style.top = `${(100 * pen.y) / SIDE}%`;
    marker.classList.toggle("pad-down", Boolean(stroke));
    frame ||= requestAnimationFrame(read);
  }

  function add(mark) {
    lift();
    marks.push(mark);
    changed();
  }

  function start(point) {
    add({ points: [point] });
    stroke = marks.at(-1);
    changed();
  }

  function lift() {
    stroke = pointer = null;
    changed();
  }

  function undo() {
    lift();
    marks.pop();
  }

  function clear() {
    const last = marks.at(-1);
    if (last?.points || last?.image) add({});
  }

  function place(event) {
    const box = paper.getBoundingClientRect();
    return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
  }

  paper.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    marker.hidden = true;
    start(place(event));
    pointer = event.pointerId;
    paper.setPointerCapture(pointer);
  });
  paper.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    stroke.points.push(...(passed.length ? passed : [event]).map(place));
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    paper.addEventListener(end, (event) => { if (event.pointerId === pointer) lift(); });
  }
  paper.addEventListener("blur", () => { marker.hidden = true; lift(); });
  paper.addEventListener("focus", () => { marker.hidden = !paper.matches(":focus-visible"); });

  paper.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if ((!move && event.key !== " ") || event.ctrlKey || event.altKey || event.metaKey || pointer !== null) return;
    event.preventDefault(); // the page would scroll
    marker.hidden = false;
    if (move) {
      pen.x = Math.min(Math.max(pen.x + STEP * move[0], 0), SIDE);
      pen.y = Math.min(Math.max(pen.y + STEP * move[1], 0), SIDE);
      stroke?.points.push([pen.x, pen.y]);
      changed();
    } else if (!event.repeat) {
      if (stroke) lift(); else start([pen.x, pen.y]);
    }
  });
  pad.addEventListener("keydown", (event) => {
    if (event.altKey || event.shiftKey) return;
    const key = (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + event.key.toLowerCase();
    if (key === "u" || key === "Ctrl+z") undo();
    else if (key === "c" || key === "delete") clear();
    else return;
    event.preventDefault();
  });

  find("undo").addEventListener("click", undo);
  find("clear").addEventListener("click", clear);

  Object.assign(ink, { fillStyle: "black", strokeStyle: "white", lineWidth: WIDTH, lineCap: "round", lineJoin: "round" });
  ink.imageSmoothingEnabled = false;
  pad.classList.remove("app-waiting");
  const jury = committee.offer(find("committee"));
  networks.offer(published, find("networks"), (chosen) => {
    kernel = chosen;
    changed();
  });
  return published;
})();
lenet5.pad.catch((error) => {
  const said = document.createElement("p");
  said.textContent = `There is no pad here: ${error.message}. The figure below shows what it does.`;
  document.querySelector(".digit-pad").replaceWith(said);
});
