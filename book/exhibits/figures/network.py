"""Figures of the network: its layers, its kernels, and one digit on its way through."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from exhibits.figures import style

LOOKS = {
    "Image": ("image", style.FAINT),
    "Conv2d": ("convolution", style.PINK),
    "MaxPool2d": ("max-pooling", style.ORANGE),
    "Linear": ("dense", style.BLUE),
}
TITLES = ("convolution, ReLU", "max-pooling") * 2 + ("dense, ReLU",) * 2


@style.drawing()
def architecture(model, table) -> Figure:
    """The layers from the image to the logits, to scale; ``layer_table`` gives the table."""
    maps, dense = [("Image", model.image_shape, "")], []
    for row, after in zip(table, [*table[1:], table[-1]], strict=True):
        what = [_kernel(getattr(model.layers, row.name))]
        what += ["ReLU"] if after.kind == "ReLU" else []
        layer = row.kind, row.shape, ", ".join(filter(None, what))
        if row.kind in LOOKS:
            (maps if len(row.shape) == 3 else dense).append(layer)
    figure, (top, bottom) = style.panels(2.5, 2, height_ratios=(5, 3))
    scale = 0.76 / max(max(shape[1:]) for _, shape, _ in maps)
    for place, (kind, shape, what) in enumerate(maps):
        (name, colour), (sheets, height, width) = LOOKS[kind], shape
        look = {"facecolor": colour, "edgecolor": style.PAPER, "linewidth": 0.5}
        step = min(0.035, 0.24 / sheets)
        for offset in step * (np.arange(sheets) - (sheets - 1) / 2):
            corner = place + offset - scale * width / 2, offset - scale * height / 2
            top.add_patch(Rectangle(corner, scale * width, scale * height, **look))
        text = "\n".join(filter(None, ("×".join(map(str, shape)), name, what)))
        top.text(place, -0.5, text, ha="center", va="top", linespacing=1.25)
    top.set(xlim=(-0.5, len(maps) - 0.5), ylim=(-1.05, 0.48), aspect="equal")
    units = [shape[0] for _, shape, _ in dense]
    bars = bottom.barh(range(len(dense)), units, 0.7, color=LOOKS["Linear"][1])
    names = [", ".join(filter(None, (LOOKS[kind][0], what))) for kind, _, what in dense]
    labels = [f"{count}   {name}" for count, name in zip(units, names, strict=True)]
    bottom.bar_label(bars, labels, padding=4)
    bottom.set_xlim(0, 1.5 * max(units))
    bottom.invert_yaxis()
    for axes in (top, bottom):
        axes.axis("off")
    return figure


@style.drawing()
def filters(weights: Mapping[str, np.ndarray]) -> Figure:
    """The kernels of both convolutions, each layer in one colour scale about zero."""
    first, second = (weights[f"conv{i}.weight"].swapaxes(0, 1) for i in (1, 2))
    titles = (
        "first convolution: a kernel for each map",
        "second: a column for each map, a row for each before it",
    )
    figure = Figure(figsize=(style.WIDTH, 3.6), layout="constrained")
    parts = figure.subfigures(2, height_ratios=(1.0, 1.8))
    for part, kernels, title in zip(parts, (first, second), titles, strict=True):
        part.suptitle(title)
        axes = part.subplots()
        limit = float(np.abs(kernels).max())
        # Diverging colours: that of the paper is no weight.
        colours = {"cmap": "PuOr", "vmin": -limit, "vmax": limit}
        image = axes.imshow(_sheet(kernels), **colours, gid=style.INVERTED)
        rows, columns, side = kernels.shape[0], kernels.shape[1], kernels.shape[2] + 1
        axes.set_xticks(np.arange(columns) * side + side / 2 - 1, range(1, columns + 1))
        axes.set_yticks(np.arange(rows) * side + side / 2 - 1, range(1, rows + 1))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.grid(False)
        bar = part.colorbar(image, ax=axes, label="weight", shrink=0.9, aspect=12)
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
    heights = [np.clip(13 / len(values), 1, 2.2) for _, values in steps]
    figure, grid = style.panels(6.2, len(heights) + 1, height_ratios=[*heights, 1.5])
    ink = {"cmap": "gray_r", "vmin": 0, "gid": style.INVERTED}
    for axes, (title, values) in zip(grid, steps, strict=False):
        if values.ndim == 3:
            axes.imshow(_sheet(values[None]), **ink)
        else:
            axes.imshow(values[None], **ink, aspect="auto")
        axes.set_title(title, loc="left", pad=3)
        axes.set_xticks([])
    bars = grid[-1]
    bars.bar(range(len(logits)), np.round(logits, 3), color=style.INK)
    bars.axhline(0, color=style.INK, linewidth=0.8)
    bars.set_title("logits", loc="left", pad=3)
    bars.set_xticks(range(len(logits)))
    bars.tick_params(length=0)
    bars.set_xlabel("digit")
    for axes in grid:
        axes.grid(False)
        axes.set_anchor("W")
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    return figure


def _sheet(maps: np.ndarray) -> np.ndarray:
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
    return f"{rows}×{columns}"
