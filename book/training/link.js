// @ts-check
// A link that carries a choice, as in train.html#network=30N&seed=7: the settings in which it
// differs from our run.
var lenet5 = lenet5 || {};

lenet5.link = (() => {
  /**
   * The address of this page with a choice.
   * @param {Config} config
   * @param {Config} recipe
   * @param {Setting[]} settings
   */
  function write(config, recipe, settings) {
    const differing = settings.filter(({ name }) => config[name] !== recipe[name]);
    const words = differing.map(({ name }) => `${name}=${encodeURIComponent(config[name])}`);
    const page = location.href.split("#")[0];
    return words.length ? `${page}#${words.join("&")}` : page;
  }

  /**
   * What a link carries, as it stands there, and what of it is no setting; null if it carries nothing.
   * @param {string} hash  of an address; a place of the page has no equals sign
   * @param {Setting[]} settings
   * @returns {{ texts: Partial<Record<keyof Config, string>>, refused: string } | null}
   */
  function read(hash, settings) {
    if (!hash.includes("=")) return null;
    /** @type {Partial<Record<keyof Config, string>>} */
    const texts = {};
    const unknown = [];
    for (const [name, text] of new URLSearchParams(hash.slice(1))) {
      const setting = settings.find((setting) => setting.name === name);
      if (setting) texts[setting.name] = text.trim();
      else unknown.push(`'${name}'`);
    }
    const names = settings.map(({ name }) => name).join(", ");
    const refused = unknown.length ? `The link sets ${unknown.join(" and ")}, which is no setting: it may set ${names}.` : "";
    return { texts, refused };
  }

  return { read, write };
})();
