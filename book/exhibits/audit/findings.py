"""The tests of the original's claims: one method a claim, named by the claim's id."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from exhibits.audit.evidence import Evidence
from exhibits.definition import optimiser_name
from lenet5 import UserError

HOLDS = "holds"
CORRECTED = "holds with a correction"
FAILS = "does not hold"
UNTESTED = "cannot be tested here"


class Finding(NamedTuple):
    """What the test of a claim has found, in words, and what follows for the claim.

    ``as_written`` says whether it holds so, None if it cannot be tested; ``corrected``
    whether it holds with a correction.
    """

    as_written: bool | None
    text: str
    corrected: bool = False

    @property
    def verdict(self) -> str:
        """One of the four verdicts."""
        if self.as_written is None:
            return UNTESTED
        if self.as_written:
            return HOLDS
        if self.corrected:
            return CORRECTED
        return FAILS


class Findings(Evidence):
    """Every public method tests the claim of its name, and says what it found.

    Each takes the claim, an :class:`exhibits.ledger.Claim`, and gives a :class:`Finding`.
    The run is one of the network and by the recipe of the original: the published one.
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

    def validation(self, claim):
        total = self.ledger.claims["total"].value
        apart = total - len(self.train.labels) - self.images
        text = f"{apart} images are in neither split: it is the test set; "
        text += "the epoch reported is the last, not the best"
        accuracy = self.original.accuracy
        last_is_not_best = accuracy.iloc[-1] < accuracy.max()
        return Finding(claim.agrees(apart), text, last_is_not_best)

    def lenet5(self, claim):
        count = self.run.network.parameters
        # Of the layers: the maps of a convolution, the units of a dense one.
        sizes = [stage.outputs for stage in self.run.network.stages]
        text = f"{count:,} parameters, not {claim.value:,}; "
        text += f"layers of the sizes {sizes} as in the paper"
        as_in_paper = sizes == self.ledger.facts["lenet5_sizes"]
        return Finding(claim.agrees(count), text, as_in_paper)

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
        weighted = len(self.run.network.stages)
        text = f"{count} of {weighted}: the last gives logits"
        return Finding(claim.agrees(count), text, count == weighted - 1)

    def adam(self, claim):
        agrees = claim.agrees(optimiser_name(self.run.config.optimizer))
        return Finding(agrees and self.ends_near_plotted, self.both_ends)

    def learning_rate(self, claim):
        agrees = claim.agrees(self.run.config.lr) and self.ends_near_plotted
        return Finding(agrees, self.both_ends)

    def loss(self, claim):
        first = self.original.loss[0]
        return Finding(claim.agrees(first), f"{first:.4f} against {math.log(10):.4f}")

    def epochs(self, claim):
        return Finding(claim.agrees(len(self.original)), f"{len(self.original)} values")

    def accuracy(self, claim):
        plotted = self.original.accuracy.iloc[-1]
        text = f"{plotted:.2f} % plotted, {100 - self.error:.2f} % ours"
        return Finding(claim.agrees(plotted), text)

    def loss_axis(self, claim):
        drawn = self.correlation(0)
        moved = self.correlation(1)
        text = f"{drawn:.3f} as drawn, {moved:.3f} moved"
        return Finding(drawn > moved, text, moved > 0.99)

    def random_examples(self, claim):
        first = self.predictions.labels[:9].tolist()
        text = "they are the first nine of the file, in its order"
        return Finding(not claim.agrees(first), text)

    def replication(self, claim):
        text = f"{self.predictions.mistakes} mistakes against {self.plotted_mistakes}, "
        text += f"p = {self.p_value:.2f}; no seed is set, so only the recipe repeats"
        return Finding(False, text, self.ends_near_plotted)

    def mcdnn(self, claim):
        error = self.ledger.literature["mcdnn"]["error"]
        return Finding(claim.agrees(100 - error), f"{error} % error in its paper")

    def best(self, claim):
        mcdnn = self.ledger.literature["mcdnn"]
        report = self.ledger.facts["report"]  # its date

        def rank(date: str) -> int:
            """The place of mcdnn among what was published up to a date."""
            better = 0
            for entry in self.ledger.literature.values():
                if entry["date"] <= date and entry["error"] < mcdnn["error"]:
                    better += 1
            return 1 + better

        at_first = rank(mcdnn["date"])
        later = rank(report)
        text = f"number {at_first} in {mcdnn['date'][:4]}, "
        text += f"number {later} in {report[:4]}"
        return Finding(claim.agrees(later), text, claim.agrees(at_first))

    def hardware(self, claim):
        return Finding(None, "the machine is not ours, and no run was published")

    def julia(self, claim):
        return Finding(None, "the code is not executed here")


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
    return {
        verdict: verdicts.count(verdict)
        for verdict in (HOLDS, CORRECTED, FAILS, UNTESTED)
    }


def failures(findings: dict[str, Finding]) -> list[str]:
    """The ids of the claims that do not hold."""
    return [name for name, finding in findings.items() if finding.verdict == FAILS]
