// @ts-check
// What "Look inside" says: of layers, of maps, and of how the value of a cell comes about.
// Maps, rows, columns and units are counted from 1, and an answer by its digit.
var lenet5 = lenet5 || {};

lenet5.words = (() => {
  const { hasMaps } = lenet5.steps;

  /**
   * A value as it is read, with four places.
   * @param {number} value
   */
  function number(value) {
    if (value === 0) return "0";
    const small = value !== 0 && Math.abs(value) < 0.00005;
    return (small ? value.toExponential(1) : value.toFixed(4)).replaceAll("-", "−");
  }

  /**
   * A value with as many places as tell it from every other.
   * @param {number} value
   */
  const exactly = (value) => String(Math.fround(value) === value ? Number(value.toPrecision(9)) : value).replaceAll("-", "−");

  /**
   * @param {number} count
   * @param {string} thing
   */
  const counted = (count, thing) => `${count.toLocaleString("en-US")} ${thing}${count === 1 ? "" : "s"}`;

  /** @param {Step} step */
  const title = ({ name, kind }) => (kind === "softmax" ? "answers" : name);

  /**
   * A step, or one of its maps, as that of which a cell saw something.
   * @param {Step} step
   * @param {number | null} map
   */
  function source(step, map) {
    const name = step.kind === "image" ? "the image" : title(step);
    return map === null ? name : `map ${map + 1} of ${name}`;
  }

  /**
   * What a step is, in a few words.
   * @param {Step} step
   */
  function kind({ kind, activation, shape, stage }) {
    const [count, height, width] = shape;
    if (kind === "image") return `${height}×${width} pixels`;
    if (kind === "softmax") return `softmax, ${counted(count, "probability").replace("ys", "ies")}`;
    const behind = activation && `, ${activation}`;
    if (kind === "dense") return `dense${behind}, ${counted(count, "unit")}`;
    const side = kind === "convolution" ? stage?.kernel : stage?.pool;
    const name = kind === "max pool" ? "max-pooling" : kind;
    return `${name} ${side}×${side}${behind}, ${counted(count, "map")} of ${height}×${width}`;
  }

  /** @param {Float32Array | Float64Array} values */
  function range(values) {
    let least = Infinity, most = -Infinity;
    for (const value of values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    const [from, to] = [least, most].map((value) => String(Number(value.toPrecision(3))).replace("-", "−"));
    return `values from ${from} to ${to}`;
  }

  /**
   * A map, such as "conv1, map 3 of 6".
   * @param {Step} step
   * @param {number} map
   */
  const mapOf = (step, map) => (hasMaps(step) && step.kind !== "image"
    ? `${title(step)}, map ${map + 1} of ${step.shape[0]}` : title(step));

  /**
   * A map for those who do not see it.
   * @param {Step} step
   * @param {number} map
   * @param {Float32Array | Float64Array} values
   */
  function ofMap(step, map, values) {
    const largest = lenet5.sheets.largestOf(values);
    const [, height, width] = step.shape;
    const size = hasMaps(step) ? `${height} by ${width} cells` : counted(values.length, "unit");
    const owner = hasMaps(step) ? "" : `, of ${cellOf(step, 0, largest)}`;
    return `${mapOf(step, map)}, ${size}, largest value ${number(values[largest])}${owner}`;
  }

  /**
   * @param {Step} step
   * @param {number} row
   * @param {number} column
   */
  function cellOf(step, row, column) {
    if (hasMaps(step)) return `row ${row + 1}, column ${column + 1}`;
    return step.isAnswers ? `digit ${column}` : `unit ${column + 1}`;
  }

  /** @param {string} text  at the beginning of a sentence */
  const capital = (text) => `${text[0].toUpperCase()}${text.slice(1)}`;

  // -- how a value comes about -----------------------------------------------------------

  /**
   * @param {Step[]} steps
   * @param {number} index
   * @param {number} row
   * @param {number} column
   * @param {Account} account
   * @param {boolean} isEqual  whether the engine has this very value
   */
  function explain(steps, index, row, column, account, isEqual) {
    const step = steps[index];
    const before = steps[index - 1];
    const start = `${capital(cellOf(step, row, column))} is ${number(account.value)}`;
    if (account.kind === "pixel") return `${start}: the ink in the image, from 0 to 1.`;
    const proof = isEqual
      ? `Computed here in this order it is ${exactly(account.value)}, which is the engine's value to the last bit.`
      : `Computed here it is ${exactly(account.value)}, and the engine has another value.`;
    const how = account.kind === "sum" ? ofSum(steps, index, account)
      : account.kind === "maximum" ? ofMaximum(step, before, row, column, account)
        : ofSoftmax(account);
    return `${start}. ${how} ${proof}`;
  }

  /**
   * The same in a few words.
   * @param {Step[]} steps
   * @param {number} index
   * @param {number} row
   * @param {number} column
   * @param {Account} account
   */
  function glance(steps, index, row, column, account) {
    const start = `${capital(cellOf(steps[index], row, column))} is ${number(account.value)}`;
    if (account.kind === "pixel") return `${start}: the ink in the image.`;
    if (account.kind === "maximum") return `${start}, the largest of ${account.side}×${account.side} cells of ${title(steps[index - 1])}.`;
    if (account.kind === "softmax") return `${start}, its share of all exponentials.`;
    const { bias, parts, sum, average } = account;
    const incoming = steps[index - (average === null ? 1 : 2)], count = parts.length * parts[0].products.length;
    const after = steps[index].activation ? `, before ${steps[index].activation}` : "";
    return `${start}. The bias, ${number(bias)}, and ${counted(count, "product")} come to ${number(sum)}${after}. ${most(incoming, parts)}`;
  }

  /**
   * @param {Step[]} steps
   * @param {number} index
   * @param {Sum} account
   */
  function ofSum(steps, index, { bias, parts, sum, value, average }) {
    const step = steps[index];
    const isPooled = average !== null;
    const incoming = steps[index - (isPooled ? 2 : 1)];
    const each = parts[0].products.length;
    const order = parts.length === 1
      ? `the ${counted(each, "product")} of a weight with what it saw, ${hasMaps(incoming) ? "row by row" : "unit by unit"}`
      : `the ${counted(each, "product")} of map 1 of ${title(incoming)}, row by row, then those of map 2, and so on to map `
        + `${parts.length}, ${(each * parts.length).toLocaleString("en-US")} in all`;
    const pooled = isPooled
      ? `The average of the ${step.stage?.pool}×${step.stage?.pool} cells above is ${number(average)}. The engine comes to it by `
        + "another way, with fewer products: it averages each such square of what comes in, and takes the products with these averages. "
      : "";
    const after = step.activation ? `, of which ${step.activation} makes ${number(value)}` : "";
    return `${pooled}The sum begins with the bias, ${number(bias)}, and adds ${order}; each product and each sum is rounded to `
      + `32 bits. It comes to ${number(sum)}${after}. ${most(incoming, parts)}`;
  }

  /**
   * What adds most to a sum.
   * @param {Step} incoming
   * @param {Portion[]} parts
   */
  function most(incoming, parts) {
    if (parts.length > 1) {
      const largest = heaviest(parts.map(({ adds }) => adds));
      return `Map ${largest + 1} of ${title(incoming)} counts most: it adds ${number(parts[largest].adds)}.`;
    }
    const [{ products, columns }] = parts;
    const largest = heaviest(products);
    const place = hasMaps(incoming) ? [Math.floor(largest / columns), largest % columns] : [0, largest];
    const where = hasMaps(incoming) ? `The weight in row ${place[0] + 1}, column ${place[1] + 1}` : capital(cellOf(incoming, 0, largest));
    return `${where} counts most: it adds ${number(products[largest])}.`;
  }

  /**
   * The place of the number that is furthest from 0.
   * @param {ArrayLike<number>} numbers
   */
  const heaviest = (numbers) => lenet5.sheets.largestOf(Array.from(numbers, Math.abs));

  /**
   * @param {Step} step
   * @param {Step} before
   * @param {number} row
   * @param {number} column
   * @param {Maximum} account
   */
  function ofMaximum(step, before, row, column, { side, cells, winner, sum, value }) {
    const listed = Array.from(cells, number).join(", ");
    const place = cellOf(before, side * row + Math.floor(winner / side), side * column + (winner % side));
    const ties = cells.filter((cell) => cell === sum).length;
    const first = ties > 1 ? `, the first of ${ties} that are equal` : "";
    const behind = before.activation;
    const order = behind ? ` The engine takes the largest first and ${behind} of it alone, which makes ${number(value)}.` : "";
    return `It is the largest of ${side}×${side} cells of ${title(before)}${behind && `, before ${behind}`}: ${listed}. `
      + `That is the one in ${place}${first}.${order}`;
  }

  /** @param {Softmax} account */
  function ofSoftmax({ largest, total }) {
    return `It is the exponential of the digit's value in the layer before, less the largest, ${number(largest)}, divided by the sum of `
      + `all these exponentials, from digit 0 on, ${number(total)}; this one layer is computed in 64 bits.`;
  }

  return { cellOf, explain, glance, heaviest, kind, map: ofMap, mapOf, number, range, source, title };
})();
