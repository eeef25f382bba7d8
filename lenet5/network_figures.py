"""What a trained network holds and does: its kernels, and one digit on its way through."""

import numpy as np
import torch
from matplotlib.figure import Figure

from lenet5.figures import INK, WIDTH, style
from lenet5.model import LeNet5

SMALL = 8.5  # points, the smallest type of the report
KERNELS = "PuOr"  # diverging: white is no weight


@style()
def filters(model: LeNet5) -> Figure:
    """The kernels of both convolutions, each layer in one colour scale about zero.

    Parameters
    ----------
    model : LeNet5
    """
    first, second = (
        layer.weight.detach().cpu().numpy()
        for layer in (model.layers.conv1, model.layers.conv2)
    )
    figure = Figure(figsize=(WIDTH, 4.0), layout="constrained")
    upper, lower = figure.subfigures(2, height_ratios=(1.0, 2.4))
    for part, kernels, title in (
        (upper, first[:, 0][None], "first convolution: one kernel for each map"),
        (
            lower,
            second.swapaxes(0, 1),
            "second convolution: a column for each map, a row for each map before it",
        ),
    ):
        part.suptitle(title, fontsize=10)
        axes = part.subplots()
        limit = float(np.abs(kernels).max())
        image = axes.imshow(_sheet(kernels), cmap=KERNELS, vmin=-limit, vmax=limit)
        rows, columns, side = kernels.shape[0], kernels.shape[1], kernels.shape[2] + 1
        axes.set_xticks(np.arange(columns) * side + side / 2 - 1, range(1, columns + 1))
        axes.set_yticks(np.arange(rows) * side + side / 2 - 1, range(1, rows + 1))
        axes.tick_params(length=0, labelsize=SMALL)
        axes.spines[:].set_visible(False)
        axes.grid(False)
        bar = part.colorbar(image, ax=axes, label="weight", shrink=0.9, aspect=12)
        bar.ax.tick_params(labelsize=SMALL)
        bar.outline.set_visible(False)
    return figure


@style()
def feature_maps(model: LeNet5, image) -> Figure:
    """One image and what each layer makes of it, down to the logits.

    Parameters
    ----------
    model : LeNet5
    image : Tensor, shape (channels, height, width), float32 in [0, 1]
    """
    steps = _steps(model, image)
    figure = Figure(figsize=(WIDTH, 6.6), layout="constrained")
    grid = figure.subplots(
        len(steps), height_ratios=[2.2 if v.ndim == 3 else 1.0 for _, v in steps]
    )
    for axes, (title, values) in zip(grid, steps, strict=True):
        if values.ndim == 3:
            sheet = _sheet(values[None])
            axes.imshow(sheet, cmap="gray_r", vmin=0, interpolation="nearest")
        elif title != "logits":
            axes.imshow(values[None], cmap="gray_r", vmin=0, aspect="auto")
        else:
            axes.bar(range(len(values)), values, color=INK)
            axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_title(title, loc="left", fontsize=SMALL, pad=3)
        axes.grid(False)
        axes.set_anchor("W")
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        if title == "logits":
            axes.set_xticks(range(len(values)))
            axes.tick_params(length=0, labelsize=SMALL)
            axes.set_xlabel("digit", fontsize=SMALL)
        else:
            axes.set_xticks([])
    return figure


def _steps(model: LeNet5, image) -> list[tuple[str, np.ndarray]]:
    titles = {
        "relu1": "convolution, ReLU",
        "pool1": "max-pooling",
        "relu2": "convolution, ReLU",
        "pool2": "max-pooling",
        "relu3": "dense, ReLU",
        "relu4": "dense, ReLU",
        "dense3": "logits",
    }
    steps = [("image", np.asarray(image))]
    x = torch.as_tensor(image)[None]
    with torch.inference_mode():
        for name, layer in model.layers.named_children():
            x = layer(x)
            if name in titles:
                size = "×".join(map(str, x.shape[1:]))
                title = titles[name]
                if title != "logits":
                    title += f": {size}"
                steps.append((title, x[0].numpy().copy()))
    return steps


def _sheet(maps: np.ndarray) -> np.ndarray:
    """Maps of shape (rows, columns, height, width) side by side, a pixel of nothing apart."""
    gap = ((0, 0), (0, 0), (0, 1), (0, 1))
    padded = np.pad(maps, gap, constant_values=np.nan)
    rows, columns, height, width = padded.shape
    return padded.swapaxes(1, 2).reshape(rows * height, columns * width)[:-1, :-1]
