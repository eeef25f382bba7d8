"""The tests of the 2020 report's claims: one method a claim, named by the claim's id."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from exhibits.audit.evidence import Evidence
from exhibits.dataset_figure import close_calls
from exhibits.definition import optimiser_name
from lenet5 import UserError

HOLDS = "holds"
CORRECTED = "holds with a correction"
CONSISTENT = "consistent"
FAILS = "does not hold"
UNTESTED = "cannot be tested here"
# As they are counted, and as they are listed in the text.
VERDICTS = (HOLDS, CORRECTED, CONSISTENT, FAILS, UNTESTED)


class Finding(NamedTuple):
    """What the test of a claim has found, in words, and what follows for the claim.

    ``as_written`` says whether it holds so, None if it cannot be tested; ``corrected``
    whether it holds with a correction; ``could_fail`` whether the test could have told it
    from what else might well be so.
    """

    as_written: bool | None
    text: str
    corrected: bool = False
    could_fail: bool = True

    @property
    def verdict(self) -> str:
        """One of the verdicts."""
        if self.as_written is None:
            return UNTESTED
        if self.as_written:
            return HOLDS if self.could_fail else CONSISTENT
        if self.corrected:
            return CORRECTED
        return FAILS


class Findings(Evidence):
    """Every public method tests the claim of its name, and says what it found.

    Each takes the claim, an :class:`exhibits.ledger.Claim`, and gives a :class:`Finding`.
    The run is one of the network and by the recipe of the 2020 report: our run.
    """

    def image_size(self, claim):
        height, width = self.train.images.shape[2:]
        return Finding(claim.agrees((height, width)), f"{height}×{width}")

    def grey(self, claim):
        channels = self.train.images.shape[1]
        return Finding(claim.agrees(channels), f"{channels} channel")

    def total(self, claim):
        count = len(self.train.labels) + self.images
        return Finding(claim.agrees(count), f"{count:,}")

    def splits(self, claim):
        training = len(self.train.labels)
        text = f"{training:,} and {self.images:,}"
        return Finding(claim.agrees((training, self.images)), text)

    def classes(self, claim):
        count = len(np.unique(self.train.labels))
        return Finding(claim.agrees(count), f"{count}")

    def class_size(self, claim):
        counts = np.bincount(self.train.labels)
        mean = len(self.train.labels) / len(counts)
        text = f"from {counts.min():,} to {counts.max():,}; {mean:,.0f} on average"
        all_agree = all(claim.agrees(count) for count in counts)
        return Finding(all_agree, text, claim.agrees(mean))

    def dataset_figure(self, claim):
        least = self.places.correlation.min()
        most = self.places.correlation.max()
        splits = set(self.places["split"])
        where = "training images" if splits == {"train"} else "images"
        text = f"all {len(self.places)} are found among the {where}, with correlations "
        text += f"from {least:.2f} to {most:.2f}; {close_calls(self.places)} are close calls"
        return Finding(claim.agrees(least), text)

    def validation(self, claim):
        total = self.ledger.claims["total"].value
        apart = total - len(self.train.labels) - self.images
        text = (
            "there was no separate validation set: the text itself says that the test "
        )
        text += "images are used, and the epoch reported is the last, not the best"
        accuracy = self.original.accuracy
        last_is_not_best = accuracy.iloc[-1] < accuracy.max()
        return Finding(claim.agrees(apart), text, last_is_not_best)

    def lenet5(self, claim):
        count = self.listed.parameters
        # Of the layers: the maps of a convolution, the units of a dense one.
        sizes = [stage.outputs for stage in self.listed.stages]
        text = f"{count:,} parameters, not {claim.value:,}; "
        text += f"layers of the sizes {sizes} as in 1998"
        as_in_1998 = sizes == self.ledger.facts["lenet5_sizes"]
        return Finding(claim.agrees(count), text, as_in_1998)

    def convolutions(self, claim):
        count = self.count_layers("convolution")
        return Finding(claim.agrees(count), f"{count}")

    def pools(self, claim):
        count = self.count_layers("max pool", "average pool")
        return Finding(claim.agrees(count), f"{count}")

    def dense(self, claim):
        count = self.count_layers("dense")
        return Finding(claim.agrees(count), f"{count}")

    def relu(self, claim):
        count = self.count_layers("relu")
        weighted = len(self.listed.stages)
        text = f"{count} of {weighted}: the last gives logits"
        return Finding(claim.agrees(count), text, count == weighted - 1)

    def architecture(self, claim):
        sizes = []
        for stage in self.listed.stages:
            if stage.is_convolution:
                sizes.append(f"{stage.kernel}×{stage.kernel} ({stage.outputs})")
            else:
                sizes.append(f"{stage.outputs}")
        return Finding(claim.agrees(sizes), ", ".join(sizes))

    def adam(self, claim):
        agrees = claim.agrees(optimiser_name(self.run.config.optimizer))
        text = f"our run ends at an error of {self.error:.2f} %, the plotted one at "
        text += (
            f"{self.plotted_errors.iloc[-1]:.2f} %; so might a run by another optimiser, "
            "at a rate that suits it"
        )
        return Finding(agrees and self.ends_near_plotted, text, could_fail=False)

    def learning_rate(self, claim):
        plotted = self.plotted_errors.iloc[0]
        inside = []
        ranges = []
        for rate, errors in self.first_errors().items():
            if errors.min() <= plotted <= errors.max():
                inside.append(rate)
            ranges.append(f"{span(errors)} at {in_powers(rate)}")
        text = f"{plotted:.2f} % is plotted after the first epoch; runs have "
        text += (
            ", ".join(ranges)
            + "; Adam, and that the rate stays fixed, the program says"
        )
        return Finding(len(inside) == 1 and claim.agrees(inside[0]), text)

    def loss(self, claim):
        first = self.original.loss[0]
        return Finding(claim.agrees(first), f"{first:.4f} against {math.log(10):.4f}")

    def epochs(self, claim):
        return Finding(claim.agrees(len(self.original)), f"{len(self.original)} values")

    def accuracy(self, claim):
        plotted = self.original.accuracy.iloc[-1]
        final = self.reruns.final
        text = f"the plot ends at {plotted:.2f} %, an error of {100 - plotted:.2f} %; ours "
        text += f"is {self.error:.2f} %, those of {len(final)} reruns {span(final)}"
        return Finding(claim.agrees(plotted), text)

    def loss_axis(self, claim):
        drawn = self.correlation(0)
        moved = self.correlation(1)
        late = self.reruns.correlations(late=1)
        text = f"{drawn:.3f} as drawn, {moved:.3f} moved; reruns have "
        text += (
            f"{self.reruns.correlations().min():.3f} or more, and {late.min():.2f} to "
        )
        text += f"{late.max():.2f} when drawn late"
        return Finding(drawn > moved, text, moved > 0.99)

    def random_examples(self, claim):
        first = self.predictions.labels[:9].tolist()
        text = "they are the first nine of the test file, in its order"
        return Finding(not claim.agrees(first), text)

    def source(self, claim):
        count = len(self.reruns.final)
        text = f"{count} runs were made with it; it names no versions of what it needs, and "
        text += (
            "started as it is, it draws the plot from typed numbers and trains nothing"
        )
        return Finding(count > 0, text)

    def replication(self, claim):
        low, high = self.rerun_interval
        inside = claim.agrees(low) and claim.agrees(high)
        text = f"the reruns end {self.rerun_difference:+.3f} points from our seeds on "
        text += f"average, interval {low:+.2f} to {high:+.2f}; but none comes near the "
        text += "accuracy of the text"
        return Finding(False, text.replace("-", "−"), inside)

    def improvement(self, claim):
        ours = self.ledger.literature["lenet5"]["error"]
        lowest = min(entry["error"] for entry in self.ledger.literature.values())
        text = (
            f"it is the error that they lower, from {ours} to {lowest} %; the learning "
        )
        text += "rate is a setting of the training"
        return Finding(False, text, lowest < ours)

    def mcdnn(self, claim):
        error = self.ledger.literature["mcdnn"]["error"]
        return Finding(claim.agrees(100 - error), f"{error} % error in its paper")

    def best(self, claim):
        mcdnn = self.ledger.literature["mcdnn"]
        report = self.ledger.facts["report"]  # its date
        listed = self.ledger.literature.values()
        better = 0
        for entry in listed:
            if entry["date"] < report and entry["error"] < mcdnn["error"]:
                better += 1
        text = (
            f"{better} of the {len(listed)} systems listed here had fewer mistakes by "
        )
        text += "then; the list is ours, and \u201camong the best\u201d names no number"
        return Finding(better < len(listed) / 2, text, could_fail=False)

    def hardware(self, claim):
        return Finding(None, "a run leaves no trace of its machine, and is not timed")

    def julia(self, claim):
        text = (
            f"it ran in {self.ledger.facts['rerun']['language'].split(' as ')[0]} with "
        )
        text += self.ledger.facts["rerun"]["library"].split(",")[0]
        return Finding(len(self.reruns.final) > 0, text)


def span(errors: pd.Series) -> str:
    """The least and the most of some errors in %, as they are read."""
    return f"{errors.min():.2f} to {errors.max():.2f} %"


def in_powers(rate: float) -> str:
    """A learning rate as it is read: 0.0003 as 3·10⁻⁴, 0.001 as 10⁻³."""
    mantissa, _, exponent = f"{rate:.0e}".partition("e")
    power = "10" + str(int(exponent)).translate(
        str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    )
    return power if mantissa == "1" else f"{mantissa}·{power}"


def _tests() -> dict[str, Callable]:
    """The methods of Findings, by the ids of the claims that they test."""
    tests = {}
    for name, method in vars(Findings).items():
        if callable(method) and not name.startswith("_"):
            tests[name.replace("_", "-")] = method
    return tests


TESTS = _tests()


def find_all(evidence: Findings) -> dict[str, Finding]:
    """What each claim's test finds, in the order of the ledger.

    Raises
    ------
    UserError
        If a claim has no test, or a test no claim.
    """
    claims = evidence.ledger.claims
    for name in sorted(claims.keys() ^ TESTS.keys()):
        lacks = "test" if name in claims else "claim"
        raise UserError(f"{name} has no {lacks}: the ledger and its tests must agree")
    findings = {}
    for name, claim in claims.items():
        test = TESTS[name]
        findings[name] = test(evidence, claim)
    return findings


def count_verdicts(findings: dict[str, Finding]) -> dict[str, int]:
    """How many findings have each verdict."""
    verdicts = [finding.verdict for finding in findings.values()]
    return {verdict: verdicts.count(verdict) for verdict in VERDICTS}


def failures(findings: dict[str, Finding]) -> list[str]:
    """The ids of the claims that do not hold."""
    return [name for name, finding in findings.items() if finding.verdict == FAILS]
