// @ts-check
// networks/lenet1998/lenet1998.c and its memory: LeNet-5 of 1998, to read with.
var lenet5 = lenet5 || {};

lenet5.LeNet1998 = class extends lenet5.Compiled {
  static KERNEL = "lenet1998.wasm";
  static MEMORY = "lenet1998.memory";
  static SHARES = 11; // of the ten digits, and of what is none

  /**
   * The network of the record; fails in words.
   * @param {string} beside  the address of a script in the folder of its files
   */
  static async load(beside) {
    const texts = await Promise.all([lenet5.later(this.KERNEL, beside), lenet5.later(this.MEMORY, beside)]);
    const exports = await this.start(lenet5.unpack(texts[0], this.KERNEL), this.KERNEL);
    const memory = lenet5.unpack(texts[1], this.MEMORY);
    if (memory.length !== exports.ladder_reading_bytes()) throw new Error(`the file with ${this.MEMORY} is missing or damaged`);
    return new this(exports, memory);
  }

  /**
   * @param {any} exports
   * @param {Uint8Array} memory  with which its State begins: see `reading_memory` in networks/lenet1998/engine.py
   */
  constructor(exports, memory) {
    super(exports);
    this.state = this.allocate(exports.ladder_state_bytes());
    this.image = this.allocate(28 * 28);
    this.shares = this.allocate(4 * lenet5.LeNet1998.SHARES);
    new Uint8Array(this.memory, this.state, memory.length).set(memory);
  }

  /**
   * A probability for each digit, and one for none of them.
   * @param {Float32Array} pixels  28×28, in [0, 1]
   * @returns {Float32Array}
   */
  read(pixels) {
    const levels = new Uint8Array(this.memory, this.image, pixels.length);
    pixels.forEach((level, i) => { levels[i] = Math.round(255 * level); });
    this.code.ladder_probabilities(this.state, this.image, 1, this.shares);
    return new Float32Array(this.memory, this.shares, lenet5.LeNet1998.SHARES).slice();
  }
};
