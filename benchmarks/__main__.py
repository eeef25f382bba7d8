"""How long an epoch takes here and elsewhere: ``python -m benchmarks [PAIRS]``.

Every contender trains LeNet-5 by the report's recipe in a process of its own and then
measures both splits. They take turns, one epoch each, so that a slow moment of the
machine hits all; the ratios are medians over the rounds.
"""

import json
import os
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.utils.benchmark

from benchmarks.torchvision_cpu import MNIST
from lenet5.data import ROOT as DATA
from lenet5.run import cpu_model

HERE = Path(__file__).parent
# name, script, packages it needs besides this project's, environment
CONTENDERS = [
    ("this project", "ours.py", [], {}),
    ("ToTensor + DataLoader", "conventional.py", [], {}),
    ("Lightning", "lightning_fit.py", ["lightning"], {}),
    ("Keras 3, JAX", "keras_fit.py", ["keras", "jax"], {"KERAS_BACKEND": "jax"}),
    ("Keras 3, PyTorch", "keras_fit.py", ["keras"], {"KERAS_BACKEND": "torch"}),
    (
        "Keras 3, TensorFlow",
        "keras_fit.py",
        ["keras", "tensorflow"],
        {"KERAS_BACKEND": "tensorflow"},
    ),
    ("JAX + optax, jitted", "jax_jit.py", ["jax", "optax"], {}),
]
TRAINING, EVALUATION = 758_520 * 60_000, 281_640 * 70_000  # multiply-adds an epoch


class Contender:
    """A process that trains one epoch when asked."""

    def __init__(self, name: str, script: str, environment: dict, data: str):
        self.name, self.rounds = name, []
        self.process = subprocess.Popen(
            [sys.executable, HERE / script, data],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ
            | {"OMP_NUM_THREADS": "2", "TF_CPP_MIN_LOG_LEVEL": "3"}
            | environment,
        )
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(
                f"{name} did not start:\n{self.process.communicate()[1][-2000:]}"
            )

    def run(self) -> None:
        self.process.stdin.write("epoch\n")
        self.process.stdin.flush()
        self.rounds.append(json.loads(self.process.stdout.readline()))

    def median(self, key: str) -> float:
        return statistics.median(round[key] for round in self.rounds)


def peak_multiply_adds() -> float:
    """The best rate of a float32 matrix product here, in multiply-adds a second."""
    a, b = torch.rand(2048, 2048), torch.rand(2048, 2048)
    timer = torch.utils.benchmark.Timer(
        "a @ b", globals={"a": a, "b": b}, num_threads=2
    )
    return 2048**3 / min(timer.timeit(3).mean for _ in range(5))


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with TemporaryDirectory(prefix="lenet5-bench-") as scratch:
        raw = Path(scratch) / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for path in (DATA / "MNIST" / "raw").glob("*.gz"):
            (raw / path.name).write_bytes(path.read_bytes())
        MNIST(scratch, download=True)  # unpacks
        contenders = []
        for name, script, packages, environment in CONTENDERS:
            if all(find_spec(package) for package in packages):
                print(f"starting {name}", file=sys.stderr, flush=True)
                contenders.append(Contender(name, script, environment, scratch))
        for number in range(pairs):
            for contender in contenders:
                contender.run()
            print(f"round {number + 1} of {pairs}", file=sys.stderr, flush=True)
        for contender in contenders:
            contender.process.communicate()
    print_table(contenders, pairs)


def print_table(contenders: list[Contender], pairs: int) -> None:
    ours, rate = contenders[0], peak_multiply_adds()
    limit = (TRAINING + EVALUATION) / rate
    capability = torch.backends.cpu.get_cpu_capability()
    print(
        f"{cpu_model()}, {os.cpu_count()} cores, {capability}; torch {torch.__version__}; "
        f"two threads; medians of {pairs} rounds.\n"
    )
    print(
        "| | epoch and evaluation, s | times ours (range) | CPU, s | peak memory, MiB |"
    )
    print("| :--- | ---: | ---: | ---: | ---: |")
    for contender in contenders:
        both = zip(contender.rounds, ours.rounds, strict=True)
        ratios = [theirs["seconds"] / mine["seconds"] for theirs, mine in both]
        print(
            f"| {contender.name} | {contender.median('seconds'):.2f} "
            f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}) "
            f"| {contender.median('cpu_seconds'):.2f} | {contender.median('peak_mib'):.0f} |"
        )
    print(
        f"\nA float32 matrix product reaches {rate / 1e9:.0f} thousand million multiply-adds a "
        f"second here. At that rate the arithmetic of an epoch and its evaluation takes "
        f"{limit:.2f} s; ours takes {ours.median('seconds') / limit:.1f} times that."
    )


if __name__ == "__main__":
    main()
