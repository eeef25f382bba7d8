"""Let ``import torchvision`` work beside a torch build that its compiled operators do not fit.

The package index holds a torchvision wheel built for CUDA. Beside a CPU-only torch its
library cannot load, and ``import torchvision`` stops at ``operator torchvision::nms
does not exist``. Data sets and transforms need no compiled operator: it is enough that
the two names that torchvision registers at import are declared.

torch calls :func:`declare_missing` at the end of its own import, through the entry
point group ``torch.backends`` (see ``pyproject.toml``), so a plain ``import
torchvision`` works wherever this package is installed.
"""

from importlib.util import find_spec
from pathlib import Path

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared = []  # a torch.library.Library withdraws its operators when it is collected


def declare_missing() -> None:
    """Declare torchvision's operators if its compiled library cannot load; otherwise do nothing."""
    import torch

    torchvision = find_spec("torchvision")
    if torchvision is None or torchvision.origin is None:
        return
    library = next(Path(torchvision.origin).parent.glob("_C*"), None)
    try:
        if library is not None:
            torch.ops.load_library(str(library))
    except (OSError, ImportError):
        library = None
    if library is None and not _declared:
        operators = torch.library.Library("torchvision", "DEF")
        for schema in SCHEMAS:
            operators.define(schema)
        _declared.append(operators)
