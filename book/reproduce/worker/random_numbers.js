// @ts-check
// Random numbers, as exact/random_numbers.py and lenet5/parameters.py have it: initial weights and shuffles from SplitMix64.
var lenet5 = lenet5 || {};

lenet5.randomNumbers = (() => {
  const SHUFFLES = 1000; // the stream of epoch e is SHUFFLES + e; the layers' streams are 0 to 4

  /**
   * Draws number 0 to count - 1 of a key, as 64-bit words.
   * @param {bigint} key
   * @param {number} count
   * @param {bigint} first  the number of the first draw, if it is not 0
   */
  function splitmix64(key, count, first = 0n) {
    const draws = new BigUint64Array(count);
    let z0 = BigInt.asUintN(64, key + first * 0x9e3779b97f4a7c15n);
    for (let i = 0; i < count; i++) {
      z0 = BigInt.asUintN(64, z0 + 0x9e3779b97f4a7c15n);
      let z = BigInt.asUintN(64, (z0 ^ (z0 >> 30n)) * 0xbf58476d1ce4e5b9n);
      z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
      draws[i] = z ^ (z >> 31n);
    }
    return draws;
  }

  /**
   * @param {number} seed
   * @param {number} stream
   */
  function key(seed, stream) {
    return splitmix64(splitmix64(0n, 1, BigInt(seed))[0], 1, BigInt(stream))[0];
  }

  /**
   * The parameters before the first step, one after the other; biases are zero.
   * @param {number} seed
   */
  function initialWeights(seed) {
    const weights = new Float32Array(44426);
    let at = 0, stream = 0;
    for (const shape of Object.values(lenet5.shapes)) {
      const size = shape.reduce((a, b) => a * b);
      if (shape.length > 1) {
        const limit = Math.sqrt(6 / ((shape[0] + shape[1]) * (size / shape[0] / shape[1])));
        splitmix64(key(seed, stream++), size).forEach((draw, i) => {
          weights[at + i] = (Number(draw >> 40n) * 2 ** -23 - 1) * limit;
        });
      }
      at += size;
    }
    return weights;
  }

  /**
   * The order of an epoch: the images sorted by a draw each.
   * @param {number} seed
   * @param {number} epoch
   * @param {number} count
   */
  function shuffle(seed, epoch, count) {
    const halves = new Uint32Array(splitmix64(key(seed, SHUFFLES + epoch), count).buffer); // low, high
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    return order.sort((a, b) => halves[2 * a + 1] - halves[2 * b + 1] || halves[2 * a] - halves[2 * b] || a - b);
  }

  return { initialWeights, shuffle };
})();
