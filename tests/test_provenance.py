"""Under every figure and table of the book stands where it comes from."""

import copy
import dataclasses
import re
import subprocess

import nbformat
import pytest
from conftest import JUPYTER_BOOK, ROOT, copy_project

from lenet5 import Lenet5Error
from lenet5.config import Config
from lenet5.environment import code_hash
from lenet5.provenance import provenance, study_provenance
from lenet5.run import Run

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.py"))
HASH = "`[0-9a-f]{12}`"
REST = rf"code {HASH} · `[a-z].*`"
TRAINED = re.compile(rf"Run `[0-9a-f]{{16}}` · seed \d+ · data {HASH} · {REST}")
STUDY = re.compile(rf"\d+ runs {HASH} · seeds \d[\d–, ]* · data {HASH} · {REST}")
DATA = re.compile(rf"Data {HASH} · {REST}")
CODE = re.compile(rf"No run · no data · {REST}")
# All show trained numbers of one run but these.
OTHERS = {
    "fig-architecture": CODE,
    "tab-layers": CODE,
    "fig-digits": DATA,
    "fig-classes": DATA,
    "tab-classes": DATA,
    "fig-final-errors": STUDY,
    "tab-seeds": STUDY,
    "fig-seed-curves": STUDY,
    "fig-final-best": STUDY,
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
                name = cell.metadata["mystnb"]["figure"]["name"]
                line = data["text/plain"]
            elif markdown.startswith(":::{table}"):
                name = re.search(r":name: (\S+)", markdown)[1]
                line = markdown.rpartition(":::{container} provenance\n")[2]
                line = line.removesuffix("\n:::")
            else:
                continue
            if not OTHERS.get(name, TRAINED).fullmatch(line):
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
                data["text/plain"] = "<Figure>"
            elif data.get("text/markdown", "").startswith(":::{table}"):
                data["text/markdown"] = data["text/markdown"].replace("Run `", "`")
            else:
                continue
            assert len(lacking(broken)) == 1


def shown(page: str) -> tuple[int, int, int]:
    """Figures and tables of a page, and those with a line directly below."""
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
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
    assert shown(page) == (figures, tables, figures + tables)


def test_print_has_it_too(tmp_path):
    project = copy_project(tmp_path / "project")
    command = [JUPYTER_BOOK, "build", project, "--builder", "latex"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (tex,) = (project / "_build" / "latex").glob("lenet5*.tex")
    text = tex.read_text(encoding="utf-8")
    figures = text.count(r"\begin{figure}")
    assert figures >= 12
    assert text.count(r"\begin{sphinxlegend}") == figures
    tables = sum(
        output.get("data", {}).get("text/markdown", "").startswith(":::{table}")
        for chapter in CHAPTERS
        for cell in notebook(chapter).cells
        for output in cell.get("outputs", [])
    )
    assert tables >= 6
    assert text.count(r"\begin{sphinxuseclass}{provenance}") >= tables


def test_the_line_names_the_run_and_what_repeats_it():
    run = Run.load(ROOT / "record")
    line = provenance(run)
    assert TRAINED.fullmatch(line)
    assert run.fingerprint in line
    assert run.environment["data_sha256"][:12] in line
    assert line.endswith("`make reproduce`")
    other = dataclasses.replace(run, config=Config(epochs=3, lr=1e-3, seed=7))
    assert "`make what-if EPOCHS=3 LR=0.001 SEED=7`" in provenance(other)
    assert "seed 7" in provenance(other)


def test_without_a_run_the_line_is_that_of_the_code_and_the_data():
    code = f"code `{code_hash()[:12]}`"
    assert provenance() == f"No run · no data · {code} · `make reproduce`"
    line = provenance(data="0123456789abcdef", command="make data")
    assert line == f"Data `0123456789ab` · {code} · `make data`"


def study_of(run, seeds):
    configs = [dataclasses.replace(run.config, seed=seed) for seed in seeds]
    return [
        dataclasses.asdict(config)
        | {"fingerprint": dataclasses.replace(run, config=config).fingerprint}
        for config in configs
    ]


def test_many_runs_are_named_together():
    run = Run.load(ROOT / "record")
    line = study_provenance(study_of(run, [0, 1, 2, 5]), run)
    assert STUDY.fullmatch(line)
    assert line.startswith("4 runs `")
    assert "· seeds 0–2, 5 ·" in line
    assert run.environment["data_sha256"][:12] in line
    assert run.environment["code_sha256"][:12] in line
    assert study_provenance(study_of(run, [0, 1, 2, 6]), run) != line
    assert study_provenance(study_of(run, [5, 2, 1, 0]), run) == line


@pytest.mark.parametrize("fact", ["data_sha256", "code_sha256", "torch"])
def test_a_study_of_other_data_code_or_torch_is_refused(fact):
    run = Run.load(ROOT / "record")
    other = dataclasses.replace(run, environment=run.environment | {fact: "0" * 64})
    with pytest.raises(Lenet5Error, match="other data, code or torch"):
        study_provenance(study_of(other, [0, 1]), run)
