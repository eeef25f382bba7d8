"""What each contender shares: it trains an epoch when asked, and says what that took."""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path


def report(epoch: Callable[[], float]) -> None:
    """Answer each line on standard input with one epoch and its cost as a line of JSON.

    Parameters
    ----------
    epoch : callable
        Trains one epoch, measures both splits, and returns the test error (%). It is
        called once before the first question: compilers compile then.
    """
    epoch()
    print("ready", flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        error = epoch()
        answer = {
            "seconds": time.perf_counter() - wall,
            "cpu_seconds": time.process_time() - cpu,
            "peak_mib": peak_mib(),
            "error": error,
        }
        print(json.dumps(answer), flush=True)


def peak_mib() -> float:
    """Peak memory of this program; what getrusage tells includes the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
