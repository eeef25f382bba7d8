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
    from exact.engine import ExactEngine
    from exact.network import Network
    from lenet5.config import REPORT, report_config
    from lenet5.parameters import initial_weights
    from lenet5.train import train

    train_split, test_split = load()
    network = Network(REPORT)
    engine = ExactEngine(network, initial_weights(0, network))
    history = []

    def epoch():
        nonlocal history
        # The first call also measures before the epoch, which is not timed.
        config = report_config(epochs=max(1, len(history)))
        history = train(config, train_split, test_split, engine, history)
        return history[-1].test_error

    return epoch


def conventional() -> Callable[[], float]:
    """The loop that most tutorials show: ToTensor and DataLoader over PIL images."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.data import DataLoader

    from benchmarks.torchvision_cpu import MNIST, ToTensor
    from lenet5.model import lenet5

    torch.manual_seed(0)
    with TemporaryDirectory() as folder:
        shutil.copytree(DATA / "MNIST" / "raw", Path(folder, "MNIST", "raw"))
        # Nothing is downloaded, since the files are there; it unpacks them.
        train = MNIST(folder, train=True, transform=ToTensor(), download=True)
        test = MNIST(folder, train=False, transform=ToTensor(), download=True)
    batches = DataLoader(train, batch_size=128, shuffle=True)
    train_loader = DataLoader(train, batch_size=1000)
    test_loader = DataLoader(test, batch_size=1000)
    model = lenet5()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)

    @torch.no_grad()
    def measure(loader):
        loss = 0.0
        wrong = 0
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
        measure(train_loader)
        return measure(test_loader)

    return epoch


def keras() -> Callable[[], float]:
    """Keras 3 on arrays in memory: compile, fit, evaluate. The backend is KERAS_BACKEND."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    train, test = load()
    train_images, train_labels = _channels_last(train)
    test_images, test_labels = _channels_last(test)
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

    def measure(images, labels):
        _, accuracy = model.evaluate(images, labels, batch_size=1000, verbose=0)
        return 100 * (1 - accuracy)

    def epoch():
        model.fit(train_images, train_labels, batch_size=128, epochs=1, verbose=0)
        measure(train_images, train_labels)
        return measure(test_images, test_labels)

    return epoch


def jax() -> Callable[[], float]:
    """JAX with optax: one jitted step, arrays in memory."""
    import jax
    import optax
    from jax import lax

    train, test = load()
    train_split = _channels_last(train)
    test_split = _channels_last(test)
    shuffle = np.random.default_rng(0)
    parameters = _jax_parameters()
    adam = optax.adam(3e-4)
    moments = adam.init(parameters)

    def convolution(images, weight, bias):
        sums = lax.conv_general_dilated(
            images,
            weight,
            window_strides=(1, 1),
            padding="VALID",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        return lax.reduce_window(
            jax.nn.relu(sums + bias),
            -np.inf,
            lax.max,
            window_dimensions=(1, 2, 2, 1),
            window_strides=(1, 2, 2, 1),
            padding="VALID",
        )

    def forward(parameters, images):
        conv1, conv2, dense1, dense2, dense3 = parameters
        maps = convolution(images, *conv1)
        maps = convolution(maps, *conv2)
        values = maps.reshape(len(maps), -1)
        for weight, bias in (dense1, dense2):
            values = jax.nn.relu(values @ weight + bias)
        weight, bias = dense3
        return values @ weight + bias

    def loss(parameters, images, labels):
        logits = forward(parameters, images)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses.mean(), (logits.argmax(1) != labels).sum()

    @jax.jit
    def step(parameters, moments, images, labels):
        slopes, _ = jax.grad(loss, has_aux=True)(parameters, images, labels)
        updates, moments = adam.update(slopes, moments)
        return optax.apply_updates(parameters, updates), moments

    measure_part = jax.jit(loss)

    def measure(images, labels):
        counts = []  # read when all are asked for: JAX goes on while it computes
        for start in range(0, len(labels), 1000):
            part = slice(start, start + 1000)
            _, count = measure_part(parameters, images[part], labels[part])
            counts.append(count)
        return 100 * sum(int(count) for count in counts) / len(labels)

    def epoch():
        nonlocal parameters, moments
        images, labels = train_split
        order = shuffle.permutation(len(labels))
        for start in range(0, len(order), 128):
            rows = order[start : start + 128]
            parameters, moments = step(parameters, moments, images[rows], labels[rows])
        measure(*train_split)
        return measure(*test_split)

    return epoch


def _jax_parameters() -> list[tuple]:
    """Weights, Glorot uniform, and biases, zero, of each layer."""
    import jax

    shapes = ((5, 5, 1, 6), (5, 5, 6, 16), (256, 120), (120, 84), (84, 10))
    draw = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(jax.random.key(0), len(shapes))
    parameters = []
    for key, shape in zip(keys, shapes, strict=True):
        parameters.append((draw(key, shape), jax.numpy.zeros(shape[-1])))
    return parameters


def _channels_last(split) -> tuple[np.ndarray, np.ndarray]:
    """Images in [0, 1], float32 of shape (N, 28, 28, 1), and labels."""
    images = np.moveaxis(split.images, 1, -1).astype(np.float32) / 255
    return images, split.labels


def peak_mib() -> float:
    """Peak memory of this program; what getrusage tells includes the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def main() -> None:
    """Train an epoch whenever a line comes, and tell what it cost."""
    epoch = globals()[sys.argv[1]]()
    epoch()  # compilers compile now
    print("ready", flush=True)
    for _ in sys.stdin:
        wall = time.perf_counter()
        cpu = time.process_time()
        error = epoch()
        answer = {
            "seconds": time.perf_counter() - wall,
            "error": error,
            "cpu_seconds": time.process_time() - cpu,
            "peak_mib": peak_mib(),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
