"""What a rung draws and schedules: codes, connections, initial weights, patterns, rates."""

import numpy as np

from lenet5 import draws
from systems import chance

YEAR = 1998
GLOBAL_RATES = 2 * [5e-4] + 3 * [2e-4] + 3 * [1e-4] + 4 * [5e-5] + 8 * [1e-5]
CURVATURE_PATTERNS = 500
COPIES = 10  # of an image in the distorted training set: itself and nine distortions
# Paper, table I: the maps of S2 that each map of C3 sees.
TABLE = "012 123 234 345 045 015 0123 1234 2345 0345 0145 0125 0134 1245 0235 012345".split()
# The paper shows its bitmaps of 7x12 and prints no table, so these are drawn anew. The
# distinct ones differ in 25 places or more, as characters of one fount do not.
BITMAPS = {
    "plain": """
.#####. ##...## ##...## ##...## ##...## ##...## ##...## ##...## ##...## ##...## ##...## .#####.
...##.. ..###.. .####.. ...##.. ...##.. ...##.. ...##.. ...##.. ...##.. ...##.. ...##.. .######
.#####. ##...## .....## .....## .....## ....##. ...##.. ..##... .##.... ##..... ##..... #######
.#####. ##...## .....## .....## .....## ..####. .....## .....## .....## .....## ##...## .#####.
....##. ...###. ..####. .##.##. ##..##. ##..##. ##..##. ####### ....##. ....##. ....##. ....##.
####### ##..... ##..... ##..... ##..... ######. .....## .....## .....## .....## ##...## .#####.
.#####. ##...## ##..... ##..... ##..... ######. ##...## ##...## ##...## ##...## ##...## .#####.
####### .....## .....## ....##. ....##. ....##. ...##.. ...##.. ...##.. ..##... ..##... ..##...
.#####. ##...## ##...## ##...## ##...## .#####. ##...## ##...## ##...## ##...## ##...## .#####.
.#####. ##...## ##...## ##...## ##...## .###### .....## .....## .....## .....## ##...## .#####.
""",
    "distinct": """
..###.. .##.##. ##...## ##...## ##...## ##...## ##...## ##...## ##...## ##...## .##.##. ..###..
...#... ..##... .###... #.##... ..##... ..##... ..##... ..##... ..##... ..##... ..##... ######.
.####.. ##..##. .....## .....## .....## ....##. ...##.. ..##... .##.... ##..... ##....# #######
####### #....## ....##. ...##.. ..##... .#####. ....### .....## .....## .....## #...### .####..
.....#. ....##. ...###. ..#.##. .#..##. #...##. ####### ####### ....##. ....##. ....##. ...####
####### ##..... ##..... ##..... ######. ##..### .....## .....## .....## ##...## ###.##. .####..
....##. ...##.. ..##... .##.... ##..... #####.. ###.##. ##...## ##...## ##...## .##.##. ..###..
####### ####### #....## .....#. ....##. ....#.. ...##.. ...#... ..##... ..#.... .##.... ##.....
.#####. ##...## ##...## ##...## .##.##. ..###.. .##.##. ##...## ##...## ##...## ##...## .#####.
..####. .##..## ##...## ##...## ##...## .##.### ..##### .....## ....##. ...##.. ..##... ###....
""",
}


def codes(rung, seed: int) -> np.ndarray:
    """Centres of the radial basis units: +1 and -1, float32 of shape (10, 84)."""
    if rung.codes == "random":
        return np.sign(_uniform(seed, 50, (10, 84))).astype(np.float32)
    ink = [character == "#" for character in BITMAPS[rung.codes] if character in ".#"]
    return np.where(ink, np.float32(1), np.float32(-1)).reshape(10, 84)


def connections(rung) -> np.ndarray:
    """Whether a map of C3 sees a map of S2, bool of shape (16, 6)."""
    seen = np.array([[str(i) in maps for i in range(6)] for maps in TABLE])
    return seen | (not rung.table)


def parameter_shapes(rung) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a rung's parameters, in PyTorch's order."""
    side = rung.side // 4 - 3
    pools = rung.trained_pool
    layers = [("c1", (6, 1, 5, 5)), *pools * [("s2", (6,))]]
    layers += [("c3", (16, 6, 5, 5)), *pools * [("s4", (16,))]]
    layers += [("c5", (120, 16, side, side)), ("f6", (84, 120, 1, 1))]
    layers += [] if rung.radial else [("output", (10, 84, 1, 1))]
    shapes = {}
    for name, shape in layers:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = shape, shape[:1]
    return shapes


def initial_weights(rung, seed: int) -> dict[str, np.ndarray]:
    """Parameters before the first update, float32, uniform by the fan-in of their unit."""
    weights = {}
    for stream, (name, shape) in enumerate(parameter_shapes(rung).items()):
        layer, kind = name.split(".")
        fans = np.full(shape[:1], {"c1": 25, "s2": 4, "s4": 4}.get(layer, 0))
        if layer in ("c5", "f6", "output"):
            fans[:] = {"c5": 16 * (rung.side // 4 - 3) ** 2, "f6": 120, "output": 84}[
                layer
            ]
        seen = np.ones(shape)
        if layer == "c3":
            maps = connections(rung)
            fans = 25 * maps.sum(axis=1)
            if kind == "weight":
                seen[:] = maps[:, :, None, None]
        bound = 2.4 / fans if rung.start == "letter" else 1 / np.sqrt(fans)
        bound = bound.reshape(-1, *[1] * (len(shape) - 1))
        weights[name] = (_uniform(seed, stream, shape) * bound * seen).astype(
            np.float32
        )
    return weights


def patterns(rung, seed: int, number: int, images: int):
    """What pass ``number``, from 1, presents, and in which order.

    Returns
    -------
    rows : array, shape (images,), uint32
    maps : array, shape (images, 6), float32, or None
        Affine maps from the input's place to the image's; NaN where there is none.
    """
    if not rung.distortion:
        if not rung.fresh_order:
            return np.arange(images, dtype=np.uint32), None
        return draws.shuffle(seed, number, images), None
    sweep, part = divmod(number - 1, COPIES)
    order = draws.shuffle(seed, 500 + sweep, COPIES * images)
    chosen = order[part * images : (part + 1) * images]
    maps = distortions(seed, chosen, rung.distortion)
    maps[chosen < images] = np.nan
    return chosen % np.uint32(images), maps


def distortions(seed: int, numbers, size: float = 1) -> np.ndarray:
    """Affine maps of distorted images, float32 of shape (N, 6), each drawn by its number.

    Translations, scaling, squeezing and horizontal shearing (paper, section III B), whose
    ranges the paper does not state: 2 pixels, 10 %, 10 % and 0.2 pixels a row, times
    ``size``.
    """
    numbers = np.asarray(numbers, np.uint64)[:, None] * np.uint64(5)
    key = chance.key(YEAR, seed, 60)
    dx, dy, scale, squeeze, shear = (
        size * chance.uniform(key, numbers + np.arange(5, dtype=np.uint64)).T
    )
    scale, squeeze = 1 + 0.1 * scale, 1 + 0.1 * squeeze
    zero = np.zeros_like(dx)
    rows = [scale * squeeze, 0.2 * shear, 2 * dx, zero, scale / squeeze, 2 * dy]
    return np.stack(rows, axis=1).astype(np.float32)


def train(rung, seed: int, engine, split):
    """Train, pass by pass; yields how many patterns were misread as they were presented.

    Parameters
    ----------
    engine : Ladder
        The network of that rung and seed, before its first update.
    split : Split
    """
    images = len(split.labels)
    for number in range(1, rung.passes + 1):
        rows, maps = patterns(rung, seed, number, images)
        # The paper's twenty rates stretch over a longer training.
        rate = GLOBAL_RATES[(number - 1) * len(GLOBAL_RATES) // rung.passes]
        if rung.one_rate:
            engine.set_rates(rate * rung.one_rate, 1)
        elif rung.online:
            some = rows if rung.fresh_curvature else np.arange(images, dtype=np.uint32)
            engine.estimate(split, some[:CURVATURE_PATTERNS])
            engine.set_rates(rate, rung.mu)
        yield engine.train(split, rows, maps)


def _uniform(seed: int, stream: int, shape) -> np.ndarray:
    key = chance.key(YEAR, seed, stream)
    return chance.uniform(key, np.arange(np.prod(shape))).reshape(shape)
