"""What prose shows of it, for tests."""

import nbformat

from built import ROOT


def glued_in(chapter: str) -> list[str]:
    """What a chapter's stored outputs glue: numbers and figures."""
    notebook = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", as_version=4)
    return [
        output["metadata"]["scrapbook"]["name"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "scrapbook" in output.get("metadata", {})
    ]
