"""Sphinx extension: MathJax beside the book, so that its equations are read offline.

The scripts come from the package django-static-mathjax, of which nothing else is used.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

# What mathjax_path and mathjax3_config in _config.yml ask for. The loader fetches each
# part as a script, which a browser allows on file:// too.
SCRIPTS = ("startup.js", "core.js", "loader.js", "input/tex.js", "output/chtml.js")
FONTS = "output/chtml/fonts"


def copy_mathjax(app, exception) -> None:
    """Copy these parts into ``_static/mathjax`` (event ``build-finished``)."""
    if exception or app.builder.format != "html":
        return
    source = Path(find_spec("mathjax").origin).parent / "static" / "mathjax" / "es5"
    target = Path(app.outdir) / "_static" / "mathjax"
    shutil.copytree(source / FONTS, target / FONTS, dirs_exist_ok=True)
    for script in SCRIPTS:
        (target / script).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / script, target / script)


def setup(app) -> dict:
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
