// @ts-check
// The committee: its networks by networks/member/member.c, and the views of networks/views.py.
var lenet5 = lenet5 || {};

/**
 * @typedef {{ name: string, width: number, read: (framed: Uint8Array) => Float32Array }} Member
 * @typedef {{ probabilities: Float32Array, votes: number[], members: number }} Joint  what all find: the mean
 *   probability of each digit, and how many vote for it
 */

lenet5.committee = (() => {
  const SEEDS = 5, SIDE = 29;
  /** @type {Record<string, number>} pixels that each digit is wide; 0: as it is given */
  const VIEWS = { "as-given": 0, W20: 20, W14: 14 };

  /**
   * Its networks, loaded; fails in words.
   * @param {string} beside  the address of a script in the folder of its files
   * @returns {Promise<Member[]>}
   */
  async function load(beside) {
    const reader = await lenet5.Reader.load(await lenet5.later("member.wasm", beside));
    return Promise.all(Object.keys(VIEWS).flatMap((view) => Array.from({ length: SEEDS }, async (_, seed) => {
      const name = `${view}-${seed}.safetensors`, text = await lenet5.later(name, beside);
      try {
        const network = reader.take(lenet5.bytes(text));
        return { name, width: VIEWS[view], read: (framed) => reader.read(network, framed) };
      } catch {
        throw new Error(`the file with ${name} is missing or damaged`);
      }
    })));
  }

  /**
   * What a network finds in an image: the same bytes as networks/member/reader.py.
   * @param {Member} member
   * @param {Float32Array} pixels  28×28, in [0, 1]
   * @returns {Float32Array} a probability for each digit
   */
  const read = (member, pixels) => member.read(view(pixels, member.width));

  /**
   * What all find in an image, one after the other, so that the pen need not wait.
   * @param {Member[]} members
   * @param {Float32Array} pixels
   * @param {() => boolean} isStale  whether nobody asks any more
   * @returns {Promise<Joint | null>}  null if so
   */
  async function ask(members, pixels, isStale) {
    const votes = new Array(10).fill(0), sums = new Array(10).fill(0);
    for (const member of members) {
      await new Promise((done) => { setTimeout(done); });
      if (isStale()) return null;
      const found = read(member, pixels);
      votes[found.indexOf(Math.max(...found))]++;
      found.forEach((share, digit) => { sums[digit] += share; });
    }
    return { probabilities: Float32Array.from(sums, (sum) => sum / members.length), votes, members: members.length };
  }

  /**
   * An image in a frame of 29×29, from 0 to 255, its digit `width` pixels wide.
   * @param {Float32Array} pixels
   * @param {number} width
   */
  function view(pixels, width) {
    const levels = pixels.map((x) => Math.round(255 * x)), framed = new Uint8Array(SIDE ** 2);
    const inked = Array.from({ length: 28 }, (_, x) => levels.some((level, i) => i % 28 === x && level > 0));
    const left = width ? inked.indexOf(true) : 0, wide = width ? inked.lastIndexOf(true) + 1 - left : 28;
    const columns = triangles(wide, width || 28), start = width ? (SIDE - width) >> 1 : 0;
    for (let y = 0; y < 28; y++) {
      columns.forEach((weights, x) => {
        const level = weights.reduce((sum, weight, i) => sum + weight * levels[y * 28 + left + i], 0);
        framed[y * SIDE + start + x] = Math.floor(level + 0.5);
      });
    }
    return framed;
  }

  /**
   * For each of `width` pixels, what each of `wide` gives to it.
   * @param {number} wide
   * @param {number} width
   */
  function triangles(wide, width) {
    const reach = Math.max(wide / width, 1);
    return Array.from({ length: width }, (_, x) => {
      const middle = (x + 0.5) * wide / width - 0.5;
      const weights = Array.from({ length: wide }, (_, i) => Math.max(1 - Math.abs(i - middle) / reach, 0));
      const total = weights.reduce((a, b) => a + b);
      return weights.map((weight) => weight / total);
    });
  }

  return { ask, load, read, view };
})();
