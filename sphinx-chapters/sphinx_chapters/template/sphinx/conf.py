"""The settings of Sphinx."""

project = "A small book"
author = "Its author"
copyright = "YEAR, its author"
language = "en"
extensions = ["myst_nb", "sphinx_chapters"]
exclude_patterns = ["_build", ".*", "**/.*"]
numfig = True  # figures have numbers, by which the text refers to them

nb_execution_mode = "off"  # sphinx_chapters executes what is out of date
chapters_sources = ["chapters/*.py"]
# What decides the outputs of every chapter. Of a file that only some read, say so in these.
chapters_watch = ["requirements.txt"]

latex_engine = "pdflatex"
latex_documents = [("index", "book.tex", project, author, "howto")]
# Signs that a chapter's code may print, and pdflatex does not know by itself.
SIGNS = {"2212": "-", "2248": r"\approx", "2264": r"\leq", "2265": r"\geq"}
latex_elements = {
    "papersize": "a4paper",
    "preamble": "\n".join(
        rf"\DeclareUnicodeCharacter{{{code}}}{{\ensuremath{{{sign}}}}}"
        for code, sign in SIGNS.items()
    ),
}
