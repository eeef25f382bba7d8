"""The columns of 2012: what each sees, and how it is trained."""

from dataclasses import dataclass

YEAR = 2012  # tells their random numbers from those of the other systems
VIEWS = (0, 10, 12, 14, 16, 18, 20)  # pixels that each digit is wide; 0: as it is given


@dataclass(frozen=True)
class Column:
    """A view and a training; the paper trains for some 800 epochs.

    Its rates fall by the same factor from epoch to epoch, here over ``epochs``. The ranges
    of its distortions are not stated. Each is drawn uniformly, image by image.
    """

    name: str = ""
    width: int = 0  # of VIEWS
    epochs: int = 100
    rotation: float = 15.0  # degrees either way
    scale: float = 0.15  # of the width and of the height, each
    shift: float = 1.0  # pixels along x and along y
    elastic: float = 36.0  # pixels of noise, before it is smoothed
    smoothness: float = 6.0  # pixels, the standard deviation of the smoothing Gaussian
