"""Where the runs of a study are made: processes on this machine, or a Dask cluster."""

import argparse
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from exact import UserError, cores


@contextmanager
def workers(scheduler: str | None, processes: int) -> Iterator[tuple[Executor, int]]:
    """An executor of ``concurrent.futures``, and how many tasks it runs at a time.

    It is the Dask cluster at ``scheduler``, or else so many processes here, which end when
    their client does.

    Raises
    ------
    UserError
        If the cluster does not answer.
    """
    if not scheduler:
        with Processes(processes) as pool:
            yield pool, processes
        return
    try:
        from distributed import Client

        client = Client(scheduler)
    except (ImportError, OSError, ValueError) as error:
        why = f"no Dask scheduler at {scheduler}: {error}"
        raise UserError(f"{why}; start one, or install lenet5[cluster]") from error
    with client:
        threads = sum(client.nthreads().values())
        yield client.get_executor(pure=False), threads or 1


class Processes(Executor):
    """The standard pool of processes, which does not outlive its client.

    The standard one waits for its tasks when its client is interrupted, and goes on with
    them when it is killed; a training may take half an hour.
    """

    def __init__(self, processes: int):
        spawn = multiprocessing.get_context("spawn")
        self._before = set(multiprocessing.active_children())
        self._pool = ProcessPoolExecutor(processes, spawn, _start_worker)

    def submit(self, function, /, *arguments) -> Future:
        """Have a process call a function; a process may be started for it."""
        # A terminal sends Ctrl-C to every process. This one handles it, and a process that
        # is started here inherits that it ignores it.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return self._pool.submit(function, *arguments)
        finally:
            signal.signal(signal.SIGINT, handler)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, whatever they do."""
        for process in set(multiprocessing.active_children()) - self._before:
            process.terminate()
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


def _start_worker() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # of PyTorch, where it is asked for
    threading.Thread(target=_end_with_client, daemon=True).start()


def _end_with_client() -> None:
    """Wait for the end of the process that started this one, and end as well."""
    multiprocessing.parent_process().join()
    os._exit(1)  # at once, amid a training


def add_options(command: argparse.ArgumentParser, out: Path) -> None:
    """Give a command the options of a study, whose table is ``out``."""
    command.add_argument(
        "--scheduler", help="address of a Dask cluster, as tcp://host:8786"
    )
    command.add_argument(
        "--workers",
        type=at_least_one,
        default=cores(),
        help="or so many processes (default: one a core)",
    )
    command.add_argument("--out", type=Path, default=out, help="the table")


def at_least_one(text: str) -> int:
    """A whole number from 1, of a command's option."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
