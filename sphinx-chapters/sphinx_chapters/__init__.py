"""Sphinx extension: chapters that are Python files, executed when what they depend on changes."""

__version__ = "1.0.0"


def setup(app) -> dict:
    """Connect all parts of the extension with Sphinx."""
    # Not on top: a chapter that imports sphinx_chapters.authors needs none of them.
    from sphinx_chapters import (
        app as app_directive,
    )
    from sphinx_chapters import (
        authors,
        lost_pages,
        print_pictures,
        printed,
        provenance,
        status,
        update,
        what_if,
    )

    parts = [update, what_if, provenance, status, app_directive, authors]
    parts += [print_pictures, printed, lost_pages]
    for part in parts:
        part.setup(app)
    # A page that an older version has read is read anew.
    return {"version": __version__, "env_version": 2, "parallel_read_safe": False}
