// @ts-check
// SHA-256 (FIPS 180-4): the browser's own is refused to pages from plain http.
var lenet5 = lenet5 || {};

lenet5.sha256 = (() => {
  // The first 32 bits of the fractions of square and cube roots of the first primes.
  /** @type {number[]} */
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
  /** @param {(x: number) => number} root */
  const fractions = (root) => Int32Array.from(primes, (prime) => (root(prime) % 1) * 2 ** 32);
  const K = fractions(Math.cbrt), START = fractions(Math.sqrt).subarray(0, 8);
  const w = new Int32Array(64);

  /**
   * @param {Int32Array} hash
   * @param {DataView} view
   * @param {number} at
   */
  function block(hash, view, at) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      const s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s + w[i - 7] + t) | 0;
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 64; i++) {
      const s = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + s + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const t = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (t + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g, g = f, f = e, e = (d + one) | 0, d = c, c = b, b = a, a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => { hash[i] += value; });
  }

  /**
   * The hash of the bytes of several arrays, one after the other, in hexadecimal.
   * @param {(Uint8Array | string)[]} parts
   */
  return (...parts) => {
    const hash = START.slice(), rest = new Uint8Array(128), last = new DataView(rest.buffer);
    let held = 0, total = 0;
    for (const part of parts) {
      const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      let at = 0;
      if (held) {
        at = Math.min(64 - held, bytes.length);
        rest.set(bytes.subarray(0, at), held);
        held += at;
        if (held === 64) block(hash, last, 0), held = 0;
      }
      for (; at + 64 <= bytes.length; at += 64) block(hash, view, at);
      if (at < bytes.length) rest.set(bytes.subarray(at), held), held += bytes.length - at;
      total += bytes.length;
    }
    rest.fill(0, held);
    rest[held] = 0x80;
    const end = held < 56 ? 64 : 128;
    last.setBigUint64(end - 8, BigInt(8 * total));
    for (let at = 0; at < end; at += 64) block(hash, last, at);
    return Array.from(hash, (value) => (value >>> 0).toString(16).padStart(8, "0")).join("");
  };
})();
