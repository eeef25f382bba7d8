// @ts-check
// Who reads what is drawn, side by side: our network, LeNet-5 of 1998, the committee, and the reader's own.
var lenet5 = lenet5 || {};

/**
 * What somebody reads: the digit or "none", its probability, and that of each answer; `votes` for it are a committee's.
 * @typedef {{ answer: string, sure: number, shares: ArrayLike<number>, votes: string }} Finding
 */

lenet5.readers = (() => {
  const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const ANSWERS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "none"]; // the last is known to 1998 alone
  const NOTHING = "–";
  const LATER = "…"; // it is still loaded or asked

  /**
   * @param {ArrayLike<number>} shares
   * @returns {Finding}
   */
  function readingOf(shares) {
    const sure = Math.max(...Array.from(shares));
    return { answer: ANSWERS[Array.from(shares).indexOf(sure)], sure, shares, votes: "" };
  }

  /**
   * @param {Joint} joint
   * @returns {Finding}
   */
  function readingOfCommittee({ probabilities, votes, members }) {
    const reading = readingOf(probabilities);
    return { ...reading, votes: `${votes[Number(reading.answer)]} of ${members} votes` };
  }

  /** A line of the table: a reader, what it reads, and how sure it is. */
  class Row {
    /** @param {HTMLElement} line */
    constructor(line) {
      this.line = line;
      this.choice = /** @type {HTMLInputElement} */ (line.querySelector("input"));
      this.cells = /** @type {NodeListOf<HTMLElement>} */ (line.querySelectorAll("td > span"));
      /** @type {Finding | null} */
      this.reading = null;
    }

    /**
     * @param {Finding | null} reading
     * @param {string} instead  what stands there without one
     */
    show(reading, instead = NOTHING) {
      this.reading = reading;
      const texts = reading ? [reading.answer, lenet5.verdict.inWords(reading.sure), reading.votes] : [instead, instead, ""];
      this.cells.forEach((cell, i) => { cell.textContent = texts[i]; });
    }
  }

  /** The bars of the reader that is chosen, one for each answer. */
  class Bars {
    /** @param {HTMLElement} list */
    constructor(list) {
      this.bars = ANSWERS.map((answer) => {
        const bar = document.createElement("li");
        bar.innerHTML = `<span>${answer}</span><span class="pad-track"><span></span></span><span></span>`;
        list.append(bar);
        return bar;
      });
    }

    /** @param {Finding | null} reading */
    show(reading) {
      this.bars.forEach((bar, i) => {
        const share = reading?.shares[i];
        bar.classList.toggle("pad-most", reading?.answer === ANSWERS[i]);
        bar.classList.toggle("pad-unknown", i === 10 && share === undefined);
        const [, track, words] = /** @type {HTMLCollectionOf<HTMLElement>} */ (bar.children);
        /** @type {HTMLElement} */ (track.firstElementChild).style.width = `${100 * (share ?? 0)}%`;
        words.textContent = share === undefined ? NOTHING : lenet5.verdict.inWords(share);
      });
    }
  }

  /** All readers, and what they find in the image that they see. */
  class Readers {
    /**
     * @param {HTMLElement} box
     * @param {Kernel} ours
     */
    constructor(box, ours) {
      /** @param {string} name */
      const find = (name) => /** @type {HTMLElement} */ (box.querySelector(`.pad-${name}`));
      this.report = new Row(find("report"));
      this.of1998 = new Row(find("1998"));
      this.committee = new Row(find("committee"));
      this.own = new Row(find("own"));
      this.rows = [this.report, this.of1998, this.committee, this.own];
      for (const row of this.rows) row.show(null);
      this.bars = new Bars(find("bars"));
      this.words = find("loading");
      this.ours = ours;
      /** @type {Kernel | null} */
      this.ownKernel = null;
      /** @type {InstanceType<typeof lenet5.LeNet1998> | null} */
      this.network1998 = null;
      /** @type {Member[]} */
      this.members = [];
      /** @type {Joint | null} */
      this.joint = null; // what the committee finds in the image
      /** @type {Float32Array | null} */
      this.image = null;
      this.turn = 0; // of the image: who asked about an earlier one is told nothing
      this.isTouched = this.isLoading = false;
      this.changed = () => {}; // is called when others are there or another one is chosen
      for (const { choice } of this.rows) choice.addEventListener("change", () => this.choose());
    }

    /** The kernel whose inside is shown: the reader's own if that is chosen, else the report's. */
    get kernel() {
      return this.own.choice.checked && this.ownKernel ? this.ownKernel : this.ours;
    }

    /** A committee of no members where it could not be loaded, and null while it is loaded or asked. */
    get absent() {
      const isMissing = this.isTouched && !this.isLoading && this.members.length === 0;
      return isMissing ? { probabilities: [], votes: [], members: 0 } : null;
    }

    choose() {
      this.isTouched = true;
      this.wake();
      this.showBars();
      this.changed();
    }

    showBars() {
      this.bars.show(this.rows.find(({ choice }) => choice.checked)?.reading ?? null);
    }

    /**
     * Let the reader's own network read as well.
     * @param {Kernel} kernel
     * @param {string} name
     * @param {boolean} isChosen  whether its bars are shown
     */
    add(kernel, name, isChosen) {
      this.ownKernel = kernel;
      /** @type {HTMLElement} */ (this.own.line.querySelector(".pad-own-name")).textContent = name;
      this.own.line.hidden = false;
      if (isChosen) this.own.choice.checked = true;
      this.changed();
    }

    /** Load those that are not in the page from the start, at the first touch. */
    touch() {
      if (!this.isTouched) this.wake();
      this.isTouched = true;
    }

    /** Load those that are not there yet. */
    async wake() {
      if (this.isLoading || (this.network1998 && this.members.length)) return;
      this.isLoading = true;
      this.words.textContent = "Loading LeNet-5 of 1998 and the committee …";
      const failures = await Promise.all([
        this.try("LeNet-5 of 1998", async () => { this.network1998 ??= await lenet5.LeNet1998.load(HERE); }),
        this.try("committee", async () => {
          if (!this.members.length) this.members = await lenet5.committee.load(HERE);
        }),
      ]);
      this.isLoading = false;
      this.words.textContent = failures.filter(Boolean).join(" ");
      this.image = null; // so that they are asked about what is there
      this.changed();
    }

    /**
     * Why somebody is not there, in words; empty if all is well.
     * @param {string} name
     * @param {() => Promise<void>} load
     */
    async try(name, load) {
      try {
        await load();
        return "";
      } catch (error) {
        return `There is no ${name} here: ${/** @type {Error} */ (error).message}.`;
      }
    }

    /**
     * Show what each finds in an image; the committee is asked later.
     * @param {Float32Array | null} pixels
     */
    see(pixels) {
      const instead = pixels && this.isLoading ? LATER : NOTHING;
      this.report.show(pixels && readingOf(this.ours.read(pixels).probabilities));
      this.of1998.show(pixels && this.network1998 && readingOf(this.network1998.read(pixels)), instead);
      this.own.show(pixels && this.ownKernel && readingOf(this.ownKernel.read(pixels).probabilities));
      if (String(pixels) !== String(this.image)) {
        this.turn++;
        this.image = pixels;
        this.joint = null;
        this.committee.show(null, pixels && this.members.length ? LATER : instead);
      }
      this.showBars();
    }

    /** Ask the committee about the image that all see; null if it is not there, or if the image has changed. */
    async ask() {
      if (this.joint || !this.image || !this.members.length) return this.joint;
      const mine = ++this.turn;
      const joint = await lenet5.committee.ask(this.members, this.image, () => mine !== this.turn);
      if (!joint) return null;
      this.joint = joint;
      this.committee.show(readingOfCommittee(joint));
      this.showBars();
      return joint;
    }
  }

  return { Readers };
})();
