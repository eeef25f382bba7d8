"""torchvision beside a CPU-only torch: ``from benchmarks.torchvision_cpu import MNIST``.

The wheel on the package index is built for CUDA. Where its library cannot load, the
import stops at ``operator torchvision::nms does not exist``; data sets and transforms
need no compiled operator, so it is enough to declare the two names.
"""

from importlib.util import find_spec
from pathlib import Path

import torch

library = next(Path(find_spec("torchvision").origin).parent.glob("_C*"))
try:
    torch.ops.load_library(str(library))
except OSError:
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(
            f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        )

from torchvision.datasets import MNIST  # noqa: E402, F401
from torchvision.transforms import ToTensor  # noqa: E402, F401
