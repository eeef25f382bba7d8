// @ts-check
// MNIST in the kernel's memory, from the four official files.
var lenet5 = lenet5 || {};

lenet5.data = (() => {
  const FILES = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];

  /**
   * Training and test split, if they are the data of the record.
   * @param {Kernel} kernel
   * @param {Record<string, string>} files  by name, in base64
   * @param {string} checksum  as lenet5.data.checksum gives it
   * @returns {Promise<Split[]>}
   */
  async function load(kernel, files, checksum) {
    /** @type {Uint8Array[]} */
    const raw = [];
    for (const name of FILES) {
      try {
        raw.push(await lenet5.gunzip(lenet5.bytes(files[name])));
      } catch {
        throw new Error(`the file with ${name} is damaged: build the book again, or fetch it again`);
      }
    }
    /** @type {(Uint8Array | string)[]} */
    const seen = [];
    const splits = [0, 2].map((at) => {
      const labels = Int32Array.from(raw[at + 1].subarray(8)), count = labels.length;
      const images = raw[at].subarray(16);
      seen.push(`uint8 (${count}, 1, 28, 28)`, images, `int32 (${count},)`, new Uint8Array(labels.buffer));
      return { images: kernel.put(images), labels: kernel.put(labels), count };
    });
    if (lenet5.sha256(...seen) !== checksum) {
      throw new Error("these are not the images of the published run: build the book again");
    }
    return splits;
  }

  return { load, FILES };
})();
