"""The tests of the original's claims: one function a claim, named by the claim's id."""

import math

import numpy as np

from exhibits.ledger import ClaimTests, Finding
from exhibits.recipe import optimiser_name

tests = ClaimTests()


@tests.of("image-size")
def image_size(claim, e):
    size = e.train.images.shape[2:]
    return Finding(claim.agrees(size), "×".join(map(str, size)))


@tests.of("grey")
def grey(claim, e):
    channels = e.train.images.shape[1]
    return Finding(claim.agrees(channels), f"{channels} channel")


@tests.of("total")
def total(claim, e):
    count = len(e.train.labels) + e.images
    return Finding(claim.agrees(count), f"{count:,}")


@tests.of("splits")
def splits(claim, e):
    counts = len(e.train.labels), e.images
    return Finding(claim.agrees(counts), "{:,} and {:,}".format(*counts))


@tests.of("classes")
def classes(claim, e):
    count = len(np.unique(e.train.labels))
    return Finding(claim.agrees(count), f"{count}")


@tests.of("class-size")
def class_size(claim, e):
    counts = np.bincount(e.train.labels)
    mean = len(e.train.labels) / len(counts)
    text = f"from {counts.min():,} to {counts.max():,}; {mean:,.0f} on average"
    return Finding(all(map(claim.agrees, counts)), text, claim.agrees(mean))


@tests.of("validation")
def validation(claim, e):
    apart = e.ledger.claims["total"].value - len(e.train.labels) - e.images
    text = f"{apart} images are in neither split: it is the test set; "
    text += "the epoch reported is the last, not the best"
    last_is_not_best = e.original.accuracy.iloc[-1] < e.original.accuracy.max()
    return Finding(claim.agrees(apart), text, last_is_not_best)


@tests.of("lenet5")
def lenet5(claim, e):
    count = sum(array.size for array in e.run.weights.values())
    sizes = [len(array) for name, array in e.run.weights.items() if "bias" in name]
    text = f"{count:,} parameters, not {claim.value:,}; "
    text += f"layers of the sizes {sizes} as in the paper"
    return Finding(claim.agrees(count), text, sizes == [6, 16, 120, 84, 10])


@tests.of("convolutions")
def convolutions(claim, e):
    count = sum(array.ndim == 4 for array in e.run.weights.values())
    return Finding(claim.agrees(count), f"{count}")


@tests.of("pools")
def pools(claim, e):
    count = sum(name.startswith("pool") for name in e.layers)
    return Finding(claim.agrees(count), f"{count}")


@tests.of("dense")
def dense(claim, e):
    count = sum(array.ndim == 2 for array in e.run.weights.values())
    return Finding(claim.agrees(count), f"{count}")


@tests.of("relu")
def relu(claim, e):
    count = sum(name.startswith("relu") for name in e.layers)
    weighted = sum(array.ndim > 1 for array in e.run.weights.values())
    text = f"{count} of {weighted}: the last gives logits"
    return Finding(claim.agrees(count), text, count == weighted - 1)


@tests.of("adam")
def adam(claim, e):
    return Finding(claim.agrees(optimiser_name()) and e.near, e.ends)


@tests.of("learning-rate")
def learning_rate(claim, e):
    return Finding(claim.agrees(e.run.config.lr) and e.near, e.ends)


@tests.of("loss")
def loss(claim, e):
    first = e.original.loss[0]
    return Finding(claim.agrees(first), f"{first:.4f} against {math.log(10):.4f}")


@tests.of("epochs")
def epochs(claim, e):
    return Finding(claim.agrees(len(e.original)), f"{len(e.original)} values")


@tests.of("accuracy")
def accuracy(claim, e):
    plotted = e.original.accuracy.iloc[-1]
    text = f"{plotted:.2f} % plotted, {100 - e.error:.2f} % ours"
    return Finding(claim.agrees(plotted), text)


@tests.of("loss-axis")
def loss_axis(claim, e):
    drawn, moved = e.correlation(0), e.correlation(1)
    text = f"{drawn:.3f} as drawn, {moved:.3f} moved"
    return Finding(drawn > moved, text, moved > 0.99)


@tests.of("random-examples")
def random_examples(claim, e):
    first = e.predictions.labels[:9].tolist()
    text = "they are the first nine of the file, in its order"
    return Finding(not claim.agrees(first), text)


@tests.of("replication")
def replication(claim, e):
    text = f"{e.predictions.mistakes} mistakes against {e.plotted_mistakes}, "
    text += f"p = {e.chance:.2f}; no seed is set, so only the recipe repeats"
    return Finding(False, text, e.near)


@tests.of("mcdnn")
def mcdnn(claim, e):
    error = e.ledger.literature["mcdnn"]["error"]
    return Finding(claim.agrees(100 - error), f"{error} % error in its paper")


@tests.of("best")
def best(claim, e):
    ours, report = e.ledger.literature["mcdnn"], e.ledger.facts["report"]
    rows = e.ledger.literature.values()

    def rank(date):
        older = [row["error"] for row in rows if row["date"] <= date]
        return 1 + sum(error < ours["error"] for error in older)

    then, since = rank(ours["date"]), rank(report)
    text = f"number {then} in {ours['date'][:4]}, number {since} in {report[:4]}"
    return Finding(claim.agrees(since), text, claim.agrees(then))


@tests.of("hardware")
def hardware(claim, e):
    return Finding(None, "the machine is not ours, and no run was published")


@tests.of("julia")
def julia(claim, e):
    return Finding(None, "the code is not executed here")
