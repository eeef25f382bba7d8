"""The tests of the original's claims: one method a claim, named by the claim's id."""

import math

import numpy as np

from exhibits.evidence import Evidence
from exhibits.ledger import Finding
from exhibits.recipe import optimiser_name
from lenet5 import Lenet5Error


class Findings(Evidence):
    """Every public method tests the claim of its name, and says what it found."""

    def image_size(self, claim):
        size = self.train.images.shape[2:]
        return Finding(claim.agrees(size), "×".join(map(str, size)))

    def grey(self, claim):
        channels = self.train.images.shape[1]
        return Finding(claim.agrees(channels), f"{channels} channel")

    def total(self, claim):
        count = len(self.train.labels) + self.images
        return Finding(claim.agrees(count), f"{count:,}")

    def splits(self, claim):
        counts = len(self.train.labels), self.images
        return Finding(claim.agrees(counts), "{:,} and {:,}".format(*counts))

    def classes(self, claim):
        count = len(np.unique(self.train.labels))
        return Finding(claim.agrees(count), f"{count}")

    def class_size(self, claim):
        counts = np.bincount(self.train.labels)
        mean = len(self.train.labels) / len(counts)
        text = f"from {counts.min():,} to {counts.max():,}; {mean:,.0f} on average"
        return Finding(all(map(claim.agrees, counts)), text, claim.agrees(mean))

    def validation(self, claim):
        apart = self.ledger.claims["total"].value - len(self.train.labels) - self.images
        text = f"{apart} images are in neither split: it is the test set; "
        text += "the epoch reported is the last, not the best"
        last_is_not_best = (
            self.original.accuracy.iloc[-1] < self.original.accuracy.max()
        )
        return Finding(claim.agrees(apart), text, last_is_not_best)

    def lenet5(self, claim):
        count = sum(array.size for array in self.run.weights.values())
        sizes = [
            len(array) for name, array in self.run.weights.items() if "bias" in name
        ]
        text = f"{count:,} parameters, not {claim.value:,}; "
        text += f"layers of the sizes {sizes} as in the paper"
        return Finding(claim.agrees(count), text, sizes == [6, 16, 120, 84, 10])

    def convolutions(self, claim):
        count = sum(array.ndim == 4 for array in self.run.weights.values())
        return Finding(claim.agrees(count), f"{count}")

    def pools(self, claim):
        count = sum(name.startswith("pool") for name in self.layers)
        return Finding(claim.agrees(count), f"{count}")

    def dense(self, claim):
        count = sum(array.ndim == 2 for array in self.run.weights.values())
        return Finding(claim.agrees(count), f"{count}")

    def relu(self, claim):
        count = sum(name.startswith("relu") for name in self.layers)
        weighted = sum(array.ndim > 1 for array in self.run.weights.values())
        text = f"{count} of {weighted}: the last gives logits"
        return Finding(claim.agrees(count), text, count == weighted - 1)

    def adam(self, claim):
        return Finding(claim.agrees(optimiser_name()) and self.near, self.ends)

    def learning_rate(self, claim):
        return Finding(claim.agrees(self.run.config.lr) and self.near, self.ends)

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
        drawn, moved = self.correlation(0), self.correlation(1)
        text = f"{drawn:.3f} as drawn, {moved:.3f} moved"
        return Finding(drawn > moved, text, moved > 0.99)

    def random_examples(self, claim):
        first = self.predictions.labels[:9].tolist()
        text = "they are the first nine of the file, in its order"
        return Finding(not claim.agrees(first), text)

    def replication(self, claim):
        text = f"{self.predictions.mistakes} mistakes against {self.plotted_mistakes}, "
        text += f"p = {self.chance:.2f}; no seed is set, so only the recipe repeats"
        return Finding(False, text, self.near)

    def mcdnn(self, claim):
        error = self.ledger.literature["mcdnn"]["error"]
        return Finding(claim.agrees(100 - error), f"{error} % error in its paper")

    def best(self, claim):
        ours, report = self.ledger.literature["mcdnn"], self.ledger.facts["report"]
        rows = self.ledger.literature.values()

        def rank(date):
            older = [row["error"] for row in rows if row["date"] <= date]
            return 1 + sum(error < ours["error"] for error in older)

        then, since = rank(ours["date"]), rank(report)
        text = f"number {then} in {ours['date'][:4]}, number {since} in {report[:4]}"
        return Finding(claim.agrees(since), text, claim.agrees(then))

    def hardware(self, claim):
        return Finding(None, "the machine is not ours, and no run was published")

    def julia(self, claim):
        return Finding(None, "the code is not executed here")


TESTS = {
    name.replace("_", "-"): test
    for name, test in vars(Findings).items()
    if callable(test) and not name.startswith("_")
}


def find_all(evidence: Findings) -> dict[str, Finding]:
    """What each claim's test finds, in the order of the ledger.

    Raises
    ------
    Lenet5Error
        If a claim has no test, or a test no claim.
    """
    claims = evidence.ledger.claims
    for name in sorted(claims.keys() ^ TESTS.keys()):
        lacks = "test" if name in claims else "claim"
        raise Lenet5Error(f"{name} has no {lacks}: the ledger and its tests must agree")
    return {name: TESTS[name](evidence, claim) for name, claim in claims.items()}
