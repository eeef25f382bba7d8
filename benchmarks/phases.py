"""Where the exact engine's time goes, and what strictness costs: ``python -m benchmarks.phases``.

Microseconds an image on one thread, by phase, of the report's network; and the same built
with fused multiply-add, which rounds otherwise and which the engine refuses.
"""

import statistics
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from exact.compiler import FLAGS, compile_source, definitions
from exact.engine import macros
from exact.network import Network
from lenet5.config import REPORT

SOURCE = Path(__file__).with_suffix(".c")
ROUNDS = 5  # odd, so that a median is one of them


def times(program: Path) -> dict[str, float]:
    """Microseconds an image by phase."""
    done = subprocess.run([program], capture_output=True, encoding="utf-8", check=True)
    times = {}
    for line in done.stdout.splitlines():
        phase, value = line.split("\t")
        times[phase] = float(value)
    return times


def main() -> None:
    """Time both builds in turns; print the best time of each phase, and the median ratio."""
    fused_flags = [flag.replace("contract=off", "contract=fast") for flag in FLAGS]
    strict = []  # a dictionary a round
    fused = []
    with TemporaryDirectory() as folder:
        strict_program = Path(folder, "strict")
        fused_program = Path(folder, "fused")
        for_here = [*definitions(macros(Network(REPORT))), "-mcpu=native"]
        compile_source(SOURCE, strict_program, [*FLAGS, *for_here])
        compile_source(SOURCE, fused_program, [*fused_flags, *for_here])
        for _ in range(ROUNDS):
            strict.append(times(strict_program))
            fused.append(times(fused_program))
    print("| phase | µs an image | fused, times this |")
    print("| :--- | ---: | ---: |")
    for phase in strict[0]:
        ratios = []
        for ours, theirs in zip(strict, fused, strict=True):
            ratios.append(theirs[phase] / ours[phase])
        best = min(ours[phase] for ours in strict)
        shown = phase.replace("  ", "… ")  # a part of the phase above it
        print(f"| {shown} | {best:.2f} | {statistics.median(ratios):.2f} |")


if __name__ == "__main__":
    main()
