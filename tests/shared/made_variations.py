"""Made-up outcomes of the study of variations, for tests."""

import zlib

import numpy as np
import pandas as pd

from studies.variations import Outcome, config_of

SEEDS = 20


def outcome(name: str, mean: float, *, spread=0.1, of_test=0.0, seeds=SEEDS) -> Outcome:
    """A variation whose errors have a mean (%) on the images held back.

    The errors of the seeds share their luck with those of all other outcomes of as many
    seeds. ``of_test`` is by how much the test images are the harder, in points.
    """
    luck = np.linspace(-1, 1, seeds)
    own = np.random.default_rng(zlib.crc32(name.encode())).normal(size=seeds)
    errors = mean + 0.3 * luck + spread * (own - own.mean())
    held_back = pd.Series(errors, index=range(seeds))
    return Outcome(
        name=name,
        network=config_of(name).network,
        parameters=44_426,
        multiply_adds=563_280 if name == "maps doubled" else 281_640,
        of_train=0.5,
        held_back=held_back,
        test=held_back + of_test,
        seconds=20.0,
        machine="here",
    )


def outcomes(*means: tuple[str, float], **options) -> list[Outcome]:
    """The recipe, at an error of 1.2 %, and variations at theirs."""
    pairs = [("the recipe", 1.2), *means]
    return [outcome(name, mean, **options) for name, mean in pairs]
