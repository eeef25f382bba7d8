"""Any study's jobs: made by workers, noted when they fail, and written as one table."""

import pytest

from exact import UserError
from lenet5.files import check_sums
from made_studies import Here, table
from studies.jobs import run_jobs
from studies.pool import workers

COLUMNS = ("run", "row", "square")
EARLIER = """\
run,row,square
run 9,0,81
run 13,0,cut
run 4,0,of before
run 4,1,of before
"""


def squares(number, count):
    """On a worker: the rows of a run."""
    if number == 13:
        raise ValueError("13 brings ill luck")
    return [[f"run {number}", i, number**2 + i] for i in range(count)]


def make(jobs, executor, out, **options):
    """Run jobs of squares, each of which has as many rows as it is asked for."""
    return run_jobs(
        jobs,
        squares,
        executor,
        out=out,
        columns=COLUMNS,
        key="run",
        length=lambda number, count: count,
        **options,
    )


def test_any_study_goes_the_same_way(tmp_path):
    out = tmp_path / "squares.csv"
    jobs = {f"run {number}": (number, 2) for number in (9, 13, 4)}
    (tmp_path / "SHA256SUMS").touch()
    out.write_text(EARLIER)
    with workers(None, 2) as (executor, _):
        progress = make(jobs, executor, out)
    assert sorted(progress.done) == ["run 4", "run 9"]
    assert progress.failed == {"run 13": "13 brings ill luck"}
    assert progress.table == tmp_path / "squares.partial.csv"
    assert out.read_text() == EARLIER
    kept = [row["run"] for row in table(progress.table)]
    assert kept == ["run 9", "run 9", "run 4", "run 4"]

    del jobs["run 13"]
    jobs["run 14"] = 14, 1
    progress = make(jobs, Here(), out)
    assert (progress.failed, progress.table) == ({}, out)
    assert not (tmp_path / "squares.partial.csv").exists()
    rows = [f"{row['run']}: {row['square']}" for row in table(out)]
    assert rows == [
        "run 9: 81",
        "run 9: 82",
        "run 4: of before",
        "run 4: of before",
        "run 14: 196",
    ]
    check_sums(tmp_path, ["squares.csv"])


def test_progress_is_told_when_a_run_ends(tmp_path):
    seen = []

    def on_run(progress):
        seen.append((progress.asked, len(progress.done), len(progress.seconds)))

    jobs = {f"run {number}": (number, 1) for number in (1, 13, 2)}
    make(jobs, Here(), tmp_path / "squares.csv", on_run=on_run)
    # Of runs that ended together any may come first: 13 fails, and the others are done.
    assert len(seen) == 3
    assert seen == sorted(seen)
    assert seen[-1] == (3, 2, 2)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("a,b", "is no table of a study"),
        ("", "is no table of a study"),
        ("run,square", "has no column 'row', which these runs need"),
        (
            "run,row,square,colour",
            "has a column 'colour', which these runs do not have",
        ),
        ("square,row,run", "is no table of a study"),
    ],
)
def test_a_table_of_another_kind_is_left_alone(tmp_path, header, why):
    out = tmp_path / "squares.csv"
    out.write_text(f"{header}\n1,2\n")
    executor = Here()
    with pytest.raises(UserError, match=rf"squares\.csv {why}: move it"):
        make({"run 1": (1, 1)}, executor, out)
    assert executor.trained == []
    assert out.read_text() == f"{header}\n1,2\n"
