"""The tables of the page *Committee*: choices, views and costs."""

from statistics import fmean

from exhibits.committee.costs import Cost
from exhibits.ledger import read_ledger
from studies import committee
from studies.committee import HELD_BACK, Networks


def choice_rows() -> list[tuple]:
    """The lines of a table: each choice, and its errors on the images held back, %."""
    table = committee.read_choices()
    lines = []
    for choice in committee.CHOICES:
        counts = table[table.column == choice.name].misread
        error = 100 * counts.mean() / HELD_BACK
        by_seed = " ".join(str(count) for count in counts)
        name = choice.name
        if choice is committee.CHOSEN:
            name += " (digits as given)"
        lines.append((name, by_seed, f"{error:.2f}"))
    return lines


def view_rows(columns: Networks) -> list[tuple]:
    """The lines of a table, view by view: ours and the paper's, single and together."""
    ledger = read_ledger()
    lines = []
    for column in committee.PUBLISHED:
        single, together = ledger.facts["mcdnn_views"][column.name]
        of_view = columns.of(column.name)
        lines.append(_view_row(column.name, of_view, single, together))
    single = ledger.facts["mcdnn_single"]
    together = ledger.literature["mcdnn"]["error"]
    lines.append(_view_row("all", columns, single, together))
    return lines


def _view_row(name: str, networks: Networks, single: float, together: float) -> tuple:
    """A line: the errors of our networks, each beside the one of the paper, %."""
    return (
        name,
        f"{fmean(networks.singles):.2f}",
        f"{single:.2f}",
        f"{networks.error:.2f}",
        f"{together:.2f}",
        len(networks.table),
    )


def cost_rows(
    here: list[Cost], published: list[Cost], literature: dict[str, dict]
) -> list[tuple]:
    """The lines of a table, the highest error first: what was run here, and papers.

    Parameters
    ----------
    here, published : list of Cost
        Of what was run here, and those counted for networks of papers.
    literature : dict
        Of :class:`exhibits.ledger.Ledger`.
    """
    by_error = []  # a line with its error before it
    for cost in here:
        by_error.append((cost.error, _row_of_cost(cost)))
    counted = {(cost.paper, cost.error): cost for cost in published}
    for paper, entry in literature.items():
        cost = counted.pop((paper, entry["error"]), None)
        by_error.append((entry["error"], _row_of_paper(entry, entry["system"], cost)))
    for cost in counted.values():  # such as one of several networks of a paper
        entry = literature[cost.paper]
        by_error.append((cost.error, _row_of_paper(entry, cost.name, cost)))
    return [line for _, line in sorted(by_error, reverse=True)]


def _row_of_cost(cost: Cost) -> tuple:
    multiply_adds = as_power_of_ten(cost.multiply_adds)
    seconds = f"{cost.seconds:,.0f}"
    return f"{cost.name}, here", f"{cost.error:.2f}", multiply_adds, seconds, "no"


def _row_of_paper(entry: dict, system: str, cost: Cost | None) -> tuple:
    """A line: a system of a paper, with its cost where that was counted."""
    name = f"{system} {{cite:p}}`{entry['cite']}`"
    error = cost.error if cost else entry["error"]
    multiply_adds = as_power_of_ten(cost.multiply_adds) if cost else ""
    return name, f"{error:.2f}", multiply_adds, "", entry["selected"]


def as_power_of_ten(count: float) -> str:
    """A large number as a power of ten, for Markdown."""
    digits, exponent = f"{count:.1e}".split("e")
    return f"{digits}·10{{sup}}`{int(exponent)}`"
