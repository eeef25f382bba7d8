// @ts-check
// Whether a picture's file is whole. Some browsers show what is left of one, and that would be read.
var lenet5 = lenet5 || {};

lenet5.isWhole = (() => {
  /**
   * Whether a PNG, JPEG, GIF or WebP is whole, as far as its bytes tell; of others true.
   * @param {Uint8Array<ArrayBuffer>} file
   */
  function isWhole(file) {
    const head = String.fromCharCode(...file.subarray(0, 12));
    if (head.startsWith("\x89PNG")) return isWholePng(file);
    if (head.startsWith("\xff\xd8")) return isWholeJpeg(file);
    if (head.startsWith("GIF8")) return file.findLast((byte) => byte > 0) === 0x3b; // its last byte, but for filling
    if (head.startsWith("RIFF") && head.endsWith("WEBP")) return new DataView(file.buffer).getUint32(4, true) + 8 <= file.length;
    return true;
  }

  /**
   * Each chunk of a PNG has a checksum, and the last one is called IEND.
   * @param {Uint8Array<ArrayBuffer>} file
   */
  function isWholePng(file) {
    const numbers = new DataView(file.buffer);
    for (let at = 8; at + 12 <= file.length;) {
      const end = at + 8 + numbers.getUint32(at);
      if (end + 4 > file.length || numbers.getUint32(end) !== checksum(file.subarray(at + 4, end))) return false;
      if (String.fromCharCode(...file.subarray(at + 4, at + 8)) === "IEND") return true;
      at = end + 4;
    }
    return false;
  }

  /**
   * Behind the start of the last scan of a JPEG there is an end. Within a scan neither can stand.
   * @param {Uint8Array} file
   */
  function isWholeJpeg(file) {
    const SCAN = 0xda, END = 0xd9;
    for (let at = file.length - 2; at > 0; at--) {
      if (file[at] === 0xff && file[at + 1] === END) return true;
      if (file[at] === 0xff && file[at + 1] === SCAN) return false;
    }
    return false;
  }

  const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
    for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
    return byte;
  });

  /**
   * CRC-32, as PNG uses it.
   * @param {Uint8Array} bytes
   */
  function checksum(bytes) {
    let sum = 0xffffffff;
    for (const byte of bytes) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
    return (sum ^ 0xffffffff) >>> 0;
  }

  return isWhole;
})();
