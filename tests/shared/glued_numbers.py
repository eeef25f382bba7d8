"""What chapters glue, for tests."""

import ast

import nbformat

from built import ROOT


def outputs(chapter: str) -> dict[str, dict]:
    """What a chapter's stored outputs glue, by name: figures, and numbers for the prose."""
    notebook = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", as_version=4)
    return {
        output["metadata"]["scrapbook"]["name"]: output["data"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "scrapbook" in output.get("metadata", {})
    }


def glued(chapter: str) -> dict[str, str]:
    """The numbers that a chapter's stored outputs give to the prose."""
    text = "application/papermill.record/text/plain"
    found = outputs(chapter).items()
    return {name: ast.literal_eval(data[text]) for name, data in found if text in data}
