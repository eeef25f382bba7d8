"""The engines that take the steps of the training loop, and where each is made.

An engine takes steps, measures, and gives and takes its state; the loop knows no more of
it. There are two: ``exact`` (:class:`exact.engine.ExactEngine`) gives the same bytes on
every machine, and ``torch`` (:class:`lenet5.model.TorchEngine`) is the definition in plain
PyTorch. Neither is loaded before it is asked for.
"""

from pathlib import Path

import numpy as np

from exact import UserError
from exact.engine import ExactEngine, build
from exact.network import Network
from lenet5 import Config, behaviour, data
from lenet5.config import EARLIER, REPORT
from lenet5.data import Split
from lenet5.parameters import initial_weights
from lenet5.provenance import Provenance
from lenet5.train import train

PACKAGE = Path(__file__).parent  # behaviours.json stands in it
EXACT = "exact"  # the name of the exact engine, among the settings and in that file
FAMILY = "exact, any network"  # in that file, of the networks that are not the report's


def network_of(config: Config, image_shape, classes: int) -> Network:
    """The network that a config asks for, for some images.

    Raises
    ------
    UserError
        If such images are too small for it.
    """
    return Network(config.network, config.activation, tuple(image_shape), classes)


def make(config: Config, network: Network, threads: int | None = None):
    """The engine that a config asks for, with the initial weights of its seed.

    Parameters
    ----------
    threads : int, optional
        Of the exact engine; they decide speed and nothing else.

    Raises
    ------
    UserError
        If the engine cannot run here.
    """
    weights = initial_weights(config.seed, network)
    if config.engine == EXACT:
        return exact(network, weights, config.optimizer, threads)
    from lenet5.model import TorchEngine

    return TorchEngine(network, weights, config.optimizer, config.device)


def exact(
    network: Network,
    weights,
    optimizer: str = "adam",
    threads: int | None = None,
    library: Path | None = None,
) -> ExactEngine:
    """The exact engine with some weights, after its trial: to train or to read.

    Parameters
    ----------
    network, weights, optimizer, threads, library
        Of :class:`exact.engine.ExactEngine`.

    Raises
    ------
    UserError
        If the kernel cannot be built, or computes other bytes than it should: see
        :func:`lenet5.behaviour.check`.
    """
    # A trial for each engine, and not one for all: what a library does to this process,
    # such as flush-to-zero, may have come since the last.
    library = library or build(network)
    is_report = network == Network(REPORT, EARLIER["activation"])
    if is_report:
        behaviour.check(PACKAGE, EXACT, trial(library))
    if not is_report or optimizer != EARLIER["optimizer"]:
        behaviour.check(PACKAGE, FAMILY, trial_of_family(library))
        check_fast_form(network, optimizer, library)
    return ExactEngine(network, weights, optimizer, threads, library)


def provenance(config: Config, splits: tuple[Split, Split]) -> Provenance:
    """What a run of a config that is made here would come from."""
    data_checksum = data.checksum(*splits)
    if config.engine == EXACT:
        return Provenance(data_checksum, behaviour.pinned(PACKAGE, pin_of(config)))
    from lenet5 import model

    return Provenance(data_checksum, model.BEHAVIOUR, model.library())


def pin_of(config: Config) -> str:
    """Which trial pins what the exact engine computes for a config.

    The report's own network and recipe are pinned by themselves, as they were before there
    was a family: a change of, say, the average pool makes no run of theirs another.
    """
    settings = config.settings()
    is_report = not any(name in settings for name in EARLIER)
    return EXACT if is_report else FAMILY


def trial(library: Path | None = None) -> str:
    """The behaviour of the exact engine: of all that comes of two short epochs on noise.

    It is the report's own loop: initial weights, shuffles, batches of which the last is
    short, and both measurements. A third of the first dense layer is dead, so that its
    moments decay among the denormal numbers: flush-to-zero would change the result, and so
    would a fused product, another order of a sum, or another draw.
    """
    train_split = behaviour.noise(230, seed=0)
    test_split = behaviour.noise(57, seed=1)
    config = Config(**EARLIER, epochs=2, batch_size=25, lr=1e-3, seed=3)
    network = Network(config.network)
    weights = initial_weights(config.seed, network)
    weights["dense1.bias"][::3] = -100
    engine = ExactEngine(network, weights, threads=1, library=library)
    engine.set_moments(mean=1e-39, square=1e-40)
    losses = engine.steps(train_split, np.arange(40), 25, config.lr)
    history = train(config, train_split, test_split, engine)
    measured = np.array([row[1:-1] for row in history])  # without epoch and checksum
    results = [losses, measured]
    results.extend(engine.state().values())
    results.append(engine.probabilities(test_split.images[:7]))
    activations = engine.activations(test_split.images[:1])
    for name in ("relu1", "pool1", "relu2", "pool2", "relu3", "relu4", "dense3"):
        results.append(activations[name])
    return behaviour.digest(results)


# Small networks in which each kind of stage stands, with the optimizer that trains them.
OF_FAMILY = (
    ("5C3-MP2-6C2-AP2-3C2-7N", "tanh", "adam"),
    ("3C4-AP3-4C2-9N", "relu", "sgd"),
    ("2C5-MP3-11N", "none", "sgd"),
)


def trial_of_family(library: Path | None = None) -> str:
    """The behaviour of the exact engine with networks and settings that are not the report's.

    It is the loop of :func:`trial` with small networks, by the kernel's plain forms: they
    are the same in every build. That the fast forms of a build give their bytes,
    :func:`check_fast_form` finds.

    Parameters
    ----------
    library : Path, optional
        Of any network; by default the build for the report's.
    """
    library = library or build(Network(REPORT))
    train_split = behaviour.noise(45, seed=2)
    test_split = behaviour.noise(7, seed=3)
    results = []
    for notation, activation, optimizer in OF_FAMILY:
        config = Config(
            network=notation,
            activation=activation,
            optimizer=optimizer,
            schedule="linear",
            epochs=2,
            batch_size=20,
            lr=1e-2,
            seed=4,
        )
        network = Network(notation, activation)
        weights = initial_weights(config.seed, network)
        engine = ExactEngine(network, weights, optimizer, 1, library, plainly=True)
        engine.set_moments(mean=1e-39, square=1e-40)
        history = train(config, train_split, test_split, engine)
        results.append(np.array([row[1:-1] for row in history]))
        results.extend(engine.state().values())
        results.extend(engine.activations(test_split.images[:1]).values())
    return behaviour.digest(results)


def trials() -> dict[str, str]:
    """What all trials of the exact engine give here, by their names."""
    return {EXACT: trial(), FAMILY: trial_of_family()}


def check_fast_form(network: Network, optimizer: str, library: Path) -> None:
    """Train a few made-up images by the fast and the plain form of a build.

    Raises
    ------
    UserError
        If they give other bytes.
    """
    split = behaviour.bytes_of_noise(20, network.image_shape, network.classes)
    found = set()
    for plainly in (False, True):
        weights = initial_weights(0, network)
        engine = ExactEngine(network, weights, optimizer, 1, library, plainly)
        results = [engine.steps(split, np.arange(20), 18, 1e-3)]
        results.extend(engine.state().values())
        results.append(engine.logits(split.images))
        found.add(behaviour.digest(results))
    if len(found) > 1:
        raise UserError(
            f"the fast form of the exact engine gives other bytes than its plain form for "
            f"{network.notation}: the compiler or this machine is at fault; use "
            "--engine torch"
        )
