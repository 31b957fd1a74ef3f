"""Pictures of stage 7. Every function returns a new figure, closed for pyplot (see :mod:`seqlab.plots`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from seqlab.checking.values import Array
from seqlab.plots import BLUE, GREY, ORANGE, SKY, VERMILION


def looks(
    images: Array,
    words: Sequence[Sequence[str]],
    weights: Array,
    boxes: Sequence[Array] | None = None,
    title: str = "",
) -> Figure:
    """A row for each image: the image, then for each word where the captioner looked when it said it.

    Args:
        images: (K, height, width) or (K, height, width, 3), uint8.
        words: what was said, for each image a list of words.
        weights: (K, T, L), L places of a square map, row by row; the first are those of the words.
        boxes: for each image where each of its words should look: (T, 4), left, top, right, bottom in pixels, with a
            negative number where a word has no box; None for no boxes.
    """
    columns = 1 + max(len(one) for one in words)
    figure, grid = plt.subplots(
        len(images), columns, figsize=(1.35 * columns, 1.6 * len(images)), layout="constrained", squeeze=False
    )
    for axes in grid.flat:
        axes.axis("off")
    for k, row in enumerate(grid):
        _image(row[0], images[k])
        for t, word in enumerate(words[k]):
            _look(row[t + 1], images[k], weights[k, t])
            row[t + 1].set_title(word, fontsize=9)
            if boxes is not None:
                _box(row[t + 1], boxes[k][t])
    figure.suptitle(title)
    plt.close(figure)
    return figure


def bars(figures: Mapping[str, float], ylabel: str, title: str = "", logarithmic: bool = False) -> Figure:
    """Some figures by name as bars, each with its number."""
    figure, axes = plt.subplots(figsize=(6.5, 3.0), layout="constrained")
    drawn = axes.bar(range(len(figures)), list(figures.values()), color=[GREY, SKY, BLUE, ORANGE][: len(figures)])
    axes.bar_label(drawn, fmt="%.3g", fontsize=9)
    axes.set_xticks(range(len(figures)), list(figures))
    axes.set(ylabel=ylabel, title=title, yscale="log" if logarithmic else "linear")
    axes.spines[["top", "right"]].set_visible(False)
    plt.close(figure)
    return figure


def against_chance(groups: Mapping[str, tuple[float, float]], title: str = "") -> Figure:
    """For each of several groups a share that was reached, beside the share that no knowledge at all would reach."""
    figure, axes = plt.subplots(figsize=(6.5, 3.0), layout="constrained")
    places = np.arange(len(groups))
    for shift, name, colour, column in ((-0.2, "the captioner", BLUE, 0), (0.2, "without looking", GREY, 1)):
        heights = [pair[column] for pair in groups.values()]
        axes.bar_label(axes.bar(places + shift, heights, 0.38, color=colour, label=name), fmt="{:.0%}", fontsize=9)
    axes.set_xticks(places, list(groups))
    axes.set(ylim=(0, 1.1), title=title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    plt.close(figure)
    return figure


def _image(axes: Axes, image: Array) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)


def _look(axes: Axes, image: Array, weights: Array) -> None:
    """The image, pale, and over it the weights: the redder, the larger, up to the largest of this look."""
    side = round(len(weights) ** 0.5)
    height, width = image.shape[:2]
    _image(axes, image)
    heat = weights.reshape(side, side) / max(float(weights.max()), 1e-9)
    edges = (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(heat, cmap="Reds", vmin=0, vmax=1, alpha=0.75 * heat, extent=edges, interpolation="bilinear")


def _box(axes: Axes, box: Array) -> None:
    left, top, right, bottom = (int(one) for one in box)
    if left >= 0:
        corner, size = (left - 0.5, top - 0.5), (right - left, bottom - top)
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=VERMILION, linewidth=1.2))
