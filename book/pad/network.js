// The network: its weights from a safetensors file, and its forward pass.
(() => {
  "use strict";
  const pad = (window.lenet5 ??= {});
  const weights = read(window.appData["model.safetensors"]);

  // The format: the header's length in 8 bytes, the header in JSON, then the tensors.
  function read(base64) {
    const { buffer } = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const length = Number(new DataView(buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    delete header.__metadata__;
    const values = ([name, { data_offsets: [start, end] }]) => {
      const view = new DataView(buffer, 8 + length + start, end - start);
      return [name.replace("layers.", ""), Float32Array.from({ length: (end - start) / 4 }, (_, i) => view.getFloat32(4 * i, true))];
    };
    return Object.fromEntries(Object.entries(header).map(values));
  }

  // Channels of side × side values in; out.length / (side - kernel + 1)² channels out.
  function convolve(input, side, weight, bias) {
    const channels = input.length / side ** 2;
    const kernel = Math.sqrt(weight.length / bias.length / channels);
    const size = side - kernel + 1;
    const output = new Float32Array(bias.length * size ** 2);
    let at = 0;
    for (let map = 0; map < bias.length; map++) {
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          let sum = bias[map];
          let w = map * channels * kernel ** 2;
          for (let channel = 0; channel < channels; channel++) {
            for (let i = 0; i < kernel; i++) {
              const row = (channel * side + y + i) * side + x;
              for (let j = 0; j < kernel; j++) sum += weight[w++] * input[row + j];
            }
          }
          output[at++] = sum;
        }
      }
    }
    return output;
  }

  // The largest of each 2×2 block, then ReLU. The side is even, so rows run on over the channels.
  function poolAndRelu(input, side) {
    const half = side / 2;
    return Float32Array.from({ length: input.length / 4 }, (_, i) => {
      const corner = 2 * Math.floor(i / half) * side + 2 * (i % half);
      return Math.max(0, input[corner], input[corner + 1], input[corner + side], input[corner + side + 1]);
    });
  }

  function dense(input, weight, bias) {
    return Float32Array.from(bias, (start, unit) => {
      let sum = start;
      for (let i = 0, w = unit * input.length; i < input.length; i++, w++) sum += weight[w] * input[i];
      return sum;
    });
  }

  const relu = (input) => input.map((value) => Math.max(0, value));

  // 784 values in [0, 1], row by row, 1 is ink; ten logits.
  pad.logits = (pixels) => {
    const layer = (name) => [weights[`${name}.weight`], weights[`${name}.bias`]];
    let x = poolAndRelu(convolve(pixels, 28, ...layer("conv1")), 24);
    x = poolAndRelu(convolve(x, 12, ...layer("conv2")), 8);
    x = relu(dense(x, ...layer("dense1")));
    x = relu(dense(x, ...layer("dense2")));
    return dense(x, ...layer("dense3"));
  };

  pad.softmax = (logits) => {
    const top = Math.max(...logits);
    const powers = Array.from(logits, (logit) => Math.exp(logit - top));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  };
})();
