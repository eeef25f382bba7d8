"""The run that the book is about, where it is not that of the report: what it has otherwise.

An edition of ``make what-if``, and a book whose defaults were changed in
``lenet5/config.py``, show another network or another recipe than the report. What they say
of themselves they say by the name that :func:`name_of` gives, and a note tells a reader
what differs.
"""

import functools
from collections.abc import Mapping
from typing import Any

from IPython.display import Markdown, display

from exact import UserError
from exact.network import Network
from exhibits.layers import NAMES, describe, listed
from lenet5 import RECORD, Config
from lenet5.config import RECIPE, Setting
from lenet5.data import IMAGE_SHAPE
from lenet5.run import Run

OUR_RUN = "our run"
THIS_EDITION = "this edition"
# Where the others of a run's settings are the report's, the network and what follows it
# make another network of it, and the rest another recipe.
OF_NETWORK = ("network", "activation")


def config_of_parameters(names: Mapping[str, Any]) -> Config:
    """The config that a chapter's parameters ask for.

    Parameters
    ----------
    names : mapping
        All names of the chapter, its ``globals()``. A setting of the recipe that is none of
        its parameters raises KeyError: an edition could not change it.
    """
    return Config(**{setting.name: names[setting.name] for setting in RECIPE})


def check(**settings) -> Config:
    """The config of an edition, by the names of its settings.

    It is asked before an edition is laid out, by ``chapters_check`` in ``_config.yml``.

    Raises
    ------
    ValueError
        If a setting is not allowed, or no such network can read the images.
    """
    config = Config(**settings)
    try:
        Network(config.network, config.activation, IMAGE_SHAPE)
    except UserError as error:
        raise ValueError(str(error)) from error
    return config


@functools.cache
def recorded() -> Run:
    """The run of the report, which stands in ``record/``.

    Raises
    ------
    UserError
        If it is missing or damaged.
    """
    return Run.load(RECORD)


def changes(config: Config) -> list[Setting]:
    """The settings of the recipe that a config has otherwise than the recorded run."""
    theirs = recorded().config
    return [
        setting
        for setting in RECIPE
        if getattr(config, setting.name) != getattr(theirs, setting.name)
    ]


def is_report(config: Config) -> bool:
    """Whether a config is that of the recorded run."""
    return not changes(config)


def has_report_network(config: Config) -> bool:
    """Whether a config asks for the network of the report, by whatever recipe."""
    return not any(setting.name in OF_NETWORK for setting in changes(config))


def name_of(config: Config) -> str:
    """What figures call the run: "our run", or "this edition" if it is another."""
    return OUR_RUN if is_report(config) else THIS_EDITION


def differences(config: Config) -> str:
    """What a config has otherwise, and what the report has, in words.

    Such as "network = 800N and epochs = 2, where the report has … and 20"; empty of the
    report's own.
    """
    changed = changes(config)
    if not changed:
        return ""
    theirs = recorded().config
    ours = listed(f"{each.name} = {getattr(config, each.name)}" for each in changed)
    original = listed(f"{getattr(theirs, each.name)}" for each in changed)
    return f"{ours}, where the report has {original}"


def describe_network(config: Config, network: Network) -> str:
    """A sentence of what the network of a config is made of."""
    words = f"It has {describe(network)}."
    if has_report_network(config):
        return words
    theirs = recorded().network
    activation = NAMES.get(config.activation, "no activation")
    words = f"The network of this edition, {network.notation} with {activation}, has "
    words += f"{describe(network)}. The report's, {theirs.notation}, has "
    return f"{words}{describe(theirs)}."


def show_note(config: Config) -> None:
    """Display what an edition has otherwise than the report; nothing of the report's own."""
    if is_report(config):
        return
    _show(
        config,
        "*Our* run, network and figures are this edition's; what is read from `record/` is "
        "the report's.",
    )


def show_note_of_record(config: Config) -> None:
    """Display, on a page of the recorded run alone, that in an edition too it is of that."""
    if is_report(config):
        return
    _show(
        config,
        "On this page *our run* and *our network* are the report's all the same, as "
        "`record/` has them.",
    )


def _show(config: Config, words: str) -> None:
    """Display a note: what an edition has otherwise, and some words."""
    note = [":::{note}", f"This edition has {differences(config)}. {words}", ":::"]
    display(Markdown("\n".join(note)))
