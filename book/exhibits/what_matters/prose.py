"""Sentences of the page *What matters*: each follows from the table."""

from collections.abc import Iterable

from exhibits.differences import in_points, risk
from exhibits.layers import COUNTS, listed
from studies.comparisons import (
    ALIKE,
    BETTER,
    WORSE,
    paired,
    verdict,
)
from studies.intervals import holm
from studies.variations import OF_RATE, Compared, Outcome, changed, config_of


def in_words(number: int) -> str:
    """A count as it is read in a sentence: a small one as a word."""
    if number == 0:
        return "none"
    return COUNTS[number] if number < len(COUNTS) else str(number)


def quoted(names: Iterable[str]) -> str:
    """The names of variations as a list in prose; some have a comma in them."""
    return listed(f"“{name}”" for name in names)


def names(compared: list[Compared], word: str) -> list[str]:
    """The variations of a verdict, the one that differs most first."""
    rows = [row for row in compared if row.verdict == word]
    rows.sort(key=lambda row: -abs(row.held_back.mean))
    return [row.outcome.name for row in rows]


def finding(compared: list[Compared]) -> str:
    """Which variations are better than the recipe, which worse, and how many neither."""
    sentences = []
    for word in (BETTER, WORSE):
        found = names(compared, word)
        if not found:
            sentences.append(f"None is shown to be {word} beyond chance.")
            continue
        verb = "is" if len(found) == 1 else "are"
        number = in_words(len(found)).capitalize()
        sentences.append(f"{number} {verb} {word} beyond chance: {quoted(found)}.")
    alike = len(names(compared, ALIKE))
    if alike == len(compared):
        sentences.append(
            "No difference is shown, which does not mean that there is none."
        )
    elif alike > 1:
        sentences.append(
            f"Of the other {in_words(alike)} so many seeds show no difference."
        )
    elif alike == 1:
        sentences.append("Of the other one so many seeds show no difference.")
    return " ".join(sentences)


def of_name(compared: list[Compared], name: str) -> Compared:
    """The comparison of the variation of a name."""
    (row,) = [row for row in compared if row.outcome.name == name]
    return row


def alone_on_test(row: Compared) -> str:
    """Why the test images show a difference that those held back did not, if they do."""
    low, high = row.test.interval
    if row.verdict != ALIKE or low <= 0 <= high:
        return ""
    return (
        "On the images held back the same change was not beyond chance, for there it had to "
        "stand out among all variations. Here it stands alone, picked beforehand, and there "
        "are more images."
    )


def under_trained(compared: list[Compared], recipe: Outcome) -> str:
    """Whether higher rates are better than the recipe's, and lower ones worse."""
    verdicts: dict[str, set[str]] = {"higher": set(), "lower": set()}
    for row in compared:
        if changed(row.outcome.name) <= OF_RATE:
            higher = mean_rate(row.outcome.name) > mean_rate(recipe.name)
            verdicts["higher" if higher else "lower"].add(row.verdict)
    if BETTER in verdicts["higher"]:
        return (
            "The recipe is under-trained: its rate is low, and the last epoch ends before "
            "the weights have come as far as a higher rate takes them."
        )
    if WORSE not in verdicts["lower"]:
        return "Whether the recipe's rate is too low, these seeds do not tell."
    return (
        "A lower rate is worse. The higher ones do better on average, and by less than these "
        "seeds can tell from luck."
        if all_lower_errors(compared, recipe)
        else "A lower rate is worse, and no higher one is shown to be better."
    )


def all_lower_errors(compared: list[Compared], recipe: Outcome) -> bool:
    """Whether all higher rates have a lower mean error than the recipe's, held back."""
    higher = []
    for row in compared:
        name = row.outcome.name
        if changed(name) <= OF_RATE and mean_rate(name) > mean_rate(recipe.name):
            higher.append(row.held_back.mean)
    return all(mean < 0 for mean in higher)


def mean_rate(name: str) -> float:
    """The mean over the epochs of a variation's rate; a falling one ends at ``lr / epochs``."""
    config = config_of(name)
    if config.schedule == "linear":
        return config.lr * (config.epochs + 1) / (2 * config.epochs)
    return config.lr


def contest(tuned: Outcome, network: Outcome) -> str:
    """How the best rate does beside the best other network, on the images held back."""
    difference = paired(tuned.held_back, network.held_back)
    word = verdict(difference, difference.p_value)
    times = network.multiply_adds / tuned.multiply_adds
    between = (
        f"{in_points(difference)} points lie between the two, and that network takes "
        f"{times:.1f} times the multiply-adds."
    )
    if word == BETTER:
        return f"The best rate does more than the best other network: {between}"
    if word == WORSE:
        return f"The best other network does more than the best rate: {between}"
    return (
        "Whether the best rate or the best other network does more, so many seeds do not "
        f"tell: {between}"
    )


def on_training(recipe: Outcome, tuned: Outcome) -> str:
    """What the images trained on say of a rate that was tuned."""
    errors = (
        f"after its last epoch the recipe misreads {recipe.of_train:.2f} % of them, and "
        f"with the rate tuned {tuned.of_train:.2f} %."
    )
    if tuned.of_train < recipe.of_train:
        return f"The images trained on point to the reason: {errors}"
    return f"The images trained on give no reason: {errors}"


def on_test(compared: list[Compared]) -> str:
    """How many of the variations that differ do so on the test images too."""
    chosen = [row for row in compared if row.verdict != ALIKE]
    if not chosen:
        return "No variation differs, so they have nothing to confirm."
    corrected = holm([row.test.p_value for row in chosen])
    lost = []
    for row, p_value in zip(chosen, corrected, strict=True):
        if verdict(row.test, p_value) != row.verdict:
            lost.append(row.outcome.name)
    if not lost:
        return (
            "What differs from the recipe on the images held back does so on them, too, in "
            "the same sense."
        )
    return (
        f"Of the {in_words(len(chosen))} that differ on the images held back, they confirm "
        f"{in_words(len(chosen) - len(lost))}, and not {quoted(lost)}."
    )


def share_of_errors() -> str:
    """How often a list of comparisons may be wrong, in words."""
    return f"{in_words(risk())} in a hundred"
