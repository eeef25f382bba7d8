// @ts-check
// MNIST, from the four official files: images and labels, as lenet5/data.py has them.
var lenet5 = lenet5 || {};

/** @typedef {{ images: Uint8Array<ArrayBuffer>, labels: Int32Array<ArrayBuffer> }} RawSplit */

lenet5.data = (() => {
  const FILES = [
    ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"],
    ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"],
  ];

  /**
   * An array of an IDX file: two zeros, type, dimensions, big-endian sizes, bytes.
   * @param {string} name
   * @param {string} base64
   */
  async function unpack(name, base64) {
    try {
      const file = await lenet5.gunzip(lenet5.bytes(base64));
      const view = new DataView(file.buffer);
      const sizes = Array.from({ length: file[3] }, (_, i) => view.getUint32(4 + 4 * i));
      return { sizes, bytes: file.subarray(4 + 4 * sizes.length) };
    } catch {
      throw new Error(`the file with ${name} is damaged: build the book again, or fetch it again`);
    }
  }

  /**
   * Training and test split, if they are the data of the record.
   * @param {Record<string, string>} files  by name, in base64
   * @param {string} checksum  as lenet5.data.checksum gives it
   */
  async function load(files, checksum) {
    /** @type {(Uint8Array | string)[]} */
    const seen = [];
    /** @type {RawSplit[]} */
    const splits = [];
    for (const [ofImages, ofLabels] of FILES) {
      const images = await unpack(ofImages, files[ofImages]);
      const { sizes, bytes } = await unpack(ofLabels, files[ofLabels]);
      const [count, ...sides] = images.sizes; // the one channel of a grey image gets an axis of its own
      const labels = Int32Array.from(bytes);
      seen.push(`uint8 (${[count, 1, ...sides].join(", ")})`, images.bytes);
      seen.push(`int32 (${sizes},)`, new Uint8Array(labels.buffer));
      splits.push({ images: images.bytes, labels });
    }
    if (lenet5.sha256(...seen) !== checksum) {
      throw new Error("these are not the images of our run: build the book again");
    }
    return splits;
  }

  /**
   * A copy, to be given away.
   * @param {RawSplit[]} splits
   */
  function copy(splits) {
    return splits.map(({ images, labels }) => ({ images: images.slice(), labels: labels.slice() }));
  }

  /**
   * The buffers of splits, which can be handed over without another copy.
   * @param {RawSplit[]} splits
   */
  function buffers(splits) {
    return splits.flatMap(({ images, labels }) => [images.buffer, labels.buffer]);
  }

  /**
   * Put splits into the kernel's memory.
   * @param {Kernel} kernel
   * @param {RawSplit[]} splits
   * @returns {Split[]}
   */
  function put(kernel, splits) {
    return splits.map(({ images, labels }) => ({
      images: kernel.put(images),
      labels: kernel.put(labels),
      count: labels.length,
    }));
  }

  return { buffers, copy, load, put };
})();
