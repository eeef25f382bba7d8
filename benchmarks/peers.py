"""LeNet-5 by the report's recipe, here and in what else one would use.

Each function imports its library, prepares as that library's guides do, and returns what
trains an epoch, measures both splits and gives the test error (%). As a program,
``python -m benchmarks.peers NAME``, it trains an epoch for each line on standard input
and answers with its cost as a line of JSON.
"""

import json
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lenet5 import DATA
from lenet5.data import load


def ours() -> Callable[[], float]:
    """This project's loop."""
    from lenet5 import Config
    from lenet5.draws import initial_weights
    from lenet5.exact import ExactEngine
    from lenet5.train import train

    engine, history = ExactEngine(initial_weights(0)), []

    def epoch():
        config = Config(epochs=max(1, len(history)))
        history[:] = train(config, *load(), engine, history)
        return history[-1].test_error

    return epoch


def conventional() -> Callable[[], float]:
    """The loop that most tutorials show: ToTensor and DataLoader over PIL images."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.data import DataLoader

    from benchmarks.torchvision_cpu import MNIST, ToTensor
    from lenet5.model import LeNet5

    torch.manual_seed(0)
    with TemporaryDirectory() as folder:
        shutil.copytree(DATA / "MNIST" / "raw", Path(folder, "MNIST", "raw"))
        options = {"transform": ToTensor(), "download": True}  # which unpacks
        splits = [MNIST(folder, train=part, **options) for part in (True, False)]
    batches = DataLoader(splits[0], batch_size=128, shuffle=True)
    loaders = [DataLoader(split, batch_size=1000) for split in splits]
    model = LeNet5()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)

    @torch.no_grad()
    def measure(loader):
        loss, wrong = 0.0, 0
        for images, labels in loader:
            outputs = model(images)
            loss += cross_entropy(outputs, labels, reduction="sum").item()
            wrong += (outputs.argmax(1) != labels).sum().item()
        return 100 * wrong / len(loader.dataset)

    def epoch():
        for images, labels in batches:
            optimizer.zero_grad()
            cross_entropy(model(images), labels).backward()
            optimizer.step()
        return [measure(loader) for loader in loaders][1]

    return epoch


def keras() -> Callable[[], float]:
    """Keras 3 on arrays in memory: compile, fit, evaluate. The backend is KERAS_BACKEND."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    splits = [_channels_last(split) for split in load()]
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-4), loss, metrics=["accuracy"])

    def epoch():
        model.fit(*splits[0], batch_size=128, epochs=1, verbose=0)
        options = {"batch_size": 1000, "verbose": 0}
        return [100 * (1 - model.evaluate(*x, **options)[1]) for x in splits][1]

    return epoch


def jax() -> Callable[[], float]:
    """JAX with optax: one jitted step, arrays in memory."""
    import jax
    import optax
    from jax import lax

    splits = [_channels_last(split) for split in load()]
    shapes = ((5, 5, 1, 6), (5, 5, 6, 16), (256, 120), (120, 84), (84, 10))
    draw, zeros = jax.nn.initializers.glorot_uniform(), jax.numpy.zeros
    keys = jax.random.split(jax.random.key(0), len(shapes))
    p = [(draw(k, x), zeros(x[-1])) for k, x in zip(keys, shapes, strict=True)]
    adam, window = optax.adam(3e-4), ((1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    moments, shuffle = adam.init(p), np.random.default_rng(0)
    layout = {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}

    def forward(p, x):
        for weight, bias in p[:2]:
            x = lax.conv_general_dilated(x, weight, (1, 1), "VALID", **layout)
            x = lax.reduce_window(jax.nn.relu(x + bias), -np.inf, lax.max, *window)
        x = x.reshape(len(x), -1)
        for weight, bias in p[2:4]:
            x = jax.nn.relu(x @ weight + bias)
        return x @ p[4][0] + p[4][1]

    def loss(p, images, labels):
        logits = forward(p, images)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses.mean(), (logits.argmax(1) != labels).sum()

    @jax.jit
    def step(p, moments, images, labels):
        slopes, _ = jax.grad(loss, has_aux=True)(p, images, labels)
        updates, moments = adam.update(slopes, moments)
        return optax.apply_updates(p, updates), moments

    measure = jax.jit(loss)

    def epoch():
        nonlocal p, moments
        images, labels = splits[0]
        order = shuffle.permutation(len(labels))
        for rows in np.split(order, range(128, len(order), 128)):
            p, moments = step(p, moments, images[rows], labels[rows])
        for images, labels in splits:
            parts = [slice(i, i + 1000) for i in range(0, len(labels), 1000)]
            measured = [measure(p, images[x], labels[x]) for x in parts]
            wrong = sum(int(count) for _, count in measured)
        return 100 * wrong / len(labels)

    return epoch


def _channels_last(split) -> tuple[np.ndarray, np.ndarray]:
    return np.moveaxis(split.images, 1, -1).astype(np.float32) / 255, split.labels


def peak_mib() -> float:
    """Peak memory of this program; what getrusage tells includes the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


if __name__ == "__main__":
    epoch = globals()[sys.argv[1]]()
    epoch()  # compilers compile now
    print("ready", flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        error = epoch()
        answer = {"seconds": time.perf_counter() - wall, "error": error}
        answer |= {"cpu_seconds": time.process_time() - cpu, "peak_mib": peak_mib()}
        print(json.dumps(answer), flush=True)
