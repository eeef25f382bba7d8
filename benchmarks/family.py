"""Networks of the family, here and in PyTorch: ``python -m benchmarks.family [ROUNDS]``.

Each contender is a process of its own, which trains an epoch and then measures both splits
each time it is asked. They take turns, so that a slow moment of the machine hits all; a
round's ratio is that of PyTorch's best way by ours. PyTorch's ways are eager with each
number of threads from one to the cores here, and compiled, where it can compile.

As a program with arguments ``contender NETWORK ACTIVATION WAY THREADS`` it is one of them.
"""

import subprocess
import sys
import time
from statistics import median

import numpy as np

from exact import cores
from exact.network import Network
from lenet5.data import load
from lenet5.parameters import initial_weights

NETWORKS = (
    ("6C5-MP2-16C5-MP2-120N-84N", "relu"),
    ("12C5-MP2-32C5-MP2-240N-168N", "relu"),
    ("20C4-MP2-40C5-MP3-150N", "tanh"),
    ("8C3-16C3-MP2-32C3-MP2-64N", "relu"),
    ("6C5-AP2-16C5-AP2-120N-84N", "tanh"),
    ("800N", "relu"),
)
BATCH = 128
LR = 3e-4
IMAGES = 6_400  # of the training images: a tenth of an epoch suffices for a ratio
ROUNDS = 5
REST = 0.5  # seconds: threads that have just computed wait for more work, and spin


def ours(network: Network, threads: int):
    """What trains the images in a given order and measures both splits, by this project."""
    from exact.engine import ExactEngine

    train, test = splits()
    engine = ExactEngine(network, initial_weights(0, network), threads=threads)

    def epoch(order):
        engine.steps(train, order, BATCH, LR)
        engine.measure(train)
        engine.measure(test)

    return epoch


def torchs(network: Network, threads: int, is_compiled: bool):
    """The same in PyTorch, with the images in memory and no loader between."""
    import torch
    from torch.nn.functional import cross_entropy

    from lenet5.model import sequential, take_weights

    torch.set_num_threads(threads)
    model = sequential(network)
    take_weights(model, initial_weights(0, network))
    optimizer = torch.optim.Adam(model.parameters(), lr=LR, fused=True)
    run = torch.compile(model) if is_compiled else model
    tensors = []
    for split in splits():
        images = torch.tensor(split.images).float() / 255
        tensors.append((images, torch.tensor(split.labels).long()))

    def epoch(order):
        images, labels = tensors[0]
        for start in range(0, len(order), BATCH):
            rows = torch.tensor(order[start : start + BATCH])
            loss = cross_entropy(run(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.inference_mode():
            for images, labels in tensors:
                for start in range(0, len(labels), 1000):
                    part = slice(start, start + 1000)
                    logits = model(images[part])
                    cross_entropy(logits, labels[part]).item()

    return epoch


def splits():
    """The images of the benchmark: some of training, and of test in proportion."""
    train, test = load()
    measured = len(test.labels) * IMAGES // len(train.labels)
    return (
        train._replace(images=train.images[:IMAGES], labels=train.labels[:IMAGES]),
        test._replace(images=test.images[:measured], labels=test.labels[:measured]),
    )


def contend(notation: str, activation: str, way: str, threads: str) -> None:
    """Do an epoch for each line on standard input, and answer with its seconds."""
    network = Network(notation, activation)
    if way == "ours":
        epoch = ours(network, int(threads))
    else:
        epoch = torchs(network, int(threads), way == "compiled")
    order = np.random.default_rng(0).permutation(IMAGES)
    epoch(order)  # what is done once is done now
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        epoch(order)
        print(time.perf_counter() - started, flush=True)


def start(*arguments: str) -> subprocess.Popen | None:
    """A contender that is ready, or None if it cannot be had here."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.family", "contender", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    if process.stdout.readline() == "ready\n":
        return process
    process.wait()
    return None


def ask(process: subprocess.Popen) -> float:
    """The seconds of one epoch."""
    process.stdin.write("epoch\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def compare(notation: str, activation: str, rounds: int) -> None:
    """Print a row of the table."""
    ways = {"ours": start(notation, activation, "ours", str(cores()))}
    for threads in range(1, cores() + 1):
        name = f"eager, {threads}"
        ways[name] = start(notation, activation, "eager", str(threads))
    ways["compiled"] = start(notation, activation, "compiled", str(cores()))
    ways = {name: process for name, process in ways.items() if process}
    seconds = {name: [] for name in ways}
    for _ in range(rounds):
        for name, process in ways.items():
            time.sleep(REST)
            seconds[name].append(ask(process))
    for process in ways.values():
        process.stdin.close()
        process.wait()
    middle = {name: median(times) for name, times in seconds.items()}
    others = {name: value for name, value in middle.items() if name != "ours"}
    best = min(others, key=others.get)
    pairs = zip(seconds[best], seconds["ours"], strict=True)
    ratios = sorted(theirs / own for theirs, own in pairs)
    own = middle["ours"]
    span = f"{ratios[0]:.2f}–{ratios[-1]:.2f}"
    print(
        f"| {notation} | {activation} | {own:.2f} | {middle[best]:.2f} | {best} "
        f"| {median(ratios):.2f} ({span}) |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["contender"]:
        contend(*sys.argv[2:])
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    print(
        "| network | activation | ours, s | PyTorch, s | its best way | times (range) |"
    )
    print("| :--- | :--- | ---: | ---: | :--- | ---: |")
    for notation, activation in NETWORKS:
        compare(notation, activation, rounds)


if __name__ == "__main__":
    main()
