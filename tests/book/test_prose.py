"""No number is typed in the prose: those with a decimal point or a per cent sign are glued."""

import ast
import re

import jupytext
import pytest

from built import ROOT
from glued_words import glued_in

CHAPTERS = sorted((ROOT / "book").glob("*.py"))
PAGES = [*CHAPTERS, *sorted((ROOT / "book").glob("*.md")), ROOT / "index.md"]
NUMBER = re.compile(r"\d+\.\d+|\d\s*(?:%|per cent\b)")
NOT_PROSE = (
    r"^(`{3,}|:{3,})\{math\}.*?^\1",  # a block of mathematics
    r"^(`{3,})\w.*?^\1",  # a block of code
    r"^(?:`{3,}|:{3,})[^\n]*",  # the fence of a directive, which holds prose
    r"\$\$.*?\$\$|\$[^$]*\$",  # mathematics
    r"\{[\w:+.-]+\}`[^`]*`",  # a role: glue, citation, reference
    r"`[^`]*`",  # code
    r"https?://\S+",
)


def typed(prose: str) -> list[str]:
    """The numbers that stand in the prose itself."""
    for pattern in NOT_PROSE:
        prose = re.sub(pattern, " ", prose, flags=re.DOTALL | re.MULTILINE)
    return NUMBER.findall(prose)


def prose_of(page) -> list[str]:
    """The Markdown of a page, where figures have their captions, and those in its code."""
    if page.suffix == ".md":
        return [page.read_text(encoding="utf-8")]
    texts = []
    for cell in jupytext.read(page).cells:
        markdown = cell.cell_type == "markdown"
        texts += [cell.source] if markdown else captions_in(cell.source)
    return texts


# The caption's place among the arguments.
CAPTIONED = {"show_table": 2, "show_source": 1, "show_code": 2}


def captions_in(code: str) -> list[str]:
    """What is typed in the captions that code gives to tables and listings, or names so."""
    captions = []
    for node in ast.walk(ast.parse(code)):
        place = CAPTIONED.get(getattr(getattr(node, "func", None), "id", None))
        if place is not None:
            named = [word.value for word in node.keywords if word.arg == "caption"]
            captions += named or node.args[place : place + 1]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "caption":
            captions.append(node.value)
    # A computed part leaves a gap, as glue does.
    return [
        " ".join(
            part.value
            for part in getattr(caption, "values", [caption])
            if isinstance(part, ast.Constant)
        )
        for caption in captions
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_number_is_glued(page):
    assert [number for text in prose_of(page) for number in typed(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "an accuracy of 98.94 %",
        "an accuracy of 90 %",
        "90% and more",
        "an error of 0.95",
        "`code` and 1.5 and `code`",
        "{glue:text}`a:s` is 3 per cent",
        "a loss of\n2.3026 nats",
        "$x$ is 0.5 of $y$",
    ],
)
def test_a_typed_number_is_found(text):
    assert typed(text)


@pytest.mark.parametrize(
    "text",
    [
        "{glue:text}`results.ipynb::accuracy:s` in 20 epochs of 10,000 images",
        r"$\beta_2 = 0.999$",
        "```{math}\n:label: a\n0.5\n```",
        "run `make what-if LR=0.001`",
        "```python\nlr = 0.001\n```",
        "{cite:p}`a2020` in 1998.",
    ],
)
def test_code_mathematics_and_glue_are_no_typed_numbers(text):
    assert typed(text) == []


def test_captions_are_read(tmp_path):
    page = tmp_path / "page.py"
    page.write_text(
        "# %% [markdown]\n# Fine.\n#\n"
        "# ```{glue:figure} fig-a\n# :name: fig-a\n# :alt: Ends at 99.1 %.\n"
        "# Ends at 98.9 %.\n# ```\n\n"
        '# %%\nshow_table("a | b", [], "Ends at 98.8 %.", "name", origin)\n\n'
        '# %%\nshow_table("", [], f"Ends at {end:.2f} % of 98.7.", name="name")\n\n'
        '# %%\nshow_source(thing, name="name", caption="Ends at 98.6.")\n\n'
        '# %%\nshow_code(code, "c", "Ends at 98.5.", "name")\n\n'
        '# %%\ncaption = "Ends at 98.4."\nshow_code(code, "c", caption, "name")\n'
    )
    assert [typed(text) for text in prose_of(page)] == [
        ["99.1", "98.9"],
        ["98.8"],
        ["98.7"],
        ["98.6"],
        ["98.5"],
        ["98.4"],
        [],
    ]


def test_whatever_is_glued_is_read_once_or_more_and_nothing_else_is():
    read, glued = set(), set()
    for page in PAGES:
        text = "\n".join(prose_of(page))
        for other, key in re.findall(
            r"\{glue:text\}`(?:([\w/-]+)\.ipynb::)?(\w+)", text
        ):
            read.add((other.removeprefix("book/") or page.stem, key))
        read |= {(page.stem, key) for key in re.findall(r"\{glue:figure\} (\S+)", text)}
        if page.suffix == ".py":
            keys = glued_in(page.stem)
            assert len(keys) == len(set(keys)), page.name
            glued |= {(page.stem, key) for key in keys}
    assert sorted(glued - read) == []
    assert sorted(read - glued) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_line_is_long(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120] == []


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.name)
def test_no_output_is_exempt_from_comparison(page):
    assert "nbval-" not in page.read_text(encoding="utf-8")


def test_every_fold_is_named_by_what_is_in_it_and_no_two_of_a_page_alike():
    for page in CHAPTERS:
        names = [
            cell.metadata.get("mystnb", {}).get("code_prompt_show")
            for cell in jupytext.read(page).cells
            if any(tag.startswith("hide-") for tag in cell.metadata.get("tags", []))
        ]
        assert None not in names, page.name
        assert len(names) == len(set(names)), page.name
