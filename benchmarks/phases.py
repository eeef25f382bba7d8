"""Where the exact engine's time goes, and what strictness costs: ``python -m benchmarks.phases``.

Microseconds an image on one thread, by phase; and the same built with fused multiply-add,
which rounds otherwise and which the engine refuses.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from lenet5.compiler import FLAGS, compile_source

SOURCE = Path(__file__).with_suffix(".c")


def times(program: Path) -> dict[str, float]:
    """Microseconds an image by phase."""
    done = subprocess.run([program], capture_output=True, encoding="utf-8", check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {name: float(value) for name, value in rows}


def main() -> None:
    with TemporaryDirectory() as folder:
        programs = [Path(folder, name) for name in ("strict", "fused")]
        fused = [flag.replace("contract=off", "contract=fast") for flag in FLAGS]
        for program, flags in zip(programs, (FLAGS, fused), strict=True):
            compile_source(SOURCE, program, [*flags, "-mcpu=native"])
        rounds = [[times(program) for program in programs] for _ in range(5)]
    print("| phase | µs an image | fused, times this |\n| :--- | ---: | ---: |")
    for name in rounds[0][0]:
        pairs = sorted((strict[name], fused[name]) for strict, fused in rounds)
        ratio = sorted(fused / strict for strict, fused in pairs)[len(pairs) // 2]
        print(f"| {name.replace('  ', '… ')} | {pairs[0][0]:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
