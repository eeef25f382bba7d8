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
  await lenet5.comes(script, new URL(`${name}.js`, beside));
  script.remove();
  if (data[name]) return data[name];
  const built = name.endsWith(".wasm") ? ": this copy of the book was built without a compiler" : "";
  throw new Error(`the file with ${name} is missing or damaged${built}`);
};

/**
 * Load scripts, which run in their order, and style sheets; fails in words.
 * @param {string[]} names  of files in an app's folder, such as "inside/words.js"
 * @param {string} beside  the address of a script in that folder
 */
lenet5.load = async (names, beside) => {
  const came = await Promise.all(names.map((name) => {
    const isStyle = name.endsWith(".css");
    const element = document.createElement(isStyle ? "link" : "script");
    if (element instanceof HTMLLinkElement) element.rel = "stylesheet";
    else element.async = false; // it waits for those before it
    return lenet5.comes(element, new URL(name, beside));
  }));
  const missing = names.filter((_, number) => !came[number]);
  if (missing.length) throw new Error(`the file ${missing[0]} is missing`);
};

/**
 * Put a script or a style sheet into the page; whether it came.
 * @param {HTMLScriptElement | HTMLLinkElement} element
 * @param {URL} address
 * @returns {Promise<boolean>}
 */
lenet5.comes = (element, address) => new Promise((done) => {
  element.onload = () => done(true);
  element.onerror = () => done(false);
  if (element instanceof HTMLLinkElement) element.href = address.href;
  else element.src = address.href;
  document.head.append(element);
});
