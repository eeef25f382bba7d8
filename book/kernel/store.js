// @ts-check
// What the pages keep in the browser: a training that can go on, and the reader's own network.
// localStorage holds it: under a megabyte, written whole or not at all, and in Chromium there
// for pages opened from a file too.
var lenet5 = lenet5 || {};

lenet5.store = (() => {
  const PREFIX = "lenet5: ";

  /**
   * Null if nothing is kept, or what is kept cannot be read.
   * @param {string} name
   * @returns {any}
   */
  function get(name) {
    try {
      return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
    } catch {
      return null;
    }
  }

  /**
   * Whether the browser has kept it.
   * @param {string} name
   * @param {object} value
   */
  function set(name, value) {
    try {
      if (!(localStorage instanceof Storage)) return false; // what stands in for it forgets: looks/html_repairs.py
      localStorage.setItem(PREFIX + name, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }

  /** @param {string} name */
  function remove(name) {
    try {
      localStorage.removeItem(PREFIX + name);
    } catch {
      // nothing is kept here at all
    }
  }

  return { get, set, remove };
})();
