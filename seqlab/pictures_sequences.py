"""Pictures of stage 5: glimpses on an image, drawings, words that tip a verdict, translations, labels under frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

from seqlab.checking.values import Array
from seqlab.plots import BLUE, GREEN, GREY, ORANGE, VERMILION

LINE = 74  # characters of a sentence in one line of a picture


def looks(images: Array, corners: Array, size: int, beliefs: Array, labels: Array) -> Figure:
    """Where a network looked, and what it believed after each look.

    Args:
        images: (N, height, width), from 0 (paper) to 1 (ink).
        corners: the upper left corner of each square in pixels, across and down, (N, T, 2).
        size: the side of a square in pixels.
        beliefs: the probability of each class after each look, (N, T, C).
        labels: the right classes, (N,); marked with a frame.
    """
    figure, grid = plt.subplots(
        2, len(images), figsize=(2.1 * len(images), 4.4), squeeze=False, layout="constrained", height_ratios=(1.3, 1)
    )
    for n, (above, below) in enumerate(grid.T):
        above.imshow(images[n], cmap="Greys", vmin=0, vmax=1.4)
        above.axis("off")
        _squares(above, corners[n], size)
        _strip(below, beliefs[n].T, np.full(len(beliefs[n]), labels[n]))
        below.set_xlabel("look")
    grid[1, 0].set_ylabel("class")
    return _closed(figure)


def drawings(images: Array, names: Sequence[str], title: str = "") -> Figure:
    """Drawings (C, K, height, width): a row for each of the C names, K drawings in it, zeros are paper."""
    C, K, height, width = images.shape
    sheet = images.transpose(0, 2, 1, 3).reshape(C * height, K * width)
    figure, axes = plt.subplots(figsize=(0.55 * K + 1, 0.55 * C + 0.5), layout="constrained")
    axes.imshow(sheet, cmap="Greys", vmin=0, vmax=1)
    axes.set_yticks(np.arange(C) * height + height / 2 - 0.5, list(names))
    axes.set(xticks=[], title=title)
    for place in range(1, max(C, K)):
        axes.axhline(place * height - 0.5, color=GREY, linewidth=0.3) if place < C else None
        axes.axvline(place * width - 0.5, color=GREY, linewidth=0.3) if place < K else None
    return _closed(figure)


def tipping_words(sentences: Sequence[tuple[Sequence[str], Array, str]], largest: float = 2.0) -> Figure:
    """Sentences, each word shaded by what it did to the verdict: blue for, orange against.

    Args:
        sentences: for each its words, the influence of each word (T,), and a note that stands before it.
        largest: the influence with the deepest shade.
    """
    laid = [(_lines(words, influence), note) for words, influence, note in sentences]
    height = sum(len(lines) + 0.8 for lines, _ in laid)
    figure, axes = plt.subplots(figsize=(9.5, 0.34 * height + 0.2), layout="constrained")
    axes.set(xlim=(0, LINE + 18), ylim=(height, -0.4))
    axes.axis("off")
    y = 0.4
    for lines, note in laid:
        axes.text(0, y, note, fontsize=9, va="center", color=GREY)
        for line in lines:
            _shaded(axes, line, 18, y, largest)
            y += 1
        y += 0.8
    return _closed(figure)


def translations(rows: Sequence[tuple[str, str, str]], title: str = "") -> Figure:
    """A table of what was read, what was said and what was wanted; what is not said exactly is marked."""
    figure, axes = plt.subplots(figsize=(11.0, 0.27 * len(rows) + 0.8), layout="constrained")
    axes.axis("off")
    widest = [max(len(text) for text in column) + 4 for column in zip(*rows, strict=True)]
    table = axes.table(
        [list(row) for row in rows],
        colLabels=["read", "said", "wanted"],
        colWidths=[width / sum(widest) for width in widest],
        bbox=Bbox.unit(),
        cellLoc="left",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(min(9.0, 1300 / sum(widest)))
    for (row, column), cell in table.get_celld().items():
        cell.set_edgecolor("#DDDDDD")
        if row and column == 1:
            _, said, wanted = rows[row - 1]
            cell.get_text().set_color(GREEN if said == wanted else VERMILION)
    axes.set_title(title)
    return _closed(figure)


def film_strip(frames: Array, beliefs: Array, labels: Array, names: Sequence[str]) -> Figure:
    """The frames of a film (T, height, width), and under each the probability of every label, the right one framed.

    Args:
        frames: from 0 to 1.
        beliefs: (T, C).
        labels: the right label of each frame, (T,).
        names: of the C labels.
    """
    T = len(frames)
    figure, (above, below) = plt.subplots(2, 1, figsize=(0.95 * T, 3.6), layout="constrained", height_ratios=(1, 2.2))
    above.imshow(frames.transpose(1, 0, 2).reshape(frames.shape[1], -1), cmap="Greys", vmin=0, vmax=1, aspect="auto")
    above.axis("off")
    _strip(below, beliefs.T, labels)
    below.set_yticks(range(len(names)), list(names), fontsize=7)
    below.set_xlabel("frame")
    return _closed(figure)


def accuracy_over_time(series: Mapping[str, Array], xlabel: str, title: str = "") -> Figure:
    """The share of right answers (T,) after each step, a line for each name."""
    figure, axes = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
    for (name, values), colour in zip(series.items(), (BLUE, ORANGE, GREEN, VERMILION), strict=False):
        axes.plot(np.arange(1, len(values) + 1), 100 * values, "o-", color=colour, label=name)
    axes.set(xlabel=xlabel, ylabel="right, in %", title=title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    return _closed(figure)


def _squares(axes: Axes, corners: Array, size: int) -> None:
    """A numbered square for each look, and the way of the eye."""
    middles = corners + (size - 1) / 2
    axes.plot(middles[:, 0], middles[:, 1], color=VERMILION, linewidth=0.8, alpha=0.7)
    for t, (x, y) in enumerate(corners):
        axes.add_patch(Rectangle((x - 0.5, y - 0.5), size, size, fill=False, edgecolor=BLUE, linewidth=1.1))
        axes.text(
            middles[t, 0],
            middles[t, 1],
            str(t + 1),
            color=VERMILION,
            ha="center",
            va="center",
            fontsize=9,
            weight="bold",
        )


def _strip(axes: Axes, beliefs: Array, labels: Array) -> None:
    """Probabilities (C, T) as shades over time, from 1; the right class of each step in a frame."""
    axes.imshow(beliefs, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    for t, label in enumerate(labels):
        axes.add_patch(Rectangle((t - 0.5, label - 0.5), 1, 1, fill=False, edgecolor=VERMILION, linewidth=1.4))
    axes.set_xticks(range(beliefs.shape[1]), [str(t + 1) for t in range(beliefs.shape[1])], fontsize=7)
    axes.set_yticks(range(beliefs.shape[0]))
    axes.tick_params(axis="y", labelsize=7)


def _lines(words: Sequence[str], influence: Array) -> list[list[tuple[str, float]]]:
    """Words with their influence, cut into lines of at most ``LINE`` characters."""
    lines: list[list[tuple[str, float]]] = [[]]
    room = LINE
    for word, value in zip(words, influence, strict=True):
        if len(word) + 1 > room:
            lines.append([])
            room = LINE
        lines[-1].append((word, float(value)))
        room -= len(word) + 1
    return lines


def _shaded(axes: Axes, line: Sequence[tuple[str, float]], x: float, y: float, largest: float) -> None:
    for word, value in line:
        strength = min(abs(value) / largest, 1.0)
        axes.add_patch(
            Rectangle(
                (x - 0.35, y - 0.45),
                len(word) + 0.6,
                0.9,
                color=BLUE if value > 0 else VERMILION,
                alpha=0.75 * strength,
            )
        )
        axes.text(x, y, word, fontsize=9, family="monospace", va="center")
        x += len(word) + 1


def _closed(figure: Figure) -> Figure:
    plt.close(figure)
    return figure
