"""The tables of the page *Audit*."""

import pandas as pd

from exhibits.audit.findings import (
    CONSISTENT,
    CORRECTED,
    FAILS,
    HOLDS,
    UNTESTED,
    Finding,
    in_powers,
)
from exhibits.ledger import Claim

# How a verdict looks, in the order of a table: what fails comes first.
BADGES = {
    FAILS: "danger",
    CORRECTED: "warning",
    UNTESTED: "dark",
    CONSISTENT: "info",
    HOLDS: "success",
}


def claim_rows(claims: dict[str, Claim], findings: dict[str, Finding]) -> list[tuple]:
    """The lines of a table, by verdict: verdict, claim, what was found, its test, its place."""
    lines = []
    for verdict, badge in BADGES.items():
        for name, claim in claims.items():
            finding = findings[name]
            if finding.verdict != verdict:
                continue
            text = finding.text
            if claim.shown:
                text += f" ({{numref}}`{claim.shown}`)"
            mark = f"{{bdg-{badge}}}`{verdict}`"
            place = f"{claim.where} ({claim.stands})"
            lines.append((mark, claim.claim, text, claim.test, place))
    return lines


def recipe_rows(recipe: list[dict]) -> list[tuple]:
    """The lines of a table: what a run needs to be told, by the text and by the program."""
    return [(entry["what"], entry["text"], entry["program"]) for entry in recipe]


def rerun_rows(facts: dict) -> list[tuple]:
    """The lines of a table: with what the program was run again."""
    return [(what, f"{value}") for what, value in facts.items()]


def rate_rows(errors: dict[float, pd.Series]) -> list[tuple]:
    """The lines of a table: errors after the first epoch, by the learning rate.

    Parameters
    ----------
    errors : dict of Series
        Of :meth:`exhibits.audit.evidence.Evidence.first_errors`, %.
    """
    lines = []
    for rate, of_seeds in errors.items():
        cells = [of_seeds.min(), of_seeds.mean(), of_seeds.max()]
        numbers = [f"{cell:.2f}" for cell in cells]
        lines.append((in_powers(rate), len(of_seeds), *numbers))
    return lines
