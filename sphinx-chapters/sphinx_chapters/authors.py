"""What a chapter shows: numbered figures, tables and listings, and numbers for its prose.

A chapter imports what it needs, ``from sphinx_chapters.authors import glue, show, table``.
All that is shown has a name, by which the prose refers to it: ``{numref}`fig-swings```.
Captions, cells and origins are MyST Markdown, as the prose is.

Nothing here needs matplotlib or pandas to be installed before a figure or a frame is given.
"""

import ast
import inspect
import io
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Number

import myst_nb
from IPython.display import Markdown, display
from myst_nb.ext.glue import GLUE_PREFIX

# How the plain text of a figure begins that is its origin. The plain text of any other is
# what Python calls it, such as <Figure size 640x480 with 1 Axes>, and no page shows that.
PROVENANCE = "Provenance: "
# Of matplotlib, for the same bytes each time and everywhere: without a salt its names are
# drawn by lot, and what is compressed is the work of one version of zlib.
STEADY = {"svg.hashsalt": "sphinx-chapters", "pdf.compression": 0}
# A name that matplotlib makes in an SVG, where it stands: id="…", url(#…), href="#…".
MADE_NAME = re.compile(r'(?<=[#"])[a-z]+[0-9a-f]{10}(?=[")])')
MINUS = re.compile(r"(?<!\w)-(?=\d)")  # before a number, and no hyphen within a word
LACKING = "–"  # in a cell of a table that has nothing
BAR = re.compile(r"(?<!\\)\|")  # which would end a cell of a table
COLONS = re.compile(r"^:{3,}", re.MULTILINE)


# -- figures ---------------------------------------------------------------------------


def show(
    figure,
    name: str,
    caption: str = "",
    alt: str = "",
    provenance: str = "",
    finish: Callable[[str], str] | None = None,
) -> None:
    """Display a figure of matplotlib: as SVG on a page, as PDF in print.

    Two executions give the same bytes: there is no date in them, and what matplotlib names
    by chance is numbered.

    With a caption it is a numbered figure where the cell stands::

        show(
            figure,
            "fig-swings",
            caption="Ten swings of each string, and what the formula gives.",
            alt="Nine points on a straight line through the origin.",
            provenance="From `measurements.csv`",
        )

    Without one it is glued under its name, and the prose says where it stands, with the
    directive ``{glue:figure} fig-swings`` of MyST-NB; give the cell the tag
    ``remove-output``, or it is shown there as well.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Or what else has its ``savefig``, such as a grid of seaborn. A figure of pyplot is
        closed, so that Jupyter does not show it once more.
    name : str
        Its label, for ``{numref}``. No two outputs of a chapter have one name.
    caption : str
        In MyST Markdown.
    alt : str
        What it shows, in words, for those who do not see it. It goes with a caption;
        ``{glue:figure}`` has an option of that name.
    provenance : str
        From what it is made; it stands below the caption. What is in backquotes is shown
        as code.
    finish : callable
        Is given the SVG, a text, and returns it as the page shall have it.

    Raises
    ------
    TypeError
        If the figure is none.
    ValueError
        If there is a caption without ``alt``, or ``alt`` without a caption.
    """
    if not hasattr(figure, "savefig"):
        kind = type(figure).__name__
        raise TypeError(f"show: {name} is of type {kind}, and no figure of matplotlib")
    if caption and not alt:
        raise ValueError(
            f"show: {name} has no alt: say in words what the figure shows, for those who"
            " do not see it"
        )
    if alt and not caption:
        raise ValueError(
            f"show: {name} has alt and no caption: give one, or say both where"
            " {glue:figure} places it"
        )
    svg = _numbered(_saved(figure, "svg", Date=None, Creator=None).decode())
    bundle = {
        "image/svg+xml": finish(svg) if finish else svg,
        "application/pdf": _saved(figure, "pdf", CreationDate=None, Creator=None),
    }
    _close(figure)
    if provenance:
        bundle["text/plain"] = PROVENANCE + _in_a_line(provenance)
    # What myst_nb.glue writes beside an output, so that a page finds it by its name. With
    # the prefix it is not shown in its cell, but where the directive stands.
    prefix = GLUE_PREFIX if caption else ""
    display(
        {prefix + kind: content for kind, content in bundle.items()},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
    )
    if caption:
        options = {"name": name, "alt": json.dumps(_in_a_line(alt), ensure_ascii=False)}
        body = textwrap.dedent(caption).strip()
        _display(_directive("glue:figure", name, options, body))


def _saved(figure, form: str, **metadata: None) -> bytes:
    """A figure as a file, without what differs from day to day."""
    import matplotlib

    file = io.BytesIO()
    with matplotlib.rc_context(STEADY):
        figure.savefig(file, format=form, metadata=metadata)
    return file.getvalue()


def _numbered(svg: str) -> str:
    """The SVG with its names numbered: matplotlib hashes the last bits of coordinates."""
    names: dict[str, str] = {}

    def number(match: re.Match) -> str:
        return names.setdefault(match[0], f"id{len(names)}")

    return MADE_NAME.sub(number, svg)


def _close(figure) -> None:
    """Have pyplot forget a figure: Jupyter shows what it knows at the end of a cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(getattr(figure, "figure", figure))


# -- tables ----------------------------------------------------------------------------


def table(
    rows,
    header: Sequence[str] = (),
    *,
    caption: str,
    name: str,
    provenance: str = "",
    align: str = "",
    formats: Mapping[str, str] | None = None,
) -> None:
    """Display a numbered table.

    A list of rows, or a frame of pandas, of which the columns name themselves::

        table(
            [("oak", 3.25), ("ash", -0.5)],
            ["wood", "change in mm"],
            caption="What a wet week does.",
            name="tab-woods",
            formats={"change in mm": "{:.1f}"},
        )

    Parameters
    ----------
    rows : iterable of sequences, or pandas.DataFrame
        A cell is a number or a text in MyST Markdown; what is None, empty or no number is
        shown as a dash. The index of a frame is the first column if it has a name.
    header : sequence of str
        What stands above each column. A frame has its own, if none is given.
    caption : str
        In MyST Markdown.
    name : str
        The table's label, for ``{numref}``.
    provenance : str
        From what its numbers are; it stands below the table.
    align : str
        One letter a column, ``l`` or ``r``; by default columns of numbers are ``r``.
    formats : mapping
        By what stands above a column, how its numbers are written, such as ``"{:.2f}"``.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than the header, ``align`` is not of as many
        letters, or a format is for no column.
    """
    if hasattr(rows, "itertuples"):
        header, rows = _of_frame(rows, header)
    header = list(header)
    rows = [list(row) for row in rows]
    _check_table(name, header, rows, align, formats or {})
    align = align or "".join(_letter(column) for column in zip(*rows, strict=True))
    align = align or "l" * len(header)
    patterns = [(formats or {}).get(heading, "{}") for heading in header]
    lines = [header, ["---:" if letter == "r" else ":---" for letter in align]]
    for row in rows:
        lines.append([_cell(*pair) for pair in zip(row, patterns, strict=True)])
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    text = _directive("table", _in_a_line(caption), {"name": name}, body)
    if provenance:
        text += f"\n\n:::{{container}} provenance\n{_in_a_line(provenance)}\n:::"
    _display(text)


def _of_frame(frame, header: Sequence[str]) -> tuple[Sequence[str], Iterable[Sequence]]:
    """The header and the rows of a frame of pandas."""
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    known = frame.notna()
    columns = []
    for number in range(frame.shape[1]):
        pairs = zip(frame.iloc[:, number], known.iloc[:, number], strict=True)
        columns.append([cell if is_known else None for cell, is_known in pairs])
    return header or [str(name) for name in frame.columns], zip(*columns, strict=True)


def _check_table(
    name: str, header: list, rows: list[list], align: str, formats: Mapping[str, str]
) -> None:
    """Raise ValueError if the parts of a table do not fit each other."""
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ValueError(
                f"table: {name} has {len(header)} columns, and row {number} has"
                f" {len(row)} cells"
            )
    if align and (len(align) != len(header) or set(align) - set("lr")):
        raise ValueError(
            f"table: {name} has {len(header)} columns, and align is {align!r}: give a"
            " letter for each, l or r"
        )
    for heading in formats:
        if heading not in header:
            raise ValueError(f"table: {name} has no column {heading!r} to format")


def _is_number(cell) -> bool:
    return isinstance(cell, Number) and not isinstance(cell, bool)


def _letter(column: Sequence) -> str:
    """Where a column's cells stand: on the right if all that are known are numbers."""
    known = [cell for cell in column if cell not in (None, "")]
    return "r" if known and all(_is_number(cell) for cell in known) else "l"


def _cell(cell, pattern: str) -> str:
    """A cell as it is shown."""
    if cell is None or cell == "" or cell != cell:  # NaN is not itself
        return LACKING
    if _is_number(cell):
        return MINUS.sub("−", pattern.format(cell))
    return BAR.sub(r"\\|", _in_a_line(str(cell)))


# -- listings --------------------------------------------------------------------------


def listing(what, *, caption: str, name: str, language: str = "python") -> None:
    """Display a numbered listing: a text, or functions and classes as their file has them.

    As in ``listing(period, caption="The formula.", name="code-period")``.

    Parameters
    ----------
    what : str, function, class, or list of functions and classes
        Of functions and classes the docstrings are left out.
    caption, name : str
        As of `table`.
    language : str
        For its colours, as Pygments calls it.
    """
    if isinstance(what, str):
        text = what
    else:
        things = what if isinstance(what, list | tuple) else [what]
        sources = [without_docstrings(inspect.getsource(thing)) for thing in things]
        text = "\n\n\n".join(sources)
    head = f"````{{code-block}} {language}\n:caption: {caption}\n:name: {name}\n\n"
    _display(f"{head}{textwrap.dedent(text).rstrip()}\n````")


def without_docstrings(source: str) -> str:
    """A listing of Python, dedented, without its docstrings."""
    lines = textwrap.dedent(source).splitlines()
    left_out = set()  # numbers of lines, from 1
    for node in ast.walk(ast.parse("\n".join(lines))):
        documented = isinstance(node, ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            left_out.update(range(docstring.lineno, docstring.end_lineno + 1))
    kept = []
    for number, line in enumerate(lines, start=1):
        if number not in left_out:
            kept.append(line)
    return "\n".join(kept)


# -- numbers ---------------------------------------------------------------------------


def glue(form: str = "{}", /, **numbers) -> None:
    """Give the prose numbers, all in one format, as they are to be read.

    After ``glue("{:.2f} s", period=2.0061, fastest=0.8)`` the prose of the chapter, above
    or below, says ``{glue:text}`period```. Another page says from which notebook it is,
    by its path from there or, with a ``/``, from the book's folder, and ends with ``:s``,
    without which MyST-NB takes the last part for a format::

        {glue:text}`measured.ipynb::period:s`
        {glue:text}`/deep/wide-swings.ipynb::period:s`

    Two chapters may use one key; within a chapter each stands for one number.

    Parameters
    ----------
    form : str
        As ``str.format`` has it; a minus before a figure is printed as one.
    numbers
        By their keys.
    """
    for key, number in numbers.items():
        text = MINUS.sub("−", form.format(number))
        myst_nb.glue(key, text, display=False)


# -- MyST Markdown ---------------------------------------------------------------------


def _display(text: str) -> None:
    display(Markdown(text))


def _directive(kind: str, argument: str, options: dict[str, str], body: str) -> str:
    """A directive between colons, of which programs without MyST show the body as it is."""
    longest = max((len(colons) for colons in COLONS.findall(body)), default=2)
    fence = ":" * (longest + 1)
    lines = [f":{option}: {value}" for option, value in options.items()]
    return "\n".join([f"{fence}{{{kind}}} {argument}", *lines, "", body, fence])


def _in_a_line(text: str) -> str:
    """A text that may stand in several lines of the source."""
    return re.sub(r"\s*\n\s*", " ", text.strip())


# -- in a build by Sphinx --------------------------------------------------------------


def read_as_myst(app, config) -> None:
    """Have MyST-NB read what is displayed as Markdown as it reads the prose.

    That is, with directives, and such between colons (Sphinx event ``config-inited``). A
    book may set ``nb_render_markdown_format`` itself; then that holds.
    """
    if "nb_render_markdown_format" not in config._raw_config | config.overrides:
        config.nb_render_markdown_format = "myst"
    config.myst_enable_extensions = {*config.myst_enable_extensions, "colon_fence"}


def setup(app) -> None:
    """Connect this part of the extension with Sphinx."""
    app.connect("config-inited", read_as_myst)
