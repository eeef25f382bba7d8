// @ts-check
// A network of the family, from one line of notation: to a page what exact/network.py is to Python,
// in the same order and words. `6C5-MP2-16C5-MP2-120N-84N` is, from the image on: a convolution to
// 6 maps by kernels of 5×5, the maximum of each 2×2 of a map (AP2 would be the average), and so on to
// dense layers of 120 and 84 units. The image and the classes come from the data.
var lenet5 = lenet5 || {};

/**
 * A layer as the notation has it, with the pool behind it.
 * @typedef {{ isConvolution: boolean, outputs: number, kernel: number, pool: number, isAverage: boolean }} Part
 */

lenet5.notation = (() => {
  const KERNELS = { from: 2, to: 7 }; // sides of a convolution's kernel
  const POOLS = { from: 2, to: 3 }; // and of a pool

  const GRAMMAR = "write nCk for n maps by kernels of side k (2 to 7), MPk or APk after it for a pool "
    + "of side k (2 or 3), and nN for a dense layer of n units, joined by hyphens: "
    + "such as 6C5-MP2-16C5-MP2-120N-84N";

  const CONVOLUTION = /^([1-9][0-9]{0,6})C([0-9])$/;
  const POOL = /^(MP|AP)([0-9])$/;
  const DENSE = /^([1-9][0-9]{0,6})N$/;
  const IMAGE = /^[0-9]+[x×][0-9]+([x×][0-9]+)?$/;

  /**
   * @param {number} side
   * @param {{ from: number, to: number }} range
   */
  const isIn = (side, { from, to }) => side >= from && side <= to;

  /**
   * The parts of a notation, in order; fails with the part that is not allowed.
   * @param {string} notation
   */
  function parse(notation) {
    /** @type {Part[]} */
    const parts = [];
    for (const text of notation.split("-")) {
      const problem = add(text, parts);
      if (problem) throw new Error(`network '${notation}': '${text}' ${problem}: ${GRAMMAR}`);
    }
    return parts;
  }

  /**
   * Add what a text stands for to the parts before it; what is wrong with it, or nothing.
   * @param {string} text
   * @param {Part[]} parts
   */
  function add(text, parts) {
    const before = parts[parts.length - 1];
    const convolution = CONVOLUTION.exec(text);
    if (convolution) return addConvolution(Number(convolution[1]), Number(convolution[2]), parts, before);
    const pool = POOL.exec(text);
    if (pool) return addPool(pool[1] === "AP", Number(pool[2]), before);
    const dense = DENSE.exec(text);
    if (dense) {
      parts.push({ isConvolution: false, outputs: Number(dense[1]), kernel: 1, pool: 1, isAverage: false });
      return "";
    }
    return IMAGE.test(text) ? "is the image, which comes from the data" : "is no layer";
  }

  /**
   * @param {number} outputs
   * @param {number} kernel
   * @param {Part[]} parts
   * @param {Part | undefined} before
   */
  function addConvolution(outputs, kernel, parts, before) {
    if (before && !before.isConvolution) return "stands after a dense layer";
    if (!isIn(kernel, KERNELS)) return `has a kernel of side ${kernel}`;
    parts.push({ isConvolution: true, outputs, kernel, pool: 1, isAverage: false });
    return "";
  }

  /**
   * @param {boolean} isAverage
   * @param {number} side
   * @param {Part | undefined} before
   */
  function addPool(isAverage, side, before) {
    if (!before?.isConvolution || before.pool > 1) return "stands behind no convolution";
    if (!isIn(side, POOLS)) return `has a side of ${side}`;
    before.pool = side;
    before.isAverage = isAverage;
    return "";
  }

  return { parse };
})();

/** A layer with weights, the pool behind it and the activation behind both. */
lenet5.Stage = class {
  /**
   * @param {string} name  such as conv1 or dense1
   * @param {Part} part
   * @param {number[]} incoming  channels, height and width; into a dense layer all values, a channel each
   * @param {string} activation
   */
  constructor(name, part, incoming, activation) {
    this.name = name;
    this.isConvolution = part.isConvolution;
    this.outputs = part.outputs;
    this.kernel = part.kernel;
    this.pool = part.pool;
    this.isAverage = part.isAverage;
    const [channels, height, width] = incoming;
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.activation = activation;
  }

  /** Maps, height and width before the pool. */
  get convolved() {
    const shrink = this.kernel - 1;
    return [this.outputs, this.height - shrink, this.width - shrink];
  }

  /** The shape of what comes out. A pool leaves out what does not fill its square. */
  get shape() {
    if (!this.isConvolution) return [this.outputs];
    const [maps, height, width] = this.convolved;
    return [maps, Math.floor(height / this.pool), Math.floor(width / this.pool)];
  }

  /** The shape of its weights; a bias for each output comes to them. */
  get weightShape() {
    if (this.isConvolution) return [this.outputs, this.channels, this.kernel, this.kernel];
    return [this.outputs, this.channels];
  }
};

/**
 * What PyTorch has as a module of its own; `shape` is that of what comes out.
 * @typedef {{ name: string, kind: string, shape: number[], stage: Stage }} Layer
 */

/**
 * The layers of a stage.
 * @param {Stage} stage
 * @param {number} number  of the stage, from 1 on
 * @returns {Layer[]}
 */
lenet5.layersOf = (stage, number) => {
  const { isConvolution, isAverage, activation, shape } = stage;
  const own = isConvolution ? stage.convolved : shape;
  /** @type {Layer[]} */
  const active = [], pooled = [];
  if (activation !== "none") {
    active.push({ name: `${activation}${number}`, kind: activation, shape: isAverage ? shape : own, stage });
  }
  if (stage.pool > 1) {
    pooled.push({ name: `pool${number}`, kind: isAverage ? "average pool" : "max pool", shape, stage });
  }
  const first = { name: stage.name, kind: isConvolution ? "convolution" : "dense", shape: own, stage };
  return isAverage ? [first, ...pooled, ...active] : [first, ...active, ...pooled];
};

lenet5.Network = (() => {
  const ACTIVATIONS = ["relu", "tanh", "none"];
  // What an engine takes: beyond it a slip of the hand is likelier than a wish.
  const MOST_STAGES = 16;
  const MOST_PARAMETERS = 20_000_000;
  const MOST_VALUES = 4_000_000; // of all layers, for one image

  /** @param {number[]} shape */
  const product = (shape) => shape.reduce((a, b) => a * b, 1);
  /** @param {number} count */
  const inThousands = (count) => count.toLocaleString("en-US");

  /** The description of a network, from which all else follows; fails in words where it is none. */
  class Network {
    /**
     * @param {string} notation
     * @param {string} activation  relu, tanh or none
     * @param {number[]} imageShape  channels, height, width
     * @param {number} classes
     */
    constructor(notation, activation, imageShape, classes) {
      if (!ACTIVATIONS.includes(activation)) {
        throw new Error(`there is no activation '${activation}': give one of ${ACTIVATIONS.join(", ")}`);
      }
      if (Math.min(...imageShape) < 1 || classes < 2) {
        throw new Error(
          `no network takes images of shape (${imageShape.join(", ")}) in ${classes} classes: `
          + "give a pixel and two classes at least",
        );
      }
      this.notation = notation;
      this.activation = activation;
      this.imageShape = imageShape;
      this.classes = classes;
      /** @type {Stage[]} the layers with weights, from the image to the logits */
      this.stages = [];
      for (const part of lenet5.notation.parse(notation)) this.stages.push(this.nextStage(part, activation));
      const last = { isConvolution: false, outputs: classes, kernel: 1, pool: 1, isAverage: false };
      this.stages.push(this.nextStage(last, "none"));
      this.checkSize();
    }

    /**
     * The stage of a part of the notation, behind those that are there.
     * @param {Part} part
     * @param {string} activation
     */
    nextStage(part, activation) {
      const { stages } = this;
      const shape = stages.length ? stages[stages.length - 1].shape : this.imageShape;
      if (!part.isConvolution) {
        const number = 1 + stages.filter((stage) => !stage.isConvolution).length;
        return new lenet5.Stage(`dense${number}`, part, [product(shape), 1, 1], activation);
      }
      const stage = new lenet5.Stage(`conv${1 + stages.length}`, part, shape, activation);
      if (Math.min(...stage.shape) < 1) {
        throw new Error(
          `${this.notation}: ${stage.name} would leave empty maps, since only ${stage.height}×${stage.width} `
          + "pixels come to it: take fewer or smaller kernels and pools",
        );
      }
      return stage;
    }

    checkSize() {
      const { notation, stages, parameters, values } = this;
      if (stages.length > MOST_STAGES) {
        throw new Error(
          `${notation} has ${stages.length} layers with weights: give ${MOST_STAGES} at most, the last one counted`,
        );
      }
      if (parameters > MOST_PARAMETERS) {
        throw new Error(
          `${notation} has ${inThousands(parameters)} parameters: give ${inThousands(MOST_PARAMETERS)} at most`,
        );
      }
      if (values > MOST_VALUES) {
        throw new Error(
          `${notation} computes ${inThousands(values)} values an image: give ${inThousands(MOST_VALUES)} at most`,
        );
      }
    }

    /** Names and shapes of the parameters, in PyTorch's order, which is the kernel's. */
    get parameterShapes() {
      /** @type {Record<string, number[]>} */
      const shapes = {};
      for (const stage of this.stages) {
        shapes[`${stage.name}.weight`] = stage.weightShape;
        shapes[`${stage.name}.bias`] = [stage.outputs];
      }
      return shapes;
    }

    /** How many numbers are trained. */
    get parameters() {
      return Object.values(this.parameterShapes).reduce((sum, shape) => sum + product(shape), 0);
    }

    /** How often it multiplies for an image: each weight of a convolution at every place of its map. */
    get multiplyAdds() {
      let count = 0;
      for (const stage of this.stages) {
        const places = stage.isConvolution ? product(stage.convolved) / stage.outputs : 1;
        count += places * product(stage.weightShape);
      }
      return count;
    }

    /** How many numbers an image is. */
    get pixels() {
      return product(this.imageShape);
    }

    /**
     * The modules of the network in PyTorch, from the image to the logits. A maximum is taken of what
     * the activation gives, an average before it.
     */
    get layers() {
      /** @type {Layer[]} */
      const layers = [];
      const firstDense = this.stages.findIndex((stage) => !stage.isConvolution);
      this.stages.forEach((stage, place) => {
        if (place === firstDense) {
          layers.push({ name: "flatten", kind: "flatten", shape: [stage.channels], stage });
        }
        layers.push(...lenet5.layersOf(stage, 1 + place));
      });
      return layers;
    }

    /** How many numbers all these layers compute of an image. */
    get values() {
      return this.layers.reduce((sum, { shape }) => sum + product(shape), 0);
    }
  }

  return Network;
})();

/** What a run or a file has that says nothing of it: they are older than the notation. See lenet5/config.py. */
lenet5.EARLIER = {
  network: "6C5-MP2-16C5-MP2-120N-84N",
  activation: "relu",
  optimizer: "adam",
  schedule: "constant",
};
