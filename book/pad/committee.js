// @ts-check
// The committee: its networks by networks/member/member.c, and the views of networks/views.py.
var lenet5 = lenet5 || {};

/** @typedef {{ name: string, width: number, read: (framed: Uint8Array) => Float32Array }} Member */

lenet5.committee = (() => {
  const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const SEEDS = 5, SIDE = 29;
  /** @type {Record<string, number>} pixels that each digit is wide; 0: as it is given */
  const VIEWS = { "as-given": 0, W20: 20, W14: 14 };

  /**
   * Its networks, loaded; fails in words.
   * @returns {Promise<Member[]>}
   */
  async function load() {
    if (!lenet5.Kernel.runsHere()) throw new Error("this browser has no WebAssembly with 128-bit vectors (SIMD)");
    const reader = await lenet5.Reader.load(await lenet5.later("member.wasm", HERE));
    return Promise.all(Object.keys(VIEWS).flatMap((view) => Array.from({ length: SEEDS }, async (_, seed) => {
      const name = `${view}-${seed}.safetensors`, text = await lenet5.later(name, HERE);
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

  /**
   * Let the reader call it in. `see` is told of each change on the paper, `ask` when the pen rests.
   * @param {HTMLElement} box
   */
  function offer(box) {
    const [button, price, said] = /** @type {HTMLElement[]} */ (Array.from(box.children));
    /** @type {Member[]} */
    let members = [];
    /** @type {Float32Array | null} */
    let image = null;
    let loading = false, turn = 0;

    /** @param {Float32Array | null} next */
    function see(next) {
      if (String(next) === String(image)) return;
      image = next;
      turn++;
      if (members.length) said.textContent = "";
    }

    async function ask() {
      if (!members.length || said.textContent) return;
      const mine = ++turn, votes = new Array(10).fill(0), sums = new Float32Array(10);
      if (!image) said.textContent = "There is no digit to read.";
      else {
        for (const member of members) {
          await new Promise((done) => { setTimeout(done); }); // the pen must not wait for it
          if (mine !== turn) return;
          const found = read(member, image);
          votes[found.indexOf(Math.max(...found))]++;
          found.forEach((share, digit) => { sums[digit] += share; });
        }
        const answer = sums.indexOf(Math.max(...sums));
        said.textContent = `The committee reads ${answer}, with ${votes[answer]} of ${members.length} votes.`;
      }
    }

    button.addEventListener("click", async () => {
      if (loading) return;
      loading = true;
      said.textContent = "Loading the committee …";
      try {
        members = await load();
        said.textContent = "";
        await ask();
        said.tabIndex = -1;
        if (document.activeElement === button) said.focus(); // or the focus would be lost with it
        button.remove();
        price.remove();
      } catch (error) {
        members = [];
        said.textContent = `There is no committee here: ${/** @type {Error} */ (error).message}.`;
      }
      loading = false;
    });
    return { ask, see };
  }

  return { load, offer, read, view };
})();
