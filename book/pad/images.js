// @ts-check
// The test images, of which a link names one: draw.html#image=2130. They are loaded when the first is asked for.
var lenet5 = lenet5 || {};

/** @typedef {{ index: number, label: number, pixels: Float32Array }} LabelledImage */

lenet5.testImages = (() => {
  const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const IMAGES = "t10k-images-idx3-ubyte.gz", LABELS = "t10k-labels-idx1-ubyte.gz";
  const PIXELS = 28 * 28, HEADS = { images: 16, labels: 8 }; // bytes ahead of the images and of the labels
  /** @type {Promise<Uint8Array[]> | null} */
  let files = null;

  /** @param {string} name */
  async function unpacked(name) {
    const text = await lenet5.later(name, HERE);
    if (typeof DecompressionStream === "undefined") throw new Error("this browser cannot unpack them (DecompressionStream)");
    try {
      return await lenet5.gunzip(lenet5.bytes(text));
    } catch {
      throw new Error(`the file with ${name} is missing or damaged`);
    }
  }

  /**
   * What an address asks for, as it is written; null if it asks for no image.
   * @param {string} hash  of the address
   */
  function askedFor(hash) {
    return /^#image=(.*)$/.exec(hash)?.[1] ?? null;
  }

  /**
   * An image by its place in the file, from 0; fails in words.
   * @param {string} place
   * @returns {Promise<LabelledImage>}
   */
  async function get(place) {
    files ??= Promise.all([unpacked(IMAGES), unpacked(LABELS)]);
    let images, labels;
    try {
      [images, labels] = await files;
    } catch (error) {
      files = null; // the next one may find them
      throw error;
    }
    const count = labels.length - HEADS.labels, index = Number(place);
    if (!/^[0-9]+$/.test(place) || index >= count) {
      throw new Error(`there is no test image “${place}”: they are numbered from 0 to ${(count - 1).toLocaleString("en-US")}`);
    }
    const start = HEADS.images + PIXELS * index;
    const pixels = Float32Array.from(images.subarray(start, start + PIXELS), (level) => level / 255);
    return { index, label: labels[HEADS.labels + index], pixels };
  }

  return { askedFor, get };
})();
