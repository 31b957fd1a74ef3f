"""Pictures of stage 2. Every function returns a new figure, closed for pyplot (see :mod:`seqlab.plots`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from seqlab.checking.values import Array
from seqlab.language.cells import CLEAR, HINT, Cell
from seqlab.plots import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION

COLOURS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY)
NAMES = {" ": "space", "\n": "line", "\t": "tab"}


def learning_curves(curves: Mapping[str, tuple[Array, Array]], xlabel: str, title: str, smooth: int = 200) -> Figure:
    """Losses in nats per character: places (n,) and losses (n,) of each curve, as running means of ``smooth``."""
    figure, axes = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
    for colour, (name, (places, losses)) in zip(COLOURS, curves.items(), strict=False):
        width = max(min(smooth, len(losses) // 4), 1)
        mean = np.convolve(losses, np.full(width, 1 / width), mode="valid")
        axes.plot(np.asarray(places)[width - 1 :], mean, color=colour, linewidth=1.2, label=name)
    axes.set(xlabel=xlabel, ylabel="nats per character", title=title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    return _closed(figure)


def ranking(values: Mapping[str, float], xlabel: str, title: str = "", marked: Sequence[str] = ()) -> Figure:
    """Horizontal bars, the largest at the top, each with its number; those of ``marked`` in another colour."""
    order = sorted(values, key=lambda name: values[name])
    figure, axes = plt.subplots(figsize=(7, 0.34 * len(order) + 1), layout="constrained")
    colours = [VERMILION if name in marked else SKY for name in order]
    bars = axes.barh(order, [values[name] for name in order], color=colours)
    axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=9)
    axes.set(xlabel=xlabel, title=title)
    axes.margins(x=0.1)
    axes.spines[["top", "right"]].set_visible(False)
    return _closed(figure)


def temperatures(chances: Mapping[str, Array], characters: Sequence[str], title: str = "", most: int = 14) -> Figure:
    """The probability (V,) of each next character at several temperatures, for the ``most`` likely characters."""
    first = next(iter(chances.values()))
    likely = np.argsort(first)[::-1][:most]
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    room = 0.8 / len(chances)
    for place, (colour, (name, chance)) in enumerate(zip(COLOURS, chances.items(), strict=False)):
        axes.bar(np.arange(len(likely)) + place * room - 0.4 + room / 2, chance[likely], room, color=colour, label=name)
    axes.set_xticks(range(len(likely)), [NAMES.get(characters[one], characters[one]) for one in likely])
    axes.set(ylabel="probability", title=title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, title="temperature")
    return _closed(figure)


def cell_scores(cells: Mapping[str, Cell], title: str = "") -> Figure:
    """For each label the size of the best unit's correlation: where it was chosen, on other text, and by luck."""
    names = list(cells)[::-1]
    figure, axes = plt.subplots(figsize=(7, 0.42 * len(names) + 1.1), layout="constrained")
    rows = range(len(names))
    for label, colour, marker, sizes in (
        ("luck", GREY, "|", [cells[name].luck for name in names]),
        ("text it was chosen on", SKY, "o", [abs(cells[name].chosen) for name in names]),
        ("other text", VERMILION, "D", [abs(cells[name].told) for name in names]),
    ):
        axes.scatter(sizes, rows, color=colour, marker=marker, s=60, label=label, zorder=3)
    for limit in (HINT, CLEAR):
        axes.axvline(limit, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_yticks(rows, names)
    axes.set(xlim=(0, 1), xlabel="size of the correlation", title=title)
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.3 - 0.2 / len(names)))
    return _closed(figure)


def _closed(figure: Figure) -> Figure:
    plt.close(figure)
    return figure
