// @ts-check
// Random numbers, as exact/random_numbers.py and lenet5/parameters.py have it: initial weights and shuffles from SplitMix64.
var lenet5 = lenet5 || {};

lenet5.randomNumbers = (() => {
  const SHUFFLES = 1000; // the stream of epoch e is SHUFFLES + e; weights have the streams below

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
   * The parameters of a network before the first step, one after the other; biases are zero.
   * @param {number} seed
   * @param {Network} network
   */
  function initialWeights(seed, network) {
    const weights = new Float32Array(network.parameters);
    let at = 0;
    let stream = 0; // each layer's weights have a stream of their own
    for (const shape of Object.values(network.parameterShapes)) {
      const size = shape.reduce((a, b) => a * b);
      if (shape.length > 1) {
        fill(weights.subarray(at, at + size), shape, key(seed, stream));
        stream++;
      }
      at += size;
    }
    return weights;
  }

  /**
   * Fill in Glorot's uniform numbers.
   * @param {Float32Array} weights  of a layer
   * @param {number[]} shape
   * @param {bigint} key
   */
  function fill(weights, shape, key) {
    const [outputs, channels, ...kernel] = shape;
    // Fan-in and fan-out of a unit, added: of a convolution both count its window.
    const fans = (outputs + channels) * kernel.reduce((a, b) => a * b, 1);
    const limit = Math.sqrt(6 / fans);
    splitmix64(key, weights.length).forEach((draw, i) => {
      weights[i] = (Number(draw >> 40n) * 2 ** -23 - 1) * limit;
    });
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
