// @ts-check
// What our network and the committee say together of one drawing, and when it is no: the rule of
// networks/verdict.py, with the same sentences. Nothing here knows the page.
var lenet5 = lenet5 || {};

/**
 * @typedef {{ probabilities: ArrayLike<number>, votes: ArrayLike<number>, members: number }} Opinion
 * What a committee finds in one image: the mean of its members' probabilities, and how many read each digit. There is
 * no committee where `members` is 0.
 * @typedef {{ kind: string, sentence: string }} Judgement
 * The kind is `agree`: it is read. A kind of ink but `one`, `disagree`, `no digit` or `unsure`: the answer is no.
 * `asked`: the committee is not here yet; `alone`: it will not come; `broken`: a network gives no probabilities.
 */

lenet5.verdict = (() => {
  const SURE = 0.95; // the committee's mean probability, below which it is not sure
  const DIGITS = 10;
  /** @type {Record<string, string>} what is said of the kinds of ink that are not read */
  const OF_INK = {
    none: "The paper is empty.",
    blot: "This is a dot or a blot, not the strokes of a digit.",
    several: "This looks like two digits or more: draw one.",
    small: "This is too small for the pen: draw it larger.",
    large: "This is too large: leave some paper around it.",
    edge: "This touches the edge of the paper: a part may be missing.",
  };

  /**
   * The verdict on one drawing.
   * @param {string} kind  of its ink: see lenet5.ink.judge
   * @param {ArrayLike<number> | null} report  ten probabilities; null if there is nothing to read
   * @param {Opinion | null} committee  null while it is still asked
   * @param {ArrayLike<number> | null} [network1998]  eleven, *no digit* last; null if it is not asked
   * @returns {Judgement}
   */
  function of(kind, report, committee, network1998 = null) {
    if (kind !== "one") {
      if (!Object.hasOwn(OF_INK, kind)) throw new Error(`${kind} is no kind of ink`);
      return { kind, sentence: OF_INK[kind] };
    }
    if (!report) return { kind: "none", sentence: OF_INK.none };
    if (!areProbabilities(report, DIGITS)) return broken("our network");
    const ours = answer(report), alone = `Our network reads ${ours}; `;
    if (!committee) return { kind: "asked", sentence: `${alone}the committee is being asked.` };
    if (!committee.members) return { kind: "alone", sentence: `${alone}there is no committee here to doubt it.` };
    if (!areProbabilities(committee.probabilities, DIGITS)) return broken("the committee");
    if (network1998 && !areProbabilities(network1998, DIGITS + 1)) return broken("LeNet-5 of 1998");
    return together(ours, committee, Boolean(network1998) && answer(network1998 ?? []) === DIGITS);
  }

  /**
   * The verdict when all have answered.
   * @param {number} ours  the digit that our network reads
   * @param {Opinion} committee
   * @param {boolean} rejected  whether LeNet-5 of 1998 says that it is no digit
   * @returns {Judgement}
   */
  function together(ours, committee, rejected) {
    const theirs = answer(committee.probabilities), share = committee.probabilities[theirs];
    if (theirs !== ours) {
      const said = `They disagree: our network reads ${ours}, the committee ${theirs}.`;
      const digit = share >= SURE && !rejected;
      return {
        kind: "disagree",
        sentence: digit ? `${said} If it is a digit, then rather ${theirs}.` : `${said} Probably no digit.`,
      };
    }
    const agreed = `Our network and the committee read ${ours}`;
    if (rejected) {
      return { kind: "no digit", sentence: `${agreed}, but LeNet-5 of 1998 says that it is no digit.` };
    }
    if (share < SURE) {
      const said = `The committee is not sure: it reads ${ours} as our network does, but at ${inWords(share)}.`;
      return { kind: "unsure", sentence: `${said} Perhaps no digit.` };
    }
    return { kind: "agree", sentence: `${agreed}.` };
  }

  /**
   * A probability in words; one that rounds to none or all is neither, and what is below the threshold never reads as
   * the threshold.
   * @param {number} share
   */
  function inWords(share) {
    let tenths = Math.floor(1000 * share + 0.5); // of a per cent
    if (share < SURE) tenths = Math.min(tenths, Math.ceil(1000 * SURE) - 1);
    if (tenths >= 1000) return "> 99.9 %";
    return tenths < 1 ? "< 0.1 %" : `${(tenths / 10).toFixed(1)} %`;
  }

  /**
   * @param {string} whose
   * @returns {Judgement}
   */
  function broken(whose) {
    return { kind: "broken", sentence: `What ${whose} gives are no probabilities: load the page again.` };
  }

  /**
   * The place of the largest; of equals the first.
   * @param {ArrayLike<number>} probabilities
   */
  function answer(probabilities) {
    const values = Array.from(probabilities);
    return values.indexOf(Math.max(...values));
  }

  /**
   * Whether they are so many shares of one, as float32 rounds them.
   * @param {ArrayLike<number>} values
   * @param {number} count
   */
  function areProbabilities(values, count) {
    const shares = Array.from(values);
    if (shares.length !== count || !shares.every((share) => share >= 0 && share <= 1.001)) return false;
    return Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 0.001;
  }

  return { SURE, inWords, of };
})();
