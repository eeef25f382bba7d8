// @ts-check
// A picture from the reader's own files: chosen, dropped or pasted. It is read in the page and goes nowhere.
//
// The box holds what is chosen with and what is said:
//
//   <div class="pad-upload">
//     <label class="pad-file">read a photo <input type="file" accept="image/*"></label>
//     <p role="alert"></p>
//   </div>
var lenet5 = lenet5 || {};

lenet5.upload = (() => {
  const PIXELS = 13e6; // of a picture that is kept, as in lenet5/picture_file.py
  const MOST = 40e6; // and of one that is decoded
  const HEIC = /^hei[cfmsx]|^hev[cx]|^mif1|^msf1/;

  /**
   * Offer to read a picture. It may be chosen in the box, dropped on the target, or pasted into the page.
   * @param {HTMLElement} box  is marked with `upload-over` while a picture hovers over the target
   * @param {(pixels: Float32Array, name: string) => void} onPicture  is called with the digit's 28×28 pixels, 1 for
   * ink, and the name of the file; the box says what cannot be read
   * @param {HTMLElement} [target]
   */
  function offer(box, onPicture, target = box) {
    const input = /** @type {HTMLInputElement} */ (box.querySelector("[type=file]"));
    const said = /** @type {HTMLElement} */ (box.querySelector("[role=alert]"));
    let turn = 0;

    /** @param {File | null | undefined} file */
    async function take(file) {
      if (!file) return;
      const mine = ++turn;
      said.textContent = "";
      const { pixels, refused } = await read(file);
      if (mine !== turn) return; // another one was chosen meanwhile
      if (pixels) onPicture(pixels, file.name);
      else said.textContent = `${file.name}: ${refused}.`;
    }

    input.addEventListener("change", async () => {
      await take(input.files?.[0]);
      input.value = ""; // so that the same file may be chosen again
    });
    /** @param {DragEvent} event */
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;
    target.addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault(); // or the browser would open it in place of the page
      box.classList.add("upload-over");
    });
    target.addEventListener("dragleave", () => box.classList.remove("upload-over"));
    target.addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      box.classList.remove("upload-over");
      take(event.dataTransfer?.files[0]);
    });
    document.addEventListener("paste", (event) => {
      const files = Array.from(event.clipboardData?.files ?? []);
      take(files.find((file) => file.type.startsWith("image/")));
    });
  }

  /**
   * The digit in the picture of a file, or why it is not read.
   * @param {File} file
   * @returns {Promise<{ pixels: Float32Array | null, refused: string }>}
   */
  async function read(file) {
    const refuse = (/** @type {string} */ refused) => ({ pixels: null, refused });
    const head = new Uint8Array(await file.slice(0, 1000).arrayBuffer());
    const megapixels = sizeOfPng(head) / 1e6;
    if (1e6 * megapixels > MOST) {
      const size = `${megapixels.toFixed(0)} megapixels`;
      return refuse(`too large (${size}); reduce it to ${MOST / 1e6}, or cut out the digit`);
    }
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      return refuse(`${kindOf(head)}; give a PNG or JPEG`);
    }
    const { data, width, height } = levelsOf(bitmap);
    bitmap.close();
    const found = lenet5.picture.read(data, width, height);
    return found.pixels ? found : refuse(`${found.refused}; give an image of one digit on plain paper`);
  }

  /**
   * The bytes of a picture on a canvas, shrunk if it has very many pixels.
   * @param {ImageBitmap} bitmap
   */
  function levelsOf(bitmap) {
    const scale = Math.min(1, Math.sqrt(PIXELS / (bitmap.width * bitmap.height)));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.floor(scale * bitmap.width));
    canvas.height = Math.max(1, Math.floor(scale * bitmap.height));
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }

  /**
   * The pixels of a PNG, by its first bytes: few bytes may hold very many. Of other files 0.
   * @param {Uint8Array<ArrayBuffer>} head
   */
  function sizeOfPng(head) {
    if (head.length < 24 || head[0] !== 0x89 || head[1] !== 0x50) return 0;
    const numbers = new DataView(head.buffer);
    return numbers.getUint32(16) * numbers.getUint32(20);
  }

  /**
   * What a file is that the browser does not read.
   * @param {Uint8Array} head
   */
  function kindOf(head) {
    const text = String.fromCharCode(...head);
    if (text.slice(4, 8) === "ftyp" && HEIC.test(text.slice(8, 12))) {
      return "a HEIC picture, which this browser does not read";
    }
    if (text.includes("<svg")) return "an SVG drawing";
    if (text.startsWith("%PDF")) return "a PDF document";
    return "no whole picture that this browser reads";
  }

  return { offer, read };
})();
