"""A network and its training step in PyTorch: the definition."""

from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from exact import UserError
from exact.network import Network
from lenet5.data import Split

# What PyTorch computes has no checksum that every machine shares. This number stands for it
# in the names of runs: raise it when a change makes the network or its step another.
BEHAVIOUR = "1"
READ_AT_ONCE = 500  # images whose layers are in memory at a time


class ScaledTanh(nn.Module):
    """1.7159 tanh(2x/3), of LeCun et al. (1998), appendix A: 1 at 1 and -1 at -1."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(x * (2 / 3))


def sequential(network: Network) -> nn.Sequential:
    """A network of the family in PyTorch, by the names of its layers.

    It takes images as floats in [0, 1], shape (N, channels, height, width), and gives
    logits, shape (N, classes).
    """
    modules = OrderedDict()
    for layer in network.layers:
        stage = layer.stage
        if layer.kind == "convolution":
            module = nn.Conv2d(stage.channels, stage.outputs, stage.kernel)
        elif layer.kind == "dense":
            module = nn.Linear(stage.channels, stage.outputs)
        elif layer.kind == "max pool":
            module = nn.MaxPool2d(stage.pool)
        elif layer.kind == "average pool":
            module = nn.AvgPool2d(stage.pool)
        elif layer.kind == "relu":
            module = nn.ReLU()
        elif layer.kind == "tanh":
            module = ScaledTanh()
        else:
            module = nn.Flatten()
        modules[layer.name] = module
    return nn.Sequential(modules)


def lenet5() -> nn.Sequential:
    """The network of the report, written out.

    After LeCun et al., "Gradient-based learning applied to document recognition"
    (1998), section II.B, in the variant of the original report. A test holds it to what
    :func:`sequential` makes of the report's line, which is what is trained.
    """
    # fmt: off
    return nn.Sequential(
        OrderedDict(                                          # 1 x 28 x 28
            conv1=nn.Conv2d(1, 6, kernel_size=5),             # 6 x 24 x 24
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),                            # 6 x 12 x 12
            conv2=nn.Conv2d(6, 16, kernel_size=5),            # 16 x 8 x 8
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),                            # 16 x 4 x 4
            flatten=nn.Flatten(),                             # 256
            dense1=nn.Linear(256, 120),
            relu3=nn.ReLU(),
            dense2=nn.Linear(120, 84),
            relu4=nn.ReLU(),
            dense3=nn.Linear(84, 10),                         # logits
        )
    )
    # fmt: on


def take_weights(model: nn.Module, weights: dict[str, np.ndarray]) -> None:
    """Give a model the parameters in some arrays, by name."""
    tensors = {name: torch.tensor(array) for name, array in weights.items()}
    model.load_state_dict(tensors)


class TorchEngine:
    """A training step as PyTorch defines it; rounds as this machine's PyTorch does.

    What trains, measures and goes on is called as in :class:`exact.engine.ExactEngine`.

    Parameters
    ----------
    network : Network
    weights : dict of arrays, float32
        By the names of its parameters.
    optimizer : str
        ``"adam"`` or ``"sgd"``.
    device : str
        ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, network: Network, weights, optimizer="adam", device="cpu"):
        self.device = device
        self.model = sequential(network)
        take_weights(self.model, weights)
        self.model.to(device)
        parameters = self.model.parameters()
        if optimizer == "adam":
            # Kingma and Ba 2014, algorithm 1; betas and epsilon are the paper's.
            self.optimizer = torch.optim.Adam(parameters)
        else:
            # Sutskever and others 2013; the rate comes with each call of steps().
            self.optimizer = torch.optim.SGD(parameters, lr=0, momentum=0.9)
        # It would make its moments in its first step; state() gives them before.
        for parameter in self.model.parameters():
            zeros = torch.zeros_like(parameter)
            if optimizer == "adam":
                moments = {"step": torch.tensor(0.0), "exp_avg": zeros}
                moments["exp_avg_sq"] = zeros.clone()
            else:
                moments = {"momentum_buffer": zeros}
            self.optimizer.state[parameter] = moments

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
        """All that decides the next step: parameters, and the optimizer's moments."""
        state = self.weights
        for name, parameter in self._parameters():
            for moment, tensor in self.optimizer.state[parameter].items():
                state[f"{moment}.{name}"] = _array(tensor)
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what :meth:`state` gave."""
        weights = {name: state[name] for name in self.weights}
        take_weights(self.model, weights)
        for name, parameter in self._parameters():
            for moment, tensor in self.optimizer.state[parameter].items():
                tensor.copy_(torch.tensor(state[f"{moment}.{name}"]))

    def _parameters(self):
        return self.model.named_parameters()

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
