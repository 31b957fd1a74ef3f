"""Pictures for the notebooks. Every function returns a new figure, which Jupyter shows; nothing global is changed.

The figures are closed for pyplot, so that a notebook shows each once: as the last line of a cell, or by display().
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from seqlab.checking.values import Array

# Okabe and Ito (2008): eight colours that people with any colour vision tell apart.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#6B6B6B",
)  # fmt: skip


def loss_curve(losses: Sequence[float], smooth: int = 20, title: str = "training loss") -> Figure:
    """The loss of every minibatch, faint, and its running mean over ``smooth`` of them."""
    figure, axes = _figure(6.5, 3.2)
    axes.plot(losses, color=SKY, alpha=0.5, linewidth=0.8, label="each minibatch")
    if len(losses) >= smooth:
        mean = np.convolve(losses, np.full(smooth, 1 / smooth), mode="valid")
        axes.plot(np.arange(smooth - 1, len(losses)), mean, color=BLUE, label=f"mean of {smooth}")
    axes.set(xlabel="minibatch", ylabel="loss (nats)", title=title, ylim=(0, None))
    axes.legend(frameon=False)
    return _closed(figure)


def unrolled_graph(steps: int = 4) -> Figure:
    """The recurrent cell drawn once with its loop, and unrolled in time with the same weights at every step."""
    figure, axes = plt.subplots(figsize=(9.5, 3.4), layout="constrained")
    axes.set(xlim=(-1.1, 2 * steps + 2.8), ylim=(-1.9, 2.0), aspect="equal")
    axes.axis("off")
    _cell(axes, 0.0, "", loop=True)
    axes.text(1.25, 0, "=", fontsize=20, ha="center", va="center")
    _node(axes, 2.1, 0, "$h_0$", GREY)
    for t in range(1, steps + 1):
        x = 2.0 + 2 * t
        _cell(axes, x, f"_{t}")
        _arrow(axes, (x - 1.55, 0), (x - 0.45, 0), "$W_h$", VERMILION)
    return _closed(figure)


def reading(image: Array, probabilities: Array, title: str = "") -> Figure:
    """One digit read row by row.

    Args:
        image: (T, D) grey values in [0, 1].
        probabilities: (T, C) of each class after each row.
    """
    T, C = probabilities.shape
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained", width_ratios=(1, 1.5))
    left.imshow(image, cmap="Greys", vmin=0, vmax=1)
    left.set(yticks=range(T), xticks=[], ylabel="row (time)", title=title)
    picture = right.imshow(probabilities, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    right.set(xticks=range(C), yticks=range(T), xlabel="digit", title="what the reader believes after each row")
    figure.colorbar(picture, ax=right, label="probability")
    return _closed(figure)


def gallery(images: Array, captions: Sequence[str], columns: int = 6) -> Figure:
    """Small images (N, height, width) in a grid, a caption over each."""
    rows = -(-len(images) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(1.5 * columns, 1.8 * rows), layout="constrained", squeeze=False)
    for place, axes in enumerate(grid.flat):
        axes.axis("off")
        if place < len(images):
            axes.imshow(images[place], cmap="Greys", vmin=0, vmax=1)
            axes.set_title(captions[place], fontsize=9)
    return _closed(figure)


def curves(series: Mapping[str, Array], xlabel: str, ylabel: str, title: str = "", first: int = 0) -> Figure:
    """Several curves by name over their index, which counts from ``first``."""
    figure, axes = _figure(6.5, 3.2)
    for colour, (name, values) in zip((BLUE, ORANGE, GREEN, VERMILION, PURPLE), series.items(), strict=False):
        axes.plot(range(first, first + len(values)), values, color=colour, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.legend(frameon=False)
    return _closed(figure)


def _closed(figure: Figure) -> Figure:
    plt.close(figure)
    return figure


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure, axes


def _cell(axes: Axes, x: float, index: str, loop: bool = False) -> None:
    box = FancyBboxPatch((x - 0.4, -0.35), 0.8, 0.7, boxstyle="round,pad=0.05", facecolor="#E8F1F8", edgecolor=BLUE)
    axes.add_patch(box)
    axes.text(x, 0, f"$h{index}$", ha="center", va="center", fontsize=13)
    _node(axes, x, -1.55, f"$x{index}$", GREEN)
    _node(axes, x, 1.6, f"$y{index}$", ORANGE)
    _arrow(axes, (x, -1.25), (x, -0.42), "$W_x$", VERMILION)
    _arrow(axes, (x, 0.42), (x, 1.3), "$W_y$", VERMILION)
    if loop:
        _arrow(axes, (x - 0.42, 0.25), (x - 0.42, -0.25), "$W_h$", VERMILION, "arc3,rad=1.6", (-0.62, 0.0))


def _node(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    axes.text(x, y, text, ha="center", va="center", fontsize=13, color=colour)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    text: str,
    colour: str,
    curve: str = "arc3",
    shift: Any = None,
) -> None:
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color=GREY, connectionstyle=curve))
    level = start[1] == end[1]
    dx, dy = shift if shift is not None else ((0.0, 0.22) if level else (0.3, 0.0))
    axes.text((start[0] + end[0]) / 2 + dx, (start[1] + end[1]) / 2 + dy, text, color=colour, ha="center", va="center")
