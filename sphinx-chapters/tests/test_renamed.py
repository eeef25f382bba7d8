"""A chapter gets another name: no page goes on showing its numbers under the old one."""

from small_books import build, executed, soup, succeed
from tiny_books import write_book

CONFIG = """\
title: Tiny
only_build_toc_files: true
execute: {execute_notebooks: "off"}
sphinx: {extra_extensions: [sphinx_chapters]}
"""
CHAPTER = """\
# %% [markdown]
# # A chapter

# %%
from sphinx_chapters.authors import glue

glue(towns=18.5)
"""


def test_other_pages_forget_the_numbers_of_an_old_name(tmp_path):
    write_book(tmp_path, old=CHAPTER)
    toc = tmp_path / "_toc.yml"
    (tmp_path / "_config.yml").write_text(CONFIG)
    front = "# Tiny\n\nThere are {glue:text}`old.ipynb::towns:s`.\n"
    (tmp_path / "index.md").write_text(front)
    succeed(build(tmp_path))
    page = tmp_path / "_build" / "html" / "index.html"
    assert "There are 18.5." in soup(page).get_text()

    # Both files get the new name, and the front page still asks for the old one.
    for suffix in (".py", ".ipynb"):
        (tmp_path / f"old{suffix}").rename(tmp_path / f"new{suffix}")
    toc.write_text(toc.read_text().replace("old", "new"))
    done = build(tmp_path)
    assert executed(succeed(done)) == []
    assert "Glue reference 'towns' not found in doc 'old'" in done.stderr
    assert "18.5" not in soup(page).get_text()

    # Only the source gets a name, and the table of contents is forgotten.
    (tmp_path / "new.py").rename(tmp_path / "newer.py")
    done = build(tmp_path)
    wanted = "new.ipynb: its source is gone: rename it with its .py, or remove it"
    assert wanted in done.stderr
