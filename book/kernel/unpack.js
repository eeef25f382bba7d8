// @ts-check
// What the book packs for its pages: base64 of files, some of them gzip.
var lenet5 = lenet5 || {};

/**
 * @param {string} base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
lenet5.bytes = (base64) => {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};

/**
 * The bytes of a file; fails in words.
 * @param {string} base64
 * @param {string} name  of the file
 */
lenet5.unpack = (base64, name) => {
  try {
    return lenet5.bytes(base64);
  } catch {
    throw new Error(`the file with ${name} is missing or damaged`);
  }
};

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
lenet5.base64 = (bytes) => {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
};

/**
 * Fails if the bytes are damaged: gzip has a checksum.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
lenet5.gunzip = async (bytes) => {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};
