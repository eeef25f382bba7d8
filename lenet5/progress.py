"""What a training shows: a bar on a terminal, else a line an epoch, or JSON."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from lenet5.config import Config
from lenet5.train import State

IMAGES = 60_000


@contextmanager
def reporter(config: Config, as_json: bool) -> Iterator[dict]:
    """The callbacks ``on_epoch`` and ``on_step`` of a training, which print its progress.

    Parameters
    ----------
    config : Config
    as_json : bool
        One JSON object an epoch on standard output, in place of anything else.
    """
    if as_json:
        yield {
            "on_epoch": lambda state: print(
                json.dumps(state.history[-1]._asdict()), flush=True
            )
        }
    elif sys.stderr.isatty():
        with _bar(config) as callbacks:
            yield callbacks
    else:
        yield {"on_epoch": _line(config)}


@contextmanager
def _bar(config: Config) -> Iterator[dict]:
    total = config.epochs * IMAGES
    with tqdm(total=total, unit=" images", unit_scale=True, dynamic_ncols=True) as bar:

        def on_epoch(state: State) -> None:
            last = state.history[-1]
            bar.set_description(f"epoch {last.epoch}/{config.epochs}", refresh=False)
            bar.set_postfix_str(
                f"test loss {last.test_loss:.4f}, error {last.test_error:.2f} %"
            )

        def on_step(epoch: int, images: int) -> None:
            if (
                bar.n == 0
            ):  # a run that goes on from a checkpoint starts where it left off
                bar.initial = bar.n = (epoch - 1) * IMAGES
            bar.update((epoch - 1) * IMAGES + images - bar.n)

        yield {"on_epoch": on_epoch, "on_step": on_step}


def _line(config: Config):
    started = time.perf_counter()

    def on_epoch(state: State) -> None:
        last = state.history[-1]
        seconds = time.perf_counter() - started
        print(
            f"epoch {last.epoch}/{config.epochs}  test loss {last.test_loss:.4f}  "
            f"test error {last.test_error:.2f} %  {seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )

    return on_epoch


class StudyProgress:
    """Runs done, running and failed, and the time left: a bar, or a line a run.

    Parameters
    ----------
    configs : dict of Config
        The runs that are to be trained, by fingerprint.
    """

    def __init__(self, configs: dict[str, Config]):
        self.configs, self.epochs, self.ended, self.failed = configs, {}, set(), 0
        self.started = time.perf_counter()
        self.total = sum(config.epochs for config in configs.values())
        self.bar = None
        if sys.stderr.isatty():
            self.bar = tqdm(
                total=self.total, unit=" epochs", dynamic_ncols=True, smoothing=0
            )
            self._show()

    def on_epoch(self, name: str, epoch: int) -> None:
        self.epochs[name] = epoch
        self._show()

    def on_run(self, name: str, reason: str) -> None:
        self.ended.add(name)
        self.failed += bool(reason)
        self.epochs[name] = self.configs[name].epochs
        if self.bar is None:
            print(f"{self._counts()}, {self._left()}", file=sys.stderr, flush=True)
        self._show()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def _show(self) -> None:
        if self.bar is not None:
            self.bar.set_description(f"runs: {self._counts()}", refresh=False)
            self.bar.update(sum(self.epochs.values()) - self.bar.n)

    def _counts(self) -> str:
        running = len(self.epochs.keys() - self.ended)
        return (
            f"{len(self.ended) - self.failed} of {len(self.configs)} done, "
            f"{running} running, {self.failed} failed"
        )

    def _left(self) -> str:
        done = sum(self.epochs.values())
        seconds = (time.perf_counter() - self.started) / max(1, done)
        return f"{tqdm.format_interval(seconds * (self.total - done))} left"
