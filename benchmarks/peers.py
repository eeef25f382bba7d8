"""What each contender shares: it trains an epoch when asked, and says what that took."""

import json
import resource
import sys
import time
from collections.abc import Callable


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
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "error": error,
        }
        print(json.dumps(answer), flush=True)
