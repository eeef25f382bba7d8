"""The ledger of claims: what the original states, and what was found."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lenet5 import Lenet5Error

LEDGER = Path(__file__).resolve().parent.parent / "claims.yml"
PARTS = {"claims": list, "literature": list, "facts": dict}
HOLDS, CORRECTED = "holds", "holds with a correction"
FAILS, UNTESTED = "does not hold", "cannot be tested here"
# How a verdict looks, in the order of a table: what fails comes first.
BADGES = {FAILS: "danger", CORRECTED: "warning", UNTESTED: "dark", HOLDS: "success"}


@dataclass(frozen=True)
class Claim:
    """One statement of the original: its place, how it is tested, and what it claims.

    ``value`` is a number, a text or a list of them, None where nothing here can test it;
    ``tolerance`` is how far a finding may be from each number; ``shown`` is the label of
    the figure, table or listing in which a reader sees it.
    """

    id: str
    claim: str
    where: str
    test: str
    value: Any = None
    tolerance: float = 0.0
    shown: str = ""

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
    """Whether a claim holds as written (None: untestable), what was found, or corrected."""

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
        literature = [(entry["id"], entry) for entry in content["literature"]]
    except (OSError, ValueError, yaml.YAMLError, TypeError, KeyError) as error:
        cause = " ".join(str(error).split())
        raise Lenet5Error(
            f"{path} is missing or damaged ({cause}): restore it with git"
        ) from error
    for ids in [claim.id for claim in claims], [name for name, _ in literature]:
        for name in {name for name in ids if ids.count(name) > 1}:
            raise Lenet5Error(f"{path} has the id {name} twice: give each its own")
    by_id = {claim.id: claim for claim in claims}
    return Ledger(by_id, dict(literature), content["facts"])


def tally(findings: dict[str, Finding]) -> dict[str, int]:
    """How many findings have each verdict, by a word for it."""
    verdicts = [finding.verdict for finding in findings.values()]
    words = {
        "held": HOLDS,
        "corrected": CORRECTED,
        "failed": FAILS,
        "untested": UNTESTED,
    }
    return {word: verdicts.count(verdict) for word, verdict in words.items()}


def failures(findings: dict[str, Finding]) -> list[str]:
    """The ids of the claims that do not hold."""
    return [name for name, finding in findings.items() if finding.verdict == FAILS]


def rows(claims: dict[str, Claim], findings: dict[str, Finding]) -> list[tuple]:
    """The lines of a table, by verdict: verdict, claim, what was found, its test, its place."""
    lines = []
    for verdict, badge in BADGES.items():
        for name, claim in claims.items():
            if findings[name].verdict == verdict:
                shown = f" ({{numref}}`{claim.shown}`)" if claim.shown else ""
                text = findings[name].text + shown
                mark = f"{{bdg-{badge}}}`{verdict}`"
                lines.append((mark, claim.claim, text, claim.test, claim.where))
    return lines
