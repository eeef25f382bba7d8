"""The rungs from LeNet-5 of 1998 to the report's network: each is the one before, changed.

The paper is Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied
to document recognition", Proceedings of the IEEE 86 (11), 1998. Section II B has the
network, section II C the loss, section III B the training, appendix C the rates.
"""

from dataclasses import dataclass, replace

YEAR = 1998  # tells its random numbers from those of the other systems


@dataclass(frozen=True)
class Rung:
    """A network and its training; without arguments, LeNet-5 of 1998 to the letter.

    From ``start`` on, but for ``passes`` and ``mu``, it is what the paper leaves open, or
    what was asked of it. The open choices are made on 5,000 images held back of the
    training set: ``record/ladder-choices.csv`` holds what each is worth.
    """

    name: str
    radial: bool = True  # ten radial basis units and the MAP loss; or softmax
    trained_pool: bool = True  # sum, trained coefficient and bias; or the maximum
    tanh: bool = True  # 1.7159 tanh(2a/3); or ReLU
    table: bool = True  # C3 sees S2 by the paper's table I; or all of it
    online: bool = True  # a rate for each weight, an update a pattern; or Adam
    side: int = 32  # of the input, from -0.1 to 1.175; 28: no margin, from 0 to 1
    start: str = "letter"  # within 2.4 / fan-in; root: within 1 / sqrt(fan-in)
    distortion: float = 0.0  # of 540,000 images more, times the ranges of schedule.py
    passes: int = 20  # of as many patterns as there are images
    scale: float = 0.06  # factor on the loss
    j: float = 10.0  # of the MAP loss
    codes: str = "distinct"  # of the radial basis units: plain, distinct or random
    squash_maps: bool = True  # C1 and C3 are squashed before they are pooled
    fresh_order: bool = True  # of the patterns in each pass; or the file's
    fresh_curvature: bool = True  # 500 patterns of each pass's own; or the first 500
    mu: float = 0.02  # stated by the paper
    one_rate: float = 0.0  # times the global rate for all weights, without curvatures

    @property
    def levels(self) -> tuple[float, float]:
        """What a pixel of 0, paper, and one of 255, ink, are for the network.

        With a margin, those of the paper (section II B): over an input the mean is then
        near 0, and the variance near 1.
        """
        if self.side == 32:
            return -0.1, 1.175
        return 0.0, 1.0


LETTER = Rung("1998, to the letter")
BEST = replace(LETTER, name="1998, as it may be read", start="root")
SOFTMAX = replace(BEST, name="softmax", radial=False, scale=0.2)
MAXIMUM = replace(SOFTMAX, name="max-pooling", trained_pool=False)
RELU = replace(MAXIMUM, name="ReLU", tanh=False)
FULL = replace(RELU, name="full C3", table=False)
ADAM = replace(FULL, name="Adam", online=False, scale=1.0)
RAW = replace(ADAM, name="28×28 in [0, 1]", side=28)
RUNGS = (LETTER, BEST, SOFTMAX, MAXIMUM, RELU, FULL, ADAM, RAW)

BESIDE = (
    replace(BEST, name="1998, with distorted images", distortion=0.5),
    replace(BEST, name="1998, one rate for all weights", one_rate=8.0),
    replace(BEST, name="1998, loss × 0.015", scale=0.015),
)
CHOICES = (
    replace(BEST, name="as chosen"),
    replace(BEST, name="loss × 0.01", scale=0.01),
    replace(BEST, name="loss × 0.015", scale=0.015),
    replace(BEST, name="loss × 0.03", scale=0.03),
    replace(BEST, name="loss × 0.1", scale=0.1),
    replace(BEST, name="loss × 1, as if none were meant", scale=1.0),
    replace(BEST, name="j = 1", j=1.0),
    replace(BEST, name="j = 30", j=30.0),
    replace(BEST, name="bitmaps as of one fount", codes="plain"),
    replace(BEST, name="random codes", codes="random"),
    replace(BEST, name="start within 2.4 / fan-in", start="letter"),
    replace(BEST, name="C1 and C3 not squashed", squash_maps=False),
    replace(BEST, name="the file's order", fresh_order=False),
    replace(BEST, name="the first 500 patterns", fresh_curvature=False),
    replace(BEST, name="one rate, × 8", one_rate=8.0),
    replace(BEST, name="one rate, × 15", one_rate=15.0),
    replace(BEST, name="one rate, × 30", one_rate=30.0),
    replace(BEST, name="one rate, × 45", one_rate=45.0),
    replace(BEST, name="distorted, ranges × 0.5", distortion=0.5),
    replace(BEST, name="distorted, ranges × 1", distortion=1.0),
    replace(SOFTMAX, name="softmax, loss × 0.1", scale=0.1),
    replace(SOFTMAX, name="softmax, loss × 0.2", scale=0.2),
    replace(SOFTMAX, name="softmax, loss × 0.5", scale=0.5),
    replace(LETTER, name="to the letter, loss × 0.015", scale=0.015),
    replace(LETTER, name="to the letter, loss × 0.03", scale=0.03),
    replace(LETTER, name="to the letter, j = 1", j=1.0),
)
SCALES = CHOICES[:4]  # near each other: more seeds tell them apart
