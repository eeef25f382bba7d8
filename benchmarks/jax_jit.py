"""JAX with optax: one jitted step, arrays in memory."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from peers import report
from torchvision_cpu import MNIST


def initial(key):
    shapes = {
        "conv1": (5, 5, 1, 6),
        "conv2": (5, 5, 6, 16),
        "dense1": (256, 120),
        "dense2": (120, 84),
        "dense3": (84, 10),
    }
    draw = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(key, len(shapes))
    return {
        name: (draw(k, shape), jnp.zeros(shape[-1]))
        for k, (name, shape) in zip(keys, shapes.items(), strict=True)
    }


def convolve(x, weight, bias):
    x = lax.conv_general_dilated(
        x, weight, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    x = jax.nn.relu(x + bias)
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def forward(p, x):
    x = convolve(convolve(x, *p["conv1"]), *p["conv2"])
    x = x.reshape(len(x), -1)
    for name in ("dense1", "dense2"):
        x = jax.nn.relu(x @ p[name][0] + p[name][1])
    return x @ p["dense3"][0] + p["dense3"][1]


def loss(p, images, labels):
    entropy = optax.softmax_cross_entropy_with_integer_labels(
        forward(p, images), labels
    )
    return entropy.mean()


def main(root: str) -> None:
    splits = []
    for part in (True, False):
        data = MNIST(root, train=part)
        images = data.data.numpy()[..., None].astype(np.float32) / 255
        splits.append((images, data.targets.numpy()))
    p = initial(jax.random.key(0))
    adam = optax.adam(3e-4)
    moments = adam.init(p)

    @jax.jit
    def step(p, moments, images, labels):
        updates, moments = adam.update(jax.grad(loss)(p, images, labels), moments)
        return optax.apply_updates(p, updates), moments

    @jax.jit
    def measure(p, images, labels):
        wrong = (forward(p, images).argmax(1) != labels).sum()
        return loss(p, images, labels) * len(labels), wrong

    shuffle = np.random.default_rng(0)

    def epoch():
        nonlocal p, moments
        images, labels = splits[0]
        order = shuffle.permutation(len(labels))
        for rows in np.split(order, range(128, len(order), 128)):
            p, moments = step(p, moments, images[rows], labels[rows])
        for images, labels in splits:
            parts = range(0, len(labels), 1000)
            sums = [
                measure(p, images[i : i + 1000], labels[i : i + 1000]) for i in parts
            ]
            wrong = sum(int(count) for _, count in sums)
        return 100 * wrong / len(labels)

    report(epoch)


if __name__ == "__main__":
    main(sys.argv[1])
