"""Figures of the network: its layers, its kernels, and one digit on its way through."""

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from lenet5.model import LeNet5, layer_table
from lenet5.style import BLUE, INK, ORANGE, PINK, SMALL, WIDTH, style

KERNELS = "PuOr"  # diverging: white is no weight


@style()
def architecture(model: LeNet5) -> Figure:
    """The layers from the image to the logits, laid out from the model's own layer table.

    Parameters
    ----------
    model : LeNet5
    """
    colours = {"Image": "#BBBBBB", "Conv2d": PINK, "MaxPool2d": ORANGE, "Linear": BLUE}
    names = {
        "Image": "input",
        "Conv2d": "convolution",
        "MaxPool2d": "max-pooling",
        "Linear": "dense",
    }
    layers = [("Image", model.image_shape, "")]
    layers += [
        (row.kind, row.shape, _detail(getattr(model.layers, row.name)))
        for row in layer_table(model)
        if row.kind in colours
    ]
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    axes = figure.subplots()
    tallest, x = max(shape[-1] for _, shape, _ in layers if len(shape) == 3), 0.0
    for kind, shape, detail in layers:
        if len(shape) == 3:
            side, step = 3 * shape[1] / tallest, max(0.06, 0.9 / shape[0])
            for i in range(shape[0]):
                corner = (x + i * step, 1.6 - side / 2 + (i - shape[0] / 2) * step)
                axes.add_patch(
                    Rectangle(
                        corner,
                        side,
                        side,
                        facecolor=colours[kind],
                        edgecolor="white",
                        linewidth=min(0.5, 4 * step),
                    )
                )
            width = side + (shape[0] - 1) * step
        else:
            width, height = 0.35, 3.6 * np.sqrt(shape[0] / 120)
            axes.add_patch(
                Rectangle((x, 1.6 - height / 2), width, height, facecolor=colours[kind])
            )
        text = "×".join(map(str, shape)) + (f"\n{detail}" if detail else "")
        axes.text(
            x + width / 2,
            -0.75,
            text,
            ha="center",
            va="top",
            fontsize=SMALL,
            linespacing=1.5,
        )
        x += max(width, 1.0) + 0.55
    axes.set(xlim=(-0.3, x - 0.3), ylim=(-2.0, 4.2), aspect="equal")
    axes.axis("off")
    kinds = dict.fromkeys(kind for kind, _, _ in layers)
    handles = [Patch(facecolor=colours[kind], label=names[kind]) for kind in kinds]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


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


def _detail(layer) -> str:
    if hasattr(layer, "kernel_size"):
        size = layer.kernel_size
        rows, columns = size if isinstance(size, tuple) else (size, size)
        return f"{rows}×{columns}" + (", ReLU" if hasattr(layer, "weight") else "")
    return ""
