"""Sphinx extension: the directive ``digit-pad``, a pad that the published network reads.

The page that holds the pad, and no other, loads the scripts of this folder and
``data.js``: the weights of ``record/`` and a row of test images, written at build time.
"""

import base64
import json
from pathlib import Path

from docutils import nodes
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective

from lenet5 import Lenet5Error
from lenet5.files import write_whole

HERE = Path(__file__).resolve().parent
SCRIPTS = ("data.js", "network.js", "centre.js", "pad.js")  # in the order of loading
MISTAKES = 2  # misread test images in the row


class PadError(SphinxError):
    """Weights or images that cannot be read end the build."""

    category = "Digit pad"


class DigitPad(SphinxDirective):
    """``{digit-pad}``: the pad in HTML, nothing elsewhere."""

    def run(self) -> list[nodes.Node]:
        for source in HERE.iterdir():
            self.env.note_dependency(str(source))
        self.env.note_dependency(str(weights_file()))
        html = (HERE / "pad.html").read_text(encoding="utf-8")
        return [nodes.raw("", html, format="html", digit_pad=True)]


def weights_file() -> Path:
    """The published weights."""
    from lenet5.run import RECORD  # loads torch, which a build without the pad spares

    return RECORD / "model.safetensors"


def data_script(weights: Path) -> str:
    """What the pad's scripts compute with, as JavaScript: ``window.lenet5``.

    Parameters
    ----------
    weights : Path
        A safetensors file.

    Returns
    -------
    str
        ``weights``: each tensor in C order, as base64 of little-endian float32.
        ``images``: the first test image of each digit and the first that the network
        misreads, each with its place in the test file, its label and base64 of its 784
        bytes.

    Raises
    ------
    Lenet5Error
        If the weights or the test images are missing or damaged.
    """
    from lenet5.data import load
    from lenet5.run import load_weights
    from lenet5.train import logits

    model, (_, test) = load_weights(weights), load()
    tensors = {
        name.removeprefix("layers."): _base64(tensor.numpy().astype("<f4"))
        for name, tensor in model.state_dict().items()
    }
    wrong = (logits(model, test.images).argmax(1) != test.labels).nonzero()[:, 0]
    chosen = [int((test.labels == digit).nonzero()[0, 0]) for digit in range(10)]
    chosen += [row for row in wrong.tolist() if row not in chosen][:MISTAKES]
    images = [
        {
            "row": row,
            "label": int(test.labels[row]),
            "bytes": _base64((test.images[row] * 255).round().byte().numpy()),
        }
        for row in chosen
    ]
    return f"window.lenet5 = {json.dumps({'weights': tensors, 'images': images})};\n"


def add_scripts(app, page: str, template: str, context: dict, doctree) -> None:
    """Give a page with a pad what it needs (Sphinx event ``html-page-context``)."""
    raws = doctree.findall(nodes.raw) if doctree else []
    if not any(raw.get("digit_pad") for raw in raws):
        return
    target = Path(app.outdir) / "_static" / "pad"
    target.mkdir(parents=True, exist_ok=True)
    try:
        write_whole(target / "data.js", data_script(weights_file()).encode())
    except Lenet5Error as error:
        raise PadError(str(error)) from error
    for name in (*SCRIPTS[1:], "pad.css"):
        write_whole(target / name, (HERE / name).read_bytes())
    for name in SCRIPTS:
        app.add_js_file(f"pad/{name}", loading_method="defer")
    app.add_css_file("pad/pad.css")


def setup(app) -> dict:
    app.add_directive("digit-pad", DigitPad)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _base64(array) -> str:
    return base64.b64encode(array.tobytes()).decode()
