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
  const HERE = /** @type {HTMLScriptElement | null} */ (document.currentScript)?.src ?? "";
  const READER = ["picture.js", "pages.js", "whole.js"]; // is loaded with the first picture
  const PIXELS = 13e6; // of a picture that is kept, as in lenet5/picture_file.py
  const MOST = 40e6; // and of one that is decoded
  const BYTES = 160e6; // of a file
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

    /**
     * Read the first of some files.
     * @param {File[]} files
     */
    async function take(files) {
      const [file] = files;
      const mine = ++turn;
      said.textContent = "";
      const { pixels, refused, pages } = await read(file);
      if (mine !== turn) return; // another one was chosen meanwhile
      if (pixels) onPicture(pixels, file.name);
      const sentences = [];
      if (files.length > 1) sentences.push(`Of ${files.length} files only ${file.name} is read.`);
      if (refused) sentences.push(`${file.name}: ${refused}.`);
      if (pages > 1) sentences.push(`${file.name} holds ${pages} pictures, and only the first is read.`);
      said.textContent = sentences.join(" ");
    }

    /**
     * Say why nothing is read of what was given.
     * @param {string} words
     */
    function refuse(words) {
      turn++;
      said.textContent = words;
    }

    input.addEventListener("change", async () => {
      const files = Array.from(input.files ?? []);
      if (files.length) await take(files);
      input.value = ""; // so that the same file may be chosen again
    });
    target.addEventListener("dragover", (event) => {
      event.preventDefault(); // or the browser would open it in place of the page
      box.classList.add("upload-over");
    });
    target.addEventListener("dragleave", () => box.classList.remove("upload-over"));
    target.addEventListener("drop", (event) => {
      event.preventDefault();
      box.classList.remove("upload-over");
      const files = Array.from(event.dataTransfer?.files ?? []);
      if (files.length) take(files);
      else refuse("What was dropped is no file. Save the picture, and drop its file here: this page asks no other host.");
    });
    document.addEventListener("paste", (event) => {
      if (event.target instanceof Element && event.target.closest("input, textarea")) return;
      const files = Array.from(event.clipboardData?.files ?? []);
      const picture = files.find((file) => file.type.startsWith("image/")) ?? files[0];
      if (picture) take([picture]);
      else refuse("What was pasted is no picture.");
    });
  }

  /**
   * The digit in the picture of a file, or why it is not read.
   * @param {File} file
   * @returns {Promise<{ pixels: Float32Array | null, refused: string, pages: number }>}
   */
  async function read(file) {
    const refuse = (/** @type {string} */ refused) => ({ pixels: null, refused, pages: 1 });
    if (file.size > BYTES) return refuse(`too large (${(file.size / 1e6).toFixed()} MB); reduce it, or cut out the digit`);
    let bytes;
    try {
      if (!lenet5.picture) await lenet5.load(READER, HERE);
      bytes = new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      return refuse(`it cannot be opened (${/** @type {Error} */ (error).message}); give a file that is here and no folder`);
    }
    if (!bytes.length) return refuse("an empty file; give a PNG or JPEG");
    const megapixels = sizeOf(bytes) / 1e6;
    if (1e6 * megapixels > MOST) {
      const size = `${megapixels.toFixed(0)} megapixels`;
      return refuse(`too large (${size}); reduce it to ${MOST / 1e6}, or cut out the digit`);
    }
    if (!lenet5.isWhole(bytes)) return refuse("cut short or damaged; give the whole file");
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      return refuse(`${kindOf(bytes)}; give a PNG or JPEG`);
    }
    const { data, width, height } = levelsOf(bitmap);
    bitmap.close();
    const { pixels, refused } = lenet5.picture.read(data, width, height);
    if (!pixels) return refuse(`${refused}; give an image of one digit on plain paper`);
    return { pixels, refused, pages: lenet5.pages.count(bytes) };
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
   * The pixels of a PNG or a GIF: few bytes of these may hold very many. Of other files 0.
   * @param {Uint8Array<ArrayBuffer>} file
   */
  function sizeOf(file) {
    if (file.length < 24) return 0;
    const numbers = new DataView(file.buffer), head = textOf(file, 4);
    if (head === "\x89PNG") return numbers.getUint32(16) * numbers.getUint32(20);
    if (head === "GIF8") return numbers.getUint16(6, true) * numbers.getUint16(8, true);
    return 0;
  }

  /**
   * @param {Uint8Array} file
   * @param {number} length  of its beginning
   */
  const textOf = (file, length) => String.fromCharCode(...file.subarray(0, length));

  /**
   * What a file is that the browser does not read.
   * @param {Uint8Array} file
   */
  function kindOf(file) {
    const text = textOf(file, 1000);
    if (text.slice(4, 8) === "ftyp" && HEIC.test(text.slice(8, 12))) {
      return "a HEIC picture, which this browser does not read";
    }
    if (/^(II\*\0|MM\0\*)/.test(text)) return "a TIFF picture, which this browser does not read";
    if (text.includes("<svg")) return "an SVG drawing";
    if (text.startsWith("%PDF")) return "a PDF document";
    return "no whole picture that this browser reads";
  }

  return { offer, read };
})();
