"""Sentences of the page *Results* that another run has otherwise."""

from exhibits import edition
from lenet5 import Config


def subject(config: Config) -> str:
    """What the front page calls the book, and if it is another than the report, why."""
    if edition.is_report(config):
        return "this reproduction"
    return f"this edition ({edition.differences(config)})"


def compare_shapes(config: Config) -> str:
    """How the curves of a run lie beside the original's."""
    if edition.is_report(config):
        return (
            "The curves of both reports have one shape and end close together: a steep "
            "first epoch, then a slow descent that is noisy on the test images."
        )
    return (
        "The original's curves are those of its own network and recipe, and ours those of "
        "this edition: nothing says that they should agree."
    )


def compare_errors(of_train: float, of_test: float) -> str:
    """What an error on the training images says beside that on the test images, in %."""
    if of_train < 0.75 * of_test:
        return "far below: the network learns some of them by heart"
    if of_train < of_test:
        return "below that on the test images"
    return "not below that on the test images: the network has learned none by heart"
