"""The network of the report in PyTorch, and its training step: the definition."""

from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from exact import UserError
from lenet5.data import Split
from lenet5.parameters import initial_weights

# What PyTorch computes has no checksum that every machine shares. This number stands for it
# in the names of runs: raise it when a change makes the network or its step another.
BEHAVIOUR = "1"
READ_AT_ONCE = 500  # images whose layers are in memory at a time


class LeNet5(nn.Module):
    """Two convolutions, two max-pools and three dense layers.

    After LeCun et al., "Gradient-based learning applied to document recognition"
    (1998), section II.B, in the variant of the original report. A side of 16 pixels or
    more leaves ``side // 4 - 3`` after convolutions and pools.

    Parameters
    ----------
    image_shape : tuple of int, (channels, height, width)
    classes : int
    seed : int
        Of the initial weights.

    Raises
    ------
    UserError
        If the image is too small, or a count is below 1.
    """

    def __init__(self, image_shape=(1, 28, 28), classes=10, seed=0):
        super().__init__()
        self.image_shape = tuple(image_shape)
        channels, height, width = self.image_shape
        start = initial_weights(seed, image_shape, classes)  # refuses what is too small
        # fmt: off
        self.layers = nn.Sequential(
            OrderedDict(                                          # 1 x 28 x 28 for MNIST
                conv1=nn.Conv2d(channels, 6, kernel_size=5),      # 6 x 24 x 24
                relu1=nn.ReLU(),
                pool1=nn.MaxPool2d(2),                            # 6 x 12 x 12
                conv2=nn.Conv2d(6, 16, kernel_size=5),            # 16 x 8 x 8
                relu2=nn.ReLU(),
                pool2=nn.MaxPool2d(2),                            # 16 x 4 x 4
                flatten=nn.Flatten(),                             # 256
                dense1=nn.Linear(16 * (height // 4 - 3) * (width // 4 - 3), 120),
                relu3=nn.ReLU(),
                dense2=nn.Linear(120, 84),
                relu4=nn.ReLU(),
                dense3=nn.Linear(84, classes),                    # 10 logits
            )
        )
        # fmt: on
        self.load_weights(start)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, shape (N, classes), of images, shape (N, channels, height, width)."""
        return self.layers(images)

    def load_weights(self, weights: dict[str, np.ndarray]) -> None:
        """Take the parameters from arrays, by the names of ``layers``."""
        tensors = {name: torch.tensor(array) for name, array in weights.items()}
        self.layers.load_state_dict(tensors)


class TorchEngine:
    """A training step as PyTorch defines it; rounds as this machine's PyTorch does.

    What trains, measures and goes on is called as in :class:`exact.engine.ExactEngine`.

    Parameters
    ----------
    weights : dict of arrays, float32
        By the names of :func:`lenet5.parameters.parameter_shapes`.
    image_shape : tuple of int, (channels, height, width)
    device : str
        ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, weights, image_shape=(1, 28, 28), device="cpu"):
        self.device = device
        self.model = LeNet5(image_shape, len(weights["dense3.bias"]))
        self.model.load_weights(weights)
        self.model.to(device)
        # Kingma and Ba 2014, algorithm 1; betas and epsilon are the paper's.
        self.optimizer = torch.optim.Adam(self.model.parameters())
        # Adam would make its moments in its first step; state() gives them before.
        for parameter in self.model.parameters():
            self.optimizer.state[parameter] = {
                "step": torch.tensor(0.0),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }

    def steps(self, split: Split, rows, batch_size: int, lr: float) -> np.ndarray:
        """Take a step a batch of ``split[rows]``; the mean loss of each, in nats."""
        self.optimizer.param_groups[0]["lr"] = lr
        losses = []
        for start in range(0, len(rows), batch_size):
            batch = rows[start : start + batch_size]
            images = self._tensor(split.images[batch]).float() / 255
            labels = self._tensor(split.labels[batch]).long()
            logits = self.model(images)
            loss = F.cross_entropy(logits, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return np.array(losses)

    def measure(self, split: Split) -> tuple[float, float]:
        """Mean cross-entropy (nats) and error (% misread) of a split."""
        logits = torch.tensor(self.logits(split.images)).double()
        labels = torch.tensor(split.labels).long()
        loss = F.cross_entropy(logits, labels).item()
        mistakes = (logits.argmax(dim=1) != labels).sum().item()
        return loss, 100 * mistakes / len(labels)

    @torch.inference_mode()
    def logits(self, images: np.ndarray) -> np.ndarray:
        """Logits, shape (N, classes), of images, shape (N, C, H, W), uint8."""
        batches = self._tensor(images).split(READ_AT_ONCE)
        parts = [self.model(batch.float() / 255) for batch in batches]
        return torch.cat(parts).cpu().numpy()

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the parameters."""
        return {name: _array(tensor) for name, tensor in self._parameters()}

    def state(self) -> dict[str, np.ndarray]:
        """All that decides the next step: parameters, and Adam's moments and step."""
        state = self.weights
        for name, parameter in self._parameters():
            for moment, tensor in self.optimizer.state[parameter].items():
                state[f"{moment}.{name}"] = _array(tensor)
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what :meth:`state` gave."""
        weights = {name: state[name] for name in self.weights}
        self.model.load_weights(weights)
        for name, parameter in self._parameters():
            for moment, tensor in self.optimizer.state[parameter].items():
                tensor.copy_(torch.tensor(state[f"{moment}.{name}"]))

    def _parameters(self):
        return self.model.layers.named_parameters()

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.tensor(array, device=self.device)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().copy()


def library() -> str:
    """PyTorch and its release, without the local tag of a build, such as ``+cu130``."""
    return f"torch {torch.__version__.partition('+')[0]}"


def machine(device: str) -> dict:
    """How PyTorch rounds here: its version, and what it runs on; fit for JSON.

    Raises
    ------
    UserError
        If a CUDA device is asked for, and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device = 'cuda', but torch sees no CUDA device: give cpu")
    gpu = None
    if device == "cuda":
        gpu = torch.cuda.get_device_name()
    return {
        "torch": torch.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "gpu": gpu,
    }
