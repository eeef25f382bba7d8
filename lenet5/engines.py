"""The engines that take the steps of the training loop, and where each is made.

An engine takes steps, measures, and gives and takes its state; the loop knows no more of
it. There are two: ``exact`` (:class:`exact.engine.ExactEngine`) gives the same bytes on
every machine, and ``torch`` (:class:`lenet5.model.TorchEngine`) is the definition in plain
PyTorch. Neither is loaded before it is asked for.
"""

from pathlib import Path

import numpy as np

from exact.engine import ExactEngine
from lenet5 import Config, behaviour, data
from lenet5.data import Split
from lenet5.parameters import initial_weights
from lenet5.provenance import Provenance
from lenet5.train import train

PACKAGE = Path(__file__).parent  # behaviours.json stands in it
EXACT = "exact"  # the name of the exact engine, among the settings and in that file


def make(config: Config, image_shape, classes: int, threads: int | None = None):
    """The engine that a config asks for, with the initial weights of its seed.

    Parameters
    ----------
    image_shape : tuple of int, (channels, height, width)
    threads : int, optional
        Of the exact engine; they decide speed and nothing else.

    Raises
    ------
    UserError
        If the engine cannot run here.
    """
    weights = initial_weights(config.seed, image_shape, classes)
    if config.engine == EXACT:
        return exact(weights, image_shape, threads)
    from lenet5.model import TorchEngine

    return TorchEngine(weights, image_shape, config.device)


def exact(
    weights,
    image_shape=(1, 28, 28),
    threads: int | None = None,
    library: Path | None = None,
) -> ExactEngine:
    """The exact engine with some weights, after its trial: to train or to read.

    Parameters
    ----------
    weights, image_shape, threads, library
        Of :class:`exact.engine.ExactEngine`.

    Raises
    ------
    UserError
        If the kernel cannot be built, or computes other bytes than it should: see
        :func:`lenet5.behaviour.check`.
    """
    # A trial for each engine, and not one for all: what a library does to this process,
    # such as flush-to-zero, may have come since the last.
    behaviour.check(PACKAGE, EXACT, trial(library))
    return ExactEngine(weights, image_shape, threads, library)


def provenance(config: Config, splits: tuple[Split, Split]) -> Provenance:
    """What a run of a config that is made here would come from."""
    checksum = data.checksum(*splits)
    if config.engine == EXACT:
        return Provenance(checksum, behaviour.pinned(PACKAGE, EXACT))
    from lenet5 import model

    return Provenance(checksum, model.BEHAVIOUR, model.library())


def trial(library: Path | None = None) -> str:
    """The behaviour of the exact engine: of all that comes of two short epochs on noise.

    It is the report's own loop: initial weights, shuffles, batches of which the last is
    short, and both measurements. A third of the first dense layer is dead, so that its
    moments decay among the denormal numbers: flush-to-zero would change the result, and so
    would a fused product, another order of a sum, or another draw.
    """
    train_split = behaviour.noise(230, seed=0)
    test_split = behaviour.noise(57, seed=1)
    config = Config(epochs=2, batch_size=25, lr=1e-3, seed=3)
    weights = initial_weights(config.seed)
    weights["dense1.bias"][::3] = -100
    engine = ExactEngine(weights, threads=1, library=library)
    engine.set_moments(mean=1e-39, square=1e-40)
    losses = engine.steps(train_split, np.arange(40), 25, config.lr)
    history = train(config, train_split, test_split, engine)
    measured = np.array([row[1:-1] for row in history])  # without epoch and checksum
    results = [losses, measured]
    results.extend(engine.state().values())
    results.append(engine.probabilities(test_split.images[:7]))
    results.extend(engine.activations(test_split.images[:1]).values())
    return behaviour.digest(results)
