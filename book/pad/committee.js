// @ts-check
// The committee: the networks and the views of systems/committee.py and systems/columns.py.
var lenet5 = lenet5 || {};

/** @typedef {{ name: string, width: number, tensors: Record<string, Tensor> }} Member */

lenet5.committee = (() => {
  const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const SEEDS = 5, SIDE = 29;
  /** @type {Record<string, number>} pixels that each digit is wide; 0: as it is given */
  const VIEWS = { "as-given": 0, W20: 20, W14: 14 };
  /** @type {[string, number, number][]} convolutions of 3×3: name, stride, padding */
  const CONVOLUTIONS = [["maps1", 1, 0], ["maps2", 2, 0], ["maps3", 1, 1], ["maps4", 2, 0], ["maps5", 1, 0]];

  /**
   * Its networks, loaded.
   * @returns {Promise<Member[]>}
   */
  const load = () => Promise.all(Object.keys(VIEWS).flatMap((view) => Array.from({ length: SEEDS }, async (_, seed) => {
    const name = `${view}-${seed}.safetensors`, text = await lenet5.later(name, HERE);
    try {
      return { name, width: VIEWS[view], tensors: lenet5.readTensors(lenet5.bytes(text)) };
    } catch {
      throw new Error(`the file with ${name} is missing or damaged`);
    }
  })));

  /**
   * What a network finds in an image.
   * @param {Member} member
   * @param {Float32Array} pixels  28×28, in [0, 1]
   * @returns {Float32Array} a probability for each digit
   */
  function read({ width, tensors }, pixels) {
    let maps = Float32Array.from(view(pixels, width), (level) => level / 127.5 - 1), side = SIDE;
    for (const [name, stride, padding] of CONVOLUTIONS) {
      const after = Math.floor((side + 2 * padding - 3) / stride) + 1;
      maps = convolve(maps, side, after, stride, padding, tensors[`${name}.conv.weight`].values, tensors[`${name}.conv.bias`].values);
      side = after;
    }
    const count = maps.length / side ** 2, pools = new Float32Array(2 * count);
    for (let i = 0; i < count; i++) {
      const map = maps.subarray(i * side ** 2, (i + 1) * side ** 2);
      pools[i] = Math.max(...map);
      pools[count + i] = map.reduce((a, b) => a + b) / map.length;
    }
    const { "output.weight": { values: weight }, "output.bias": { values: bias } } = tensors;
    const logits = bias.map((start, digit) => pools.reduce((sum, x, i) => sum + x * weight[digit * pools.length + i], start));
    const most = Math.max(...logits), shares = logits.map((logit) => Math.exp(logit - most));
    const total = shares.reduce((a, b) => a + b);
    return shares.map((share) => share / total);
  }

  /**
   * A convolution of 3×3, and what of it is positive.
   * @param {Float32Array} maps
   * @param {number} side  of a map
   * @param {number} after  the side of a new one
   * @param {number} stride
   * @param {number} padding
   * @param {Float32Array} weight
   * @param {Float32Array} bias
   */
  function convolve(maps, side, after, stride, padding, weight, bias) {
    const inputs = maps.length / side ** 2, out = new Float32Array(bias.length * after ** 2);
    for (let o = 0; o < bias.length; o++) {
      const to = o * after ** 2;
      out.fill(bias[o], to, to + after ** 2);
      for (let i = 0; i < inputs; i++) {
        for (let k = 0; k < 9; k++) {
          const down = Math.trunc(k / 3) - padding, right = k % 3 - padding, w = weight[(o * inputs + i) * 9 + k];
          for (let y = 0; y < after; y++) {
            const row = y * stride + down;
            if (row < 0 || row >= side) continue;
            const first = Math.max(0, -right), from = (i * side + row) * side + right;
            const last = Math.min(after, Math.floor((side - 1 - right) / stride) + 1);
            for (let x = first; x < last; x++) out[to + y * after + x] += w * maps[from + x * stride];
          }
        }
      }
    }
    return out.map((x) => Math.max(x, 0));
  }

  /**
   * An image in a frame of 29×29, from 0 to 255, its digit `width` pixels wide.
   * @param {Float32Array} pixels
   * @param {number} width
   */
  function view(pixels, width) {
    const levels = pixels.map((x) => Math.round(255 * x)), framed = new Float32Array(SIDE ** 2);
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
