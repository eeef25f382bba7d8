// @ts-check
// Files of the book that a page needs only after a click.
var lenet5 = lenet5 || {};

/**
 * A file in base64. It comes as a script, since a page from a file may not fetch.
 * @param {string} name
 * @param {string} beside  the address of a script in the same folder
 * @returns {Promise<string>}
 */
lenet5.later = async (name, beside) => {
  const data = (/** @type {any} */ (window).appData ??= {}), script = document.createElement("script");
  script.src = new URL(`${name}.js`, beside).href;
  await new Promise((done) => {
    script.onload = script.onerror = done;
    document.head.append(script);
  });
  script.remove();
  if (data[name]) return data[name];
  const built = name.endsWith(".wasm") ? ": this copy of the book was built without a compiler" : "";
  throw new Error(`the file with ${name} is missing or damaged${built}`);
};
