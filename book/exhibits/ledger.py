"""The ledger of claims: what the original states, and what was found."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lenet5 import Lenet5Error

LEDGER = Path(__file__).resolve().parent.parent / "claims.yml"
HOLDS, CORRECTED = "holds", "holds with a correction"
PARTS = {"claims": list, "literature": list, "facts": dict}
FAILS, UNTESTED = "does not hold", "cannot be tested here"


@dataclass(frozen=True)
class Claim:
    """One statement of the original.

    Attributes
    ----------
    id, claim, where, test : str
        Name, paraphrase, place in the original, and how it is tested.
    value : number, str or list, optional
        What is claimed; None where nothing here can test it.
    tolerance : float
        How far a finding may be from each number of ``value``.
    """

    id: str
    claim: str
    where: str
    test: str
    value: Any = None
    tolerance: float = 0.0

    def agrees(self, found) -> bool:
        """Whether a finding is the claimed value; numbers may differ by the tolerance."""
        if isinstance(self.value, list):
            alike = len(found) == len(self.value)
            return alike and all(map(self._near, found, self.value))
        return self._near(found, self.value)

    def _near(self, found, value) -> bool:
        if isinstance(value, str):
            return found == value
        return math.isclose(found, value, rel_tol=1e-9, abs_tol=self.tolerance)


class Finding(NamedTuple):
    """What a test found.

    Attributes
    ----------
    as_written : bool or None
        Whether the claim holds as it is written; None if nothing here can tell.
    text : str
        What was found, or why nothing can be.
    corrected : bool
        Whether the claim holds with the correction that ``text`` gives.
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
        return CORRECTED if self.corrected else FAILS


class Ledger(NamedTuple):
    """Claims by id, published results by id, and single facts by name."""

    claims: dict[str, Claim]
    literature: dict[str, dict]
    facts: dict[str, Any]


def read(path: Path = LEDGER) -> Ledger:
    """Read the ledger.

    Raises
    ------
    Lenet5Error
        If it is missing or damaged, or an entry lacks a field or repeats an id.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        for name, kind in PARTS.items():
            if not isinstance(content, dict) or not isinstance(content.get(name), kind):
                raise TypeError(f"it holds no {kind.__name__} {name}")
        claims = [Claim(**entry) for entry in content["claims"]]
        literature, facts = content["literature"], content["facts"]
        keys = [claim.id for claim in claims], [entry["id"] for entry in literature]
    except (OSError, ValueError, yaml.YAMLError, TypeError, KeyError) as error:
        raise Lenet5Error(
            f"{path} is missing or damaged: {_text(error)}; restore it with git"
        ) from error
    for ids in keys:
        for name in {name for name in ids if ids.count(name) > 1}:
            raise Lenet5Error(f"{path} has the id {name} twice: give each its own")
    return Ledger(
        {claim.id: claim for claim in claims},
        {entry["id"]: entry for entry in literature},
        facts,
    )


class ClaimTests(dict):
    """The tests of claims, by the ids of the claims; each is a function of (claim, evidence)."""

    def of(self, claim: str) -> Callable:
        """Register the function below as the test of a claim.

        Raises
        ------
        Lenet5Error
            If the claim has a test already.
        """

        def register(test: Callable) -> Callable:
            if claim in self:
                raise Lenet5Error(f"{claim} has two tests: leave one")
            self[claim] = test
            return test

        return register

    def findings(self, claims: Mapping[str, Claim], evidence) -> dict[str, Finding]:
        """What each test finds, in the order of the ledger.

        Raises
        ------
        Lenet5Error
            If a claim has no test, or a test no claim.
        """
        for name in sorted(claims.keys() ^ self.keys()):
            lacks = "test" if name in claims else "claim"
            raise Lenet5Error(
                f"{name} has no {lacks}: the ledger and its tests must agree"
            )
        return {name: self[name](claims[name], evidence) for name in claims}


def tally(findings: Mapping[str, Finding]) -> dict[str, int]:
    """How many findings have each verdict, by a word for it."""
    verdicts = [finding.verdict for finding in findings.values()]
    words = {
        "held": HOLDS,
        "corrected": CORRECTED,
        "failed": FAILS,
        "untested": UNTESTED,
    }
    return {word: verdicts.count(verdict) for word, verdict in words.items()}


def rows(claims: Mapping[str, Claim], findings: Mapping[str, Finding]) -> list[str]:
    """The lines of a table: claim, verdict, what was found, its test, its place."""
    return [
        f"{claim.claim} | *{finding.verdict}* | {finding.text} | {claim.test} | {claim.where}"
        for claim, finding in ((claims[name], findings[name]) for name in claims)
    ]


def _text(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error.args[0]}"
    return " ".join(str(error).split())
