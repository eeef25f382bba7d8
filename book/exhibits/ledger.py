"""The ledger ``book/claims.yml``: what the 2020 report states, and what others published."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lenet5 import UserError

LEDGER = Path(__file__).resolve().parent.parent / "claims.yml"
PARTS = {
    "claims": list,
    "recipe": list,
    "literature": list,
    "facts": dict,
}  # of the file


@dataclass(frozen=True)
class Claim:
    """One statement of the 2020 report: its place, how it is tested, and what it claims.

    ``stands`` says in what it stands, the text, a figure or the program. ``value`` is a number, a text or a list of them, None where nothing here can test it;
    ``tolerance`` is how far a finding may be from each number; ``shown`` is the label of
    the figure, table or listing in which a reader sees it.
    """

    id: str
    claim: str
    where: str
    stands: str
    test: str
    value: Any = None
    tolerance: float = 0.0
    shown: str = ""

    def agrees(self, finding) -> bool:
        """Whether a finding is the claimed value; numbers may differ by the tolerance."""
        if not isinstance(self.value, list):
            return self._near(finding, self.value)
        if len(finding) != len(self.value):
            return False
        pairs = zip(finding, self.value, strict=True)
        return all(self._near(part, value) for part, value in pairs)

    def _near(self, finding, value) -> bool:
        if isinstance(value, str):
            return finding == value
        return math.isclose(finding, value, rel_tol=1e-9, abs_tol=self.tolerance)


class Ledger(NamedTuple):
    """What the ledger holds, by id or by name.

    ``claims`` are those of the 2020 report. The others are entries as they stand in the
    file: ``recipe`` what a run needs to be told and where it is said, ``literature``
    published results, and ``facts`` single numbers and dates of publications.
    """

    claims: dict[str, Claim]
    recipe: list[dict]
    literature: dict[str, dict]
    facts: dict[str, Any]


def read_ledger(path: Path = LEDGER) -> Ledger:
    """Read the ledger.

    Raises
    ------
    UserError
        If it is missing or damaged, or an entry lacks a field or repeats an id.
    """
    try:
        content = _read_parts(Path(path))
        claims = [Claim(**entry) for entry in content["claims"]]
        literature = {entry["id"]: entry for entry in content["literature"]}
    except (OSError, ValueError, yaml.YAMLError, TypeError, KeyError) as error:
        cause = " ".join(str(error).split())
        raise UserError(
            f"{path} is missing or damaged ({cause}): restore it with git"
        ) from error
    for part in ("claims", "literature"):
        ids = [entry["id"] for entry in content[part]]
        for name in ids:
            if ids.count(name) > 1:
                raise UserError(f"{path} has the id {name} twice: give each its own")
    by_id = {claim.id: claim for claim in claims}
    return Ledger(by_id, content["recipe"], literature, content["facts"])


def _read_parts(path: Path) -> dict:
    """The parts of the file; TypeError says which it lacks."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, kind in PARTS.items():
        if not isinstance(content, dict) or not isinstance(content.get(name), kind):
            raise TypeError(f"it holds no {kind.__name__} {name}")
    return content
