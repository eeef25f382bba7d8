"""Where the exact engine's time goes, and what strictness costs: ``python benchmarks/phases.py``.

Microseconds an image on one thread, by phase; and the same built with fused multiply-add,
which rounds otherwise and which the engine refuses.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from lenet5.compiler import FLAGS

SOURCE = Path(__file__).with_suffix(".c")


def times(program: Path) -> dict[str, float]:
    """Microseconds an image by phase."""
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {name: float(value) for name, value in rows}


def main() -> None:
    with TemporaryDirectory() as folder:
        programs = [Path(folder, name) for name in ("strict", "fused")]
        fused = [flag.replace("contract=off", "contract=fast") for flag in FLAGS]
        for program, flags in zip(programs, (FLAGS, fused), strict=True):
            command = [sys.executable, "-m", "ziglang", "cc", *flags, "-mcpu=native"]
            command += [SOURCE, "-o", program]
            cache = {"ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder}
            subprocess.run(command, check=True, env=os.environ | cache)
        rounds = [[times(program) for program in programs] for _ in range(5)]
    print("| phase | µs an image | fused, times this |\n| :--- | ---: | ---: |")
    for name in rounds[0][0]:
        pairs = sorted((strict[name], fused[name]) for strict, fused in rounds)
        ratio = sorted(fused / strict for strict, fused in pairs)[len(pairs) // 2]
        print(f"| {name.replace('  ', '… ')} | {pairs[0][0]:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
