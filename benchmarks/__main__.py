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

from lenet5 import cores
from lenet5.compiler import cpuinfo

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
TRAINING, EVALUATION = 758_520 * 60_000, 281_640 * 70_000  # multiply-adds an epoch


def start(function: str, backend: str = "") -> subprocess.Popen:
    """A process that has trained an epoch, and trains one more when asked."""
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE) | {"encoding": "utf-8"}
    command = [sys.executable, "-m", "benchmarks.peers", function]
    settings = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": backend}
    process = subprocess.Popen(command, env=os.environ | settings, **pipes)
    hear(process)
    return process


def hear(process: subprocess.Popen) -> str:
    """The next line of a contender; where there is none, it says itself why."""
    if line := process.stdout.readline():
        return line
    raise SystemExit(f"{process.args[-1]} has ended: its last words stand above")


def epoch(process: subprocess.Popen) -> dict[str, float]:
    """What an epoch has taken."""
    process.stdin.write("epoch\n")
    process.stdin.flush()
    return json.loads(hear(process))


def peak_multiply_adds() -> float:
    """The best rate of a float32 matrix product here, in multiply-adds a second."""
    names = {"a": torch.rand(2048, 2048), "b": torch.rand(2048, 2048)}
    timer = Timer("a @ b", globals=names, num_threads=cores())
    return 2048**3 / min(timer.timeit(3).mean for _ in range(5))


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    processes = {}
    for name, needs in CONTENDERS.items():
        if needs[0] in OWN or all(map(find_spec, needs)):
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
    ours, rate = rounds["this project"], peak_multiply_adds()
    capability = torch.backends.cpu.get_cpu_capability()
    print(
        f"{cpuinfo('model name')}, {cores()} cores, {capability}; "
        f"torch {torch.__version__}; medians of {len(ours)} rounds.\n\n"
        "| | epoch and evaluation, s | times ours (range) | CPU, s | peak memory, MiB |\n"
        "| :--- | ---: | ---: | ---: | ---: |"
    )
    for name, theirs in rounds.items():
        seconds, cpu, peak = (
            median(each[key] for each in theirs)
            for key in ("seconds", "cpu_seconds", "peak_mib")
        )
        both = zip(theirs, ours, strict=True)
        ratios = [their["seconds"] / our["seconds"] for their, our in both]
        print(
            f"| {name} | {seconds:.2f} | {median(ratios):.2f} "
            f"({min(ratios):.2f}–{max(ratios):.2f}) | {cpu:.2f} | {peak:.0f} |"
        )
    limit = (TRAINING + EVALUATION) / rate
    print(
        f"\nA float32 matrix product reaches {rate / 1e9:.0f} thousand million multiply-adds a "
        f"second here. At that rate the arithmetic of an epoch and its evaluation takes "
        f"{limit:.2f} s; ours takes {median(x['seconds'] for x in ours) / limit:.1f} times that."
    )


if __name__ == "__main__":
    main()
