// The report's recipe in TensorFlow.js and in ConvNetJS: seconds for some images, trained and read.
/* global tf, convnetjs */
const BATCH = 128, RATE = 3e-4;

// pixels: 784 floats an image; labels: 0 to 9.
async function tensorFlow(pixels, labels) {
  await tf.setBackend("cpu");
  const conv = (filters, more) => tf.layers.conv2d({ filters, kernelSize: 5, activation: "relu", ...more });
  const pool = () => tf.layers.maxPooling2d({ poolSize: 2 });
  const dense = (units, activation) => tf.layers.dense({ units, activation });
  const model = tf.sequential({ layers: [
    conv(6, { inputShape: [28, 28, 1] }), pool(), conv(16), pool(), tf.layers.flatten(),
    dense(120, "relu"), dense(84, "relu"), dense(10, "softmax"),
  ] });
  model.compile({ optimizer: tf.train.adam(RATE), loss: "categoricalCrossentropy" });
  const images = tf.tensor4d(pixels, [labels.length, 28, 28, 1]);
  const wanted = tf.oneHot(tf.tensor1d(labels, "int32"), 10);
  const step = (at) => model.trainOnBatch(images.slice(at, BATCH), wanted.slice(at, BATCH));
  await step(0); // a first step prepares what the others use
  return timed(labels.length, step, async () => model.predict(images, { batchSize: 500 }).data());
}

async function convNet(pixels, labels) {
  const net = new convnetjs.Net();
  net.makeLayers([
    { type: "input", out_sx: 28, out_sy: 28, out_depth: 1 },
    { type: "conv", sx: 5, filters: 6, stride: 1, pad: 0, activation: "relu" }, { type: "pool", sx: 2, stride: 2 },
    { type: "conv", sx: 5, filters: 16, stride: 1, pad: 0, activation: "relu" }, { type: "pool", sx: 2, stride: 2 },
    { type: "fc", num_neurons: 120, activation: "relu" }, { type: "fc", num_neurons: 84, activation: "relu" },
    { type: "softmax", num_classes: 10 },
  ]);
  const adam = { method: "adam", learning_rate: RATE, beta1: 0.9, beta2: 0.999, batch_size: BATCH, l2_decay: 0 };
  const trainer = new convnetjs.Trainer(net, adam);
  const images = Array.from(labels, (_, n) => {
    const volume = new convnetjs.Vol(28, 28, 1, 0);
    volume.w.set(pixels.subarray(784 * n, 784 * n + 784));
    return volume;
  });
  const step = async (at) => {
    for (let n = at; n < at + BATCH; n++) trainer.train(images[n], labels[n]);
  };
  await step(0);
  return timed(labels.length, step, async () => images.forEach((image) => net.forward(image)));
}

async function timed(count, step, read) {
  const start = performance.now();
  for (let at = 0; at + BATCH <= count; at += BATCH) await step(at);
  const middle = performance.now();
  await read();
  return [(middle - start) / 1e3, (performance.now() - middle) / 1e3];
}
