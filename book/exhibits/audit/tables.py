"""The tables of the page *Audit*: the claims, and three ways to choose an epoch."""

import pandas as pd

from exhibits.audit.findings import CORRECTED, FAILS, HOLDS, UNTESTED, Finding
from exhibits.ledger import Claim

# How a verdict looks, in the order of a table: what fails comes first.
BADGES = {FAILS: "danger", CORRECTED: "warning", UNTESTED: "dark", HOLDS: "success"}


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
            lines.append((mark, claim.claim, text, claim.test, claim.where))
    return lines


def choice_rows(errors: pd.DataFrame, chosen: dict[str, int]) -> list[tuple]:
    """The lines of a table: each choice, its epoch, and its accuracies, %.

    Parameters
    ----------
    errors : DataFrame
        Of :func:`studies.validation.two_measures`, by epoch, %.
    chosen : dict of int
        Of :func:`studies.validation.choices`: an epoch by the name of the choice.
    """
    lines = []
    for name, epoch in chosen.items():
        validation = 100 - errors.validation[epoch]
        test = 100 - errors.test[epoch]
        lines.append((name, epoch, f"{validation:.2f}", f"{test:.2f}"))
    return lines
