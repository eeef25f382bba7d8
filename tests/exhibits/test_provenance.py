"""Under every figure and table of the book stands where it comes from."""

import copy
import dataclasses
import re

import nbformat
import pytest

from built import ROOT
from exact import UserError
from exhibits import provenance
from lenet5 import Config, behaviour, engines
from lenet5.config import EARLIER, report_config
from lenet5.run import Run

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.py"))
HASH, COMMAND = "`[0-9a-f]{12}`", "`[a-z].*`"
FACTS = rf"data {HASH} · engine {HASH} · {COMMAND}"
TRAINED = re.compile(rf"Run `[0-9a-f]{{16}}` · seed \d+ · {FACTS}")
STUDY = re.compile(rf"\d+ runs {HASH} · seeds \d[\d–, ]* · {FACTS}")
TWO_STUDIES = re.compile(rf"{STUDY.pattern} · beside them `record/seeds-torch.csv`")
AMONG_OTHERS = re.compile(
    rf"{TRAINED.pattern} · beside it `record/seeds\.csv` and `data/rerun\.csv`"
)
DATA = re.compile(rf"Data {HASH} · {COMMAND}")
PLACES = re.compile(rf"{DATA.pattern} · `data/dataset-grid\.csv`")
CLAIMS = re.compile(r"File `book/claims\.yml`, read off the public source of 2020")
RERUN = re.compile(r"File `data/rerun\.csv`, measured once and outside this repository")
RECORDED = r"`record/[\w.*-]+`"
FILE = re.compile(rf"File {RECORDED} · {COMMAND}")
FILES = re.compile(rf"Files {RECORDED}(, {RECORDED})+ · {COMMAND}")
LEDGER = re.compile(r"Facts in `book/choices.yml`")
# What is laid out or counted from the network's description shows no data and no run, and a
# table that stands in the prose has its numbers from elsewhere.
WITHOUT = {"fig-architecture", "tab-layers"}
IN_PROSE = {"tab-verdicts"}
# All others show trained numbers of one run but these.
OTHERS = {
    "tab-platforms": FILE,
    "fig-parting": FILE,
    "fig-digits": PLACES,
    "fig-answer": AMONG_OTHERS,
    "tab-sources": CLAIMS,
    "tab-rerun": RERUN,
    "tab-rates": FILES,
    "tab-classes": DATA,
    "fig-final-errors": TWO_STUDIES,
    "tab-seeds": TWO_STUDIES,
    "tab-intervals": FILES,
    "fig-errors-by-digit": FILE,
    "tab-selection": FILES,
    "tab-test-reads": LEDGER,
    "fig-alarms": FILES,
    "fig-passes": FILES,
    "tab-no": FILES,
    "fig-ladder": FILES,
    "tab-ladder": FILES,
    "tab-choices": FILE,
    "tab-scales": FILES,
    "tab-ladder-cost": FILES,
    "fig-passes-1998": FILES,
    "fig-maps-1998": FILE,
    "fig-variations": FILE,
    "tab-variations": FILE,
    "fig-views": FILE,
    "tab-views": FILE,
    "tab-committee-choices": FILE,
    "fig-sizes": FILE,
    "fig-still-misread": FILE,
    "fig-costs": FILES,
    "tab-costs": FILES,
}


def notebook(chapter):
    return nbformat.read(ROOT / "book" / f"{chapter}.ipynb", as_version=4)


def lacking(notebook) -> list[str]:
    """The figures and tables without the line that they need."""
    names = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            markdown = data.get("text/markdown", "")
            if "image/svg+xml" in data:
                name = output.metadata["scrapbook"]["name"]
                line = data.get("text/plain", "").removeprefix("Provenance: ")
            elif markdown.startswith(":::{table}"):
                name = re.search(r":name: (\S+)", markdown)[1]
                line = markdown.partition(":::{container} provenance\n")[2]
                line = line.removesuffix("\n:::")
            else:
                continue
            if name in WITHOUT:
                if line:
                    names.append(name)
            elif not OTHERS.get(name, TRAINED).fullmatch(line):
                names.append(name)
    return names


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_figure_and_no_table_lacks_its_origin(chapter):
    assert lacking(notebook(chapter)) == []


def test_a_missing_line_and_a_line_without_its_run_are_found():
    stored = notebook("audit")
    for cell in stored.cells:
        for output in cell.get("outputs", []):
            broken = copy.deepcopy(stored)
            where = broken.cells[stored.cells.index(cell)].outputs[
                cell.outputs.index(output)
            ]
            data = where.get("data", {})
            if "image/svg+xml" in data:
                data["text/plain"] = "Provenance: <Figure>"
            elif data.get("text/markdown", "").startswith(":::{table}"):
                head = ":::{container} provenance\n"
                data["text/markdown"] = data["text/markdown"].replace(head, f"{head}x ")
            else:
                continue
            assert len(lacking(broken)) == 1


def shown(page: str) -> tuple[int, int, int]:
    """Figures and tables of a page, and those with a line directly below."""
    figures = re.findall(r'<figure class="align.*?</figure>', page, re.DOTALL)
    tables = re.findall(r"<table[^>]*id=.*?</table>(.{0,200})", page, re.DOTALL)
    lines = sum('<p class="provenance">' in figure for figure in figures)
    lines += sum('class="provenance docutils container"' in after for after in tables)
    return len(figures), len(tables), lines


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_page_prints_it_under_each(book, chapter):
    stored = notebook(chapter)
    outputs = [o.get("data", {}) for c in stored.cells for o in c.get("outputs", [])]
    figures = sum("image/svg+xml" in data for data in outputs)
    tables = sum(
        data.get("text/markdown", "").startswith(":::{table}") for data in outputs
    )
    page = (book / "book" / f"{chapter}.html").read_text(encoding="utf-8")
    without = sum(f'id="{name}"' in page for name in WITHOUT)
    in_prose = sum(f'id="{name}"' in page for name in IN_PROSE)
    lines = figures + tables - without
    assert shown(page) == (figures, tables + in_prose, lines)


def test_print_has_it_too(printed):
    (tex,) = (printed / "_build" / "latex").glob("lenet5*.tex")
    text = tex.read_text(encoding="utf-8")
    figures = text.count(r"\begin{figure}")
    assert figures >= 12
    assert text.count(r"\begin{sphinxlegend}") == figures - 1  # of fig-architecture
    tables = sum(
        output.get("data", {}).get("text/markdown", "").startswith(":::{table}")
        for chapter in CHAPTERS
        for cell in notebook(chapter).cells
        if "hide-output" not in cell.metadata.get("tags", [])  # folded, and not printed
        for output in cell.get("outputs", [])
    )
    assert tables >= 6
    assert text.count(r"\begin{sphinxuseclass}{provenance}") >= tables - 1  # tab-layers


@pytest.fixture
def run() -> Run:
    facts = {"data_sha256": "d" * 64, "behaviour": "c" * 16}
    return Run(report_config(), [], {}, facts)


def test_the_line_names_the_run_and_what_repeats_it(run):
    line = provenance.of_run(run)
    assert TRAINED.fullmatch(line)
    assert run.fingerprint in line
    assert f"data `{'d' * 12}` · engine `{'c' * 12}` · `make reproduce`" in line
    settings = {"network": "800N", "activation": "tanh", "epochs": 3, "lr": 1e-3}
    other = dataclasses.replace(run, config=Config(seed=7, **settings))
    command = "make what-if NETWORK=800N ACTIVATION=tanh EPOCHS=3 LR=0.001 SEED=7"
    assert f"`{command}`" in provenance.of_run(other)
    assert "seed 7" in provenance.of_run(other)
    assert provenance.of_run(run, "make other").endswith("· `make other`")


def test_without_a_run_the_line_names_the_data_or_the_file():
    line = provenance.of_data("0123456789abcdef")
    assert line == "Data `0123456789ab` · `make reproduce`"
    line = provenance.of_files(["a.csv"], "make a")
    assert line == "File `record/a.csv` · `make a`"
    line = provenance.of_files(["a.csv", "b.csv"], "make a b")
    assert line == "Files `record/a.csv`, `record/b.csv` · `make a b`"


def study_of(run, seeds):
    configs = [dataclasses.replace(run.config, seed=seed) for seed in seeds]
    return [
        dataclasses.asdict(config)
        | {"fingerprint": dataclasses.replace(run, config=config).fingerprint}
        | {"behaviour": run.environment["behaviour"], "library": ""}
        for config in configs
    ]


def test_many_runs_are_named_together(run):
    line = provenance.of_study(study_of(run, [0, 1, 2, 5]), run)
    assert STUDY.fullmatch(line)
    assert line.startswith("4 runs `")
    assert "· seeds 0–2, 5 ·" in line
    assert provenance.of_study(study_of(run, [0, 1, 2, 6]), run) != line
    assert provenance.of_study(study_of(run, [5, 2, 1, 0]), run) == line


@pytest.mark.parametrize("fact", ["data_sha256", "behaviour"])
def test_a_study_of_other_data_or_another_engine_is_refused(run, fact):
    other = dataclasses.replace(run, environment=run.environment | {fact: "0" * 64})
    with pytest.raises(UserError, match="other data or another engine"):
        provenance.of_study(study_of(other, [0, 1]), run)


def test_a_study_that_is_older_than_a_setting_is_read_as_it_was_then(run):
    rows = study_of(run, [0, 1])
    for row in rows:
        for name in EARLIER:
            del row[name]
    line = provenance.of_study(rows, run)
    assert line == provenance.of_study(study_of(run, [0, 1]), run)
    assert provenance.config_of(rows[1]) == report_config(seed=1)
    del rows[0]["lr"]
    with pytest.raises(UserError, match="before there was the setting lr"):
        provenance.of_study(rows, run)


def of_engine(run, config, pin: str) -> Run:
    """A run of a config by the exact engine as it is pinned."""
    pinned = behaviour.pinned(engines.PACKAGE, pin)
    environment = run.environment | {"behaviour": pinned}
    return dataclasses.replace(run, config=config, environment=environment)


def test_beside_a_run_of_another_network_each_row_has_its_own_pin(run):
    """An edition's engine is pinned by another trial than the report's."""
    recorded = of_engine(run, report_config(), engines.EXACT)
    edition = of_engine(run, report_config(network="800N"), engines.FAMILY)
    rows = study_of(recorded, [0, 1])
    line = provenance.of_study(rows, edition)
    assert line == provenance.of_study(rows, recorded)
    assert recorded.environment["behaviour"][:12] in line
    for other in (edition, recorded):  # each with the engine of the other
        config = report_config() if other is edition else edition.config
        wrong = dataclasses.replace(other, config=config)
        with pytest.raises(UserError, match="another engine"):
            provenance.of_study(study_of(wrong, [0]), edition)
