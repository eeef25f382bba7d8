"""Sentences of the page *What matters*: each follows from the table."""

from collections.abc import Iterable

from exhibits.differences import risk, unsigned
from exhibits.layers import in_words, listed
from studies.comparisons import (
    ALIKE,
    BETTER,
    WORSE,
    paired,
    verdict,
)
from studies.intervals import holm
from studies.variations import (
    OF_RATE,
    RECIPE,
    VARIATIONS,
    Compared,
    Outcome,
    changed,
    config_of,
)


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
    seeds = len(compared[0].outcome.held_back)
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
            f"For the other {in_words(alike)}, {seeds} seeds are too few to show a difference."
        )
    elif alike == 1:
        sentences.append(
            f"For the other one, {seeds} seeds are too few to show a difference."
        )
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


# The settings that a variation may change, as they are called in a sentence.
SETTINGS = {
    "network": "the network",
    "activation": "the activation",
    "optimizer": "the optimiser",
    "batch_size": "the size of a batch",
    "lr": "the rate",
    "schedule": "its schedule",
}


def of_two_settings() -> str:
    """Which variations change more than one setting, and which these are."""
    said = []
    for variation in VARIATIONS:
        settings = changed(variation.name)
        if len(settings) > 1:
            words = listed(
                words for name, words in SETTINGS.items() if name in settings
            )
            said.append(f"“{variation.name}” changes {words}")
    return (
        f"{in_words(len(said)).capitalize()} of the variations change two settings: "
        f"{listed(said)}."
    )


def of_rates(compared: list[Compared]) -> str:
    """What higher and lower rates do, constant and falling."""
    verdicts: dict[str, set[str]] = {
        "lower": set(),
        "constant": set(),
        "falling": set(),
    }
    for row in compared:
        name = row.outcome.name
        if changed(name) <= OF_RATE:
            verdicts[kind_of_rate(name)].add(row.verdict)
    lower = ""
    if WORSE in verdicts["lower"]:
        lower = "A lower rate is worse. "
    if BETTER in verdicts["constant"]:
        return (
            f"{lower}A higher rate does better: the recipe's is low for so few epochs."
        )
    if BETTER in verdicts["falling"]:
        return (
            f"{lower}A higher rate that falls does better, and a constant higher one is not "
            "shown to. Which of the two makes the difference, the height of the rate or its "
            "fall, these seeds do not tell."
        )
    return f"{lower}No higher rate is shown to be better."


def kind_of_rate(name: str) -> str:
    """Whether a variation's rate is lower than the recipe's on average, or how it is higher."""
    if mean_rate(name) < mean_rate(RECIPE.name):
        return "lower"
    return "constant" if config_of(name).schedule == "constant" else "falling"


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
    lower = "lower" if difference.mean < 0 else "higher"
    sign = -1 if difference.mean < 0 else 1
    low, high = sorted(sign * end for end in difference.interval)
    times = network.multiply_adds / tuned.multiply_adds
    between = (
        f"with the rate the error is {lower} by {abs(difference.mean):.2f} points "
        f"({unsigned(low)} to {unsigned(high)}), and the network takes {times:.1f} times the "
        "multiply-adds."
    )
    if word == BETTER:
        return f"The best rate does more than the best other network: {between}"
    if word == WORSE:
        return f"The best other network does more than the best rate: {between}"
    seeds = len(tuned.held_back)
    return (
        f"Whether the best rate or the best other network does more, {seeds} seeds are too few "
        f"to tell: {between}"
    )


def on_training(compared: list[Compared], recipe: Outcome, tuned: Outcome) -> str:
    """How well the images trained on are read with a rate that was tuned."""
    others = []
    for row in compared:
        if row.verdict != BETTER and row.outcome.of_train < recipe.of_train:
            others.append(row.outcome.name)
    errors = (
        f"Of the images trained on, the recipe misreads {recipe.of_train:.2f} % after its last "
        f"epoch, and this variation {tuned.of_train:.2f} %."
    )
    if tuned.of_train >= recipe.of_train or not others:
        return errors
    more = f"{in_words(len(others))} other variations have"
    if len(others) == 1:
        more = "one other variation has"
    return (
        f"{errors} That alone is no merit: {more} fewer mistakes there than the recipe, too, "
        "without being shown to read other images better."
    )


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
