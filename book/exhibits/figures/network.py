"""Figures of the network: its layers, its kernels, and one digit on its way through."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from exhibits.figures import style

LOOKS = {
    "Image": ("input", "#BBBBBB"),
    "Conv2d": ("convolution", style.PINK),
    "MaxPool2d": ("max-pooling", style.ORANGE),
    "Linear": ("dense", style.BLUE),
}
TITLES = ("convolution, ReLU", "max-pooling") * 2 + ("dense, ReLU",) * 2


@style.drawing()
def architecture(model, table) -> Figure:
    """The layers from the image to the logits, to scale; ``layer_table`` gives the table."""
    layers = [("Image", model.image_shape, "")] + [
        (row.kind, row.shape, _kernel(getattr(model.layers, row.name)))
        for row in table
        if row.kind in LOOKS
    ]
    figure, axes = style.panels(2.9)
    tallest, x = max(shape[-1] for _, shape, _ in layers if len(shape) == 3), 0.0
    for kind, shape, kernel in layers:
        look = {"facecolor": LOOKS[kind][1]}
        if len(shape) == 3:
            side, step = 3 * shape[1] / tallest, max(0.06, 0.9 / shape[0])
            look |= {"edgecolor": "white", "linewidth": min(0.5, 4 * step)}
            for i in range(shape[0]):
                corner = (x + i * step, 1.6 - side / 2 + (i - shape[0] / 2) * step)
                axes.add_patch(Rectangle(corner, side, side, **look))
            width = side + (shape[0] - 1) * step
        else:
            width, height = 0.35, 3.6 * np.sqrt(shape[0] / 120)
            corner = (x, 1.6 - height / 2)
            axes.add_patch(Rectangle(corner, width, height, **look))
        text = "×".join(map(str, shape)) + (f"\n{kernel}" if kernel else "")
        place = {
            "ha": "center",
            "va": "top",
            "fontsize": style.SMALL,
            "linespacing": 1.5,
        }
        axes.text(x + width / 2, -0.75, text, **place)
        x += max(width, 1.0) + 0.55
    axes.set(xlim=(-0.3, x - 0.3), ylim=(-2.0, 4.2), aspect="equal")
    axes.axis("off")
    kinds = dict.fromkeys(kind for kind, _, _ in layers)
    handles = [Patch(label=LOOKS[kind][0], facecolor=LOOKS[kind][1]) for kind in kinds]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


@style.drawing()
def filters(weights: Mapping[str, np.ndarray]) -> Figure:
    """The kernels of both convolutions, each layer in one colour scale about zero."""
    first, second = (weights[f"conv{i}.weight"].swapaxes(0, 1) for i in (1, 2))
    titles = (
        "first convolution: one kernel for each map",
        "second convolution: a column for each map, a row for each map before it",
    )
    figure = Figure(figsize=(style.WIDTH, 4.0), layout="constrained")
    parts = figure.subfigures(2, height_ratios=(1.0, 2.4))
    for part, kernels, title in zip(parts, (first, second), titles, strict=True):
        part.suptitle(title, fontsize=10)
        axes = part.subplots()
        limit = float(np.abs(kernels).max())
        # Diverging colours: white is no weight.
        image = axes.imshow(sheet(kernels), cmap="PuOr", vmin=-limit, vmax=limit)
        rows, columns, side = kernels.shape[0], kernels.shape[1], kernels.shape[2] + 1
        axes.set_xticks(np.arange(columns) * side + side / 2 - 1, range(1, columns + 1))
        axes.set_yticks(np.arange(rows) * side + side / 2 - 1, range(1, rows + 1))
        axes.tick_params(length=0, labelsize=style.SMALL)
        axes.spines[:].set_visible(False)
        axes.grid(False)
        bar = part.colorbar(image, ax=axes, label="weight", shrink=0.9, aspect=12)
        bar.ax.tick_params(labelsize=style.SMALL)
        bar.outline.set_visible(False)
    return figure


@style.drawing()
def feature_maps(image, activations: Mapping[str, np.ndarray]) -> Figure:
    """One image and what each layer makes of it, down to the logits.

    Parameters
    ----------
    image : array, shape (channels, height, width), uint8
    activations : mapping of array
        Of :meth:`lenet5.exact.ExactEngine.activations`, in the order of the layers.
    """
    *hidden, logits = activations.values()
    steps = [("image", np.asarray(image))]
    for title, values in zip(TITLES, hidden, strict=True):
        steps.append((f"{title}: {'×'.join(map(str, values.shape))}", values))
    heights = [2.2 if values.ndim == 3 else 1.0 for _, values in steps] + [1.0]
    figure, grid = style.panels(6.6, len(heights), height_ratios=heights)
    for axes, (title, values) in zip(grid, steps, strict=False):
        if values.ndim == 3:
            axes.imshow(sheet(values[None]), cmap="gray_r", vmin=0)
        else:
            axes.imshow(values[None], cmap="gray_r", vmin=0, aspect="auto")
        axes.set_title(title, loc="left", fontsize=style.SMALL, pad=3)
        axes.set_xticks([])
    bars = grid[-1]
    bars.bar(range(len(logits)), np.round(logits, 3), color=style.INK)
    bars.axhline(0, color=style.INK, linewidth=0.8)
    bars.set_title("logits", loc="left", fontsize=style.SMALL, pad=3)
    bars.set_xticks(range(len(logits)))
    bars.tick_params(length=0, labelsize=style.SMALL)
    bars.set_xlabel("digit", fontsize=style.SMALL)
    for axes in grid:
        axes.grid(False)
        axes.set_anchor("W")
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    return figure


def sheet(maps: np.ndarray) -> np.ndarray:
    """Maps of shape (rows, columns, height, width) side by side, a pixel of nothing apart."""
    gap = ((0, 0), (0, 0), (0, 1), (0, 1))
    padded = np.pad(maps.astype(np.float64), gap, constant_values=np.nan)
    rows, columns, height, width = padded.shape
    return padded.swapaxes(1, 2).reshape(rows * height, columns * width)[:-1, :-1]


def _kernel(layer) -> str:
    size = getattr(layer, "kernel_size", None)
    if size is None:
        return ""
    rows, columns = size if isinstance(size, tuple) else (size, size)
    return f"{rows}×{columns}" + (", ReLU" if hasattr(layer, "weight") else "")
