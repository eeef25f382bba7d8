// @ts-check
// How many pictures a file holds, of which a page is given the first: lenet5/picture_file.py says the same of it.
var lenet5 = lenet5 || {};

lenet5.pages = (() => {
  const MOST = 1e6; // of the parts of a file: a damaged one may go round in circles

  /**
   * The pictures of a file, one after the other; 1 where it cannot be told.
   * @param {Uint8Array<ArrayBuffer>} file
   * @returns {number}
   */
  function count(file) {
    const numbers = new DataView(file.buffer, file.byteOffset, file.length);
    const head = text(file, 0, 12);
    try {
      if (head.startsWith("GIF8")) return ofGif(file);
      if (head.startsWith("\x89PNG")) return ofPng(file, numbers);
      if (head.startsWith("RIFF") && head.endsWith("WEBP")) return ofWebp(file, numbers);
      if (/^(II\*\0|MM\0\*)/.test(head)) return ofTiff(numbers, head[0] === "I");
      if (head.slice(4) === "ftypavis") return ofAvif(file, numbers);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // it is cut short
    }
    return 1;
  }

  /**
   * @param {Uint8Array} file
   * @param {number} start
   * @param {number} length
   */
  const text = (file, start, length) => String.fromCharCode(...file.subarray(start, start + length));

  /**
   * What stands behind the blocks of a GIF that begin at a place: each says its length, and the last has none.
   * @param {Uint8Array} file
   * @param {number} at
   */
  function behindBlocks(file, at) {
    while (file[at]) at += file[at] + 1;
    return at + 1;
  }

  /**
   * Each picture begins with a descriptor, and may have colours of its own.
   * @param {Uint8Array} file
   */
  function ofGif(file) {
    const colours = (/** @type {number} */ flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
    const DESCRIPTOR = 0x2c, EXTENSION = 0x21;
    let at = 13 + colours(file[10]), pictures = 0;
    while (at < file.length) {
      if (file[at] === EXTENSION) at = behindBlocks(file, at + 2);
      else if (file[at] === DESCRIPTOR) {
        pictures++;
        at = behindBlocks(file, at + 11 + colours(file[at + 9]));
      } else break;
    }
    return Math.max(pictures, 1);
  }

  /**
   * An animated PNG says how many in a chunk ahead of its pixels. Those who know no animation are shown a picture that
   * may be none of them: then it is one more.
   * @param {Uint8Array} file
   * @param {DataView} numbers
   */
  function ofPng(file, numbers) {
    let pictures = 0, isFirst = false;
    for (let at = 8; at + 12 <= file.length; at += numbers.getUint32(at) + 12) {
      const kind = text(file, at + 4, 4);
      if (kind === "acTL") pictures = numbers.getUint32(at + 8);
      if (kind === "fcTL") isFirst = true;
      if (kind === "IDAT" || kind === "IEND") break;
    }
    return pictures ? pictures + Number(!isFirst) : 1;
  }

  /**
   * @param {Uint8Array} file
   * @param {DataView} numbers
   */
  function ofWebp(file, numbers) {
    let pictures = 0;
    for (let at = 12; at + 8 <= file.length;) {
      if (text(file, at, 4) === "ANMF") pictures++;
      const length = numbers.getUint32(at + 4, true);
      at += 8 + length + (length % 2);
    }
    return Math.max(pictures, 1);
  }

  /**
   * Each page says where the next one is.
   * @param {DataView} numbers
   * @param {boolean} isLittle
   */
  function ofTiff(numbers, isLittle) {
    const seen = new Set();
    for (let at = numbers.getUint32(4, isLittle); at && !seen.has(at) && seen.size < MOST;) {
      seen.add(at);
      at = numbers.getUint32(at + 2 + 12 * numbers.getUint16(at, isLittle), isLittle);
    }
    return Math.max(seen.size, 1);
  }

  /**
   * A film of pictures has a table of their sizes, in boxes within boxes.
   * @param {Uint8Array} file
   * @param {DataView} numbers
   */
  function ofAvif(file, numbers) {
    const WAY = ["moov", "trak", "mdia", "minf", "stbl"];
    let end = file.length;
    for (let at = 0; at + 8 <= end;) {
      const length = numbers.getUint32(at), kind = text(file, at + 4, 4);
      if (kind === "stsz") return Math.max(numbers.getUint32(at + 16), 1);
      if (kind === WAY[0]) {
        WAY.shift();
        end = at + length;
        at += 8;
      } else if (length < 8) break;
      else at += length;
    }
    return 1;
  }

  return { count };
})();
