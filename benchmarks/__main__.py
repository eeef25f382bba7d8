"""How long an epoch takes here and elsewhere: ``python -m benchmarks [PAIRS]``.

Every contender of ``peers.py`` trains LeNet-5 by the report's recipe in a process of its
own and then measures both splits. They take turns, one epoch each, so that a slow moment
of the machine hits all; the ratios are medians over the rounds.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from statistics import median

import torch
from torch.utils.benchmark import Timer

from exact import cores
from exact.compiler import cpuinfo

# What each is called in the table: its function in peers.py, with the backend of Keras or
# another package that it needs.
CONTENDERS = {
    "this project": ("ours",),
    "ToTensor + DataLoader": ("conventional",),
    "Keras 3, JAX": ("keras", "jax"),
    "Keras 3, PyTorch": ("keras", "torch"),
    "Keras 3, TensorFlow": ("keras", "tensorflow"),
    "JAX + optax, jitted": ("jax", "optax"),
}
OWN = ("ours", "conventional")
TRAINING = 758_520 * 60_000  # multiply-adds an epoch: of an image, by the images
EVALUATION = 281_640 * 70_000
PAIRS = 5


def start(function: str, backend: str = "") -> subprocess.Popen:
    """A process that has trained an epoch, and trains one more when asked."""
    settings = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": backend}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.peers", function],
        env=os.environ | settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    hear(process)  # that it is ready
    return process


def hear(process: subprocess.Popen) -> str:
    """The next line of a contender; where there is none, it says itself why."""
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{process.args[-1]} has ended: its last words stand above")
    return line


def epoch(process: subprocess.Popen) -> dict[str, float]:
    """What an epoch has taken: see :mod:`benchmarks.peers`."""
    process.stdin.write("epoch\n")
    process.stdin.flush()
    return json.loads(hear(process))


def peak_multiply_adds() -> float:
    """The best rate of a float32 matrix product here, in multiply-adds a second."""
    side = 2048
    factors = {"a": torch.rand(side, side), "b": torch.rand(side, side)}
    timer = Timer("a @ b", globals=factors, num_threads=cores())
    seconds = [timer.timeit(3).mean for _ in range(5)]
    return side**3 / min(seconds)


def is_installed(needs: tuple[str, ...]) -> bool:
    """Whether a contender has all that it needs here."""
    function = needs[0]
    if function in OWN:
        return True
    return all(find_spec(package) for package in needs)


def main() -> None:
    """Time all contenders that are installed, and print the table."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    processes = {}
    for name, needs in CONTENDERS.items():
        if is_installed(needs):
            print(f"starting {name}", file=sys.stderr, flush=True)
            processes[name] = start(*needs)
    rounds = {name: [] for name in processes}
    for number in range(pairs):
        for name, process in processes.items():
            rounds[name].append(epoch(process))
        print(f"round {number + 1} of {pairs}", file=sys.stderr, flush=True)
    for process in processes.values():
        process.communicate()
    print_table(rounds)


def print_table(rounds: dict[str, list[dict]]) -> None:
    """Print a row for each contender, and how near the arithmetic's limit ours comes."""
    ours = rounds["this project"]
    capability = torch.backends.cpu.get_cpu_capability()
    print(
        f"{cpuinfo('model name')}, {cores()} cores, {capability}; "
        f"torch {torch.__version__}; medians of {len(ours)} rounds.\n\n"
        "| | epoch and evaluation, s | times ours (range) | CPU, s | peak memory, MiB |\n"
        "| :--- | ---: | ---: | ---: | ---: |"
    )
    for name, theirs in rounds.items():
        print_row(name, theirs, ours)
    rate = peak_multiply_adds()
    limit = (TRAINING + EVALUATION) / rate
    times = middle(ours, "seconds") / limit
    print(
        f"\nA float32 matrix product reaches {rate / 1e9:.0f} thousand million multiply-adds a "
        f"second here. At that rate the arithmetic of an epoch and its evaluation takes "
        f"{limit:.2f} s; ours takes {times:.1f} times that."
    )


def print_row(name: str, theirs: list[dict], ours: list[dict]) -> None:
    """Print the row of a contender, beside what ours took in the same rounds."""
    ratios = []
    for their, our in zip(theirs, ours, strict=True):
        ratios.append(their["seconds"] / our["seconds"])
    print(
        f"| {name} | {middle(theirs, 'seconds'):.2f} | {median(ratios):.2f} "
        f"({min(ratios):.2f}–{max(ratios):.2f}) | {middle(theirs, 'cpu_seconds'):.2f} "
        f"| {middle(theirs, 'peak_mib'):.0f} |"
    )


def middle(rounds: list[dict], measure: str) -> float:
    """The median of a measure over the rounds."""
    return median(measured[measure] for measured in rounds)


if __name__ == "__main__":
    main()
