"""Pictures of stage 8. Every function returns a new figure, closed for pyplot (see :mod:`seqlab.plots`)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqlab.checking.values import Array
from seqlab.plots import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION

LINE = 24  # characters of a question in one line of a picture
COLOURS = (GREY, ORANGE, SKY, VERMILION, GREEN, BLUE, PURPLE)


def answered(
    images: Array, questions: Sequence[str], said: Sequence[str], right: Sequence[str], columns: int = 6
) -> Figure:
    """Images (N, height, width, 3), above each the question, below what was said (blue where right, else red)."""
    rows = -(-len(images) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(2 * columns, 2.7 * rows), layout="constrained", squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, question, mine, true in zip(grid.flat, images, questions, said, right, strict=False):
        axes.imshow(image)
        _ask(axes, question)
        _answer(axes, mine, true)
    return _closed(figure)


def shares_by_kind(rows: Mapping[str, Mapping[str, float]], title: str = "") -> Figure:
    """The shares of right answers, a group of bars for each kind of question, a bar for each answerer."""
    kinds = list(next(iter(rows.values())))
    width = 0.8 / len(rows)
    figure, axes = plt.subplots(figsize=(1.6 + 1.7 * len(kinds), 3.6), layout="constrained")
    for place, (name, shares) in enumerate(rows.items()):
        x = np.arange(len(kinds)) + (place - (len(rows) - 1) / 2) * width
        axes.bar(x, [100 * shares[kind] for kind in kinds], width, label=name, color=COLOURS[place % len(COLOURS)])
    axes.set_xticks(np.arange(len(kinds)), kinds)
    axes.set(ylabel="right answers (%)", ylim=(0, 103), title=title)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, loc="outside right upper")
    return _closed(figure)


def looks(
    images: Array, weights: Array, questions: Sequence[str], said: Sequence[str], right: Sequence[str], columns: int = 5
) -> Figure:
    """Where each question looked: what it did not look at lies under a veil.

    Args:
        images: the image that each question is about, (N, height, width, 3).
        weights: (N, L) of a square grid of positions, row by row.
        questions, said, right: each question, what was answered (blue where right, else red), and the right answer.
    """
    rows = -(-len(images) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(2 * columns, 2.7 * rows), layout="constrained", squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for n, axes in zip(range(len(images)), grid.flat, strict=False):
        axes.imshow(images[n])
        _veil(axes, weights[n], images.shape[1:3])
        _ask(axes, questions[n])
        _answer(axes, said[n], right[n])
    return _closed(figure)


def _veil(axes: Axes, weights: Array, size: tuple[int, int]) -> None:
    side = round(len(weights) ** 0.5)
    veil = np.full((side, side, 4), 0.55)
    veil[..., 3] = 0.85 * (1 - weights.reshape(side, side) / weights.max())
    axes.imshow(veil, extent=(-0.5, size[1] - 0.5, size[0] - 0.5, -0.5), interpolation="nearest")


def _ask(axes: Axes, question: str) -> None:
    axes.set_title("\n".join(textwrap.wrap(question, LINE)), fontsize=8)


def _answer(axes: Axes, said: str, right: str) -> None:
    told = said if said == right else f"{said} ({right})"
    colour = BLUE if said == right else VERMILION
    axes.text(0.5, -0.04, told, fontsize=9, color=colour, ha="center", va="top", transform=axes.transAxes)


def _closed(figure: Figure) -> Figure:
    plt.close(figure)
    return figure
