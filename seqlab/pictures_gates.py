"""Pictures of stage 4: an LSTM's cell, gates over time, curves on a logarithmic axis, and races on several tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from seqlab.checking.values import Array
from seqlab.plots import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION

COLOURS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY)
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
Point = tuple[float, float]


def lstm_cell() -> Figure:
    """One step of an LSTM: the road of the cell along the top, the gates below, the state along the bottom."""
    figure, axes = plt.subplots(figsize=(9.5, 5.0), layout="constrained")
    axes.set(xlim=(-0.6, 11.0), ylim=(-1.0, 5.2), aspect="equal")
    axes.axis("off")
    _road(axes)
    for x, name, squash, colour in ((2.0, "f", r"$\sigma$", VERMILION), (4.0, "i", r"$\sigma$", BLUE)):
        _box(axes, x, 1.5, squash, colour)
        _label(axes, x - 0.3, 2.25, f"${name}_t$", colour)
    _box(axes, 5.6, 1.5, "tanh", PURPLE)
    _label(axes, 5.9, 2.25, "$g_t$", PURPLE)
    _box(axes, 7.4, 1.5, r"$\sigma$", ORANGE)
    _label(axes, 7.1, 2.25, "$o_t$", ORANGE)
    _writing_and_showing(axes)
    _inputs(axes)
    return _closed(figure)


def gates_over_time(
    traces: Mapping[str, Array], inputs: Mapping[str, Array], marks: Iterable[int] = (), title: str = ""
) -> Figure:
    """Gates of one sequence over time.

    Args:
        traces: by name, (T, H) each; gates, from 0 to 1, are drawn dark where open; a trace with negative entries in
            red and blue about zero.
        inputs: by name, (T,) each, drawn as bars along the top.
        marks: steps to mark through all panels.
        title: stands on top.
    """
    rows = len(inputs) + len(traces)
    heights = [0.7] * len(inputs) + [1.6] * len(traces)
    figure, grid = plt.subplots(
        rows, 1, figsize=(9.0, sum(heights) + 0.8), height_ratios=heights, sharex=True, layout="constrained"
    )
    panels = np.atleast_1d(grid)
    for axes, (name, values) in zip(panels, inputs.items(), strict=False):
        axes.bar(np.arange(len(values)), values, color=GREY, width=0.8)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
        axes.set_yticks([])
    for axes, (name, trace) in zip(panels[len(inputs) :], traces.items(), strict=True):
        _trace(figure, axes, name, trace)
    steps = list(marks)
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        for mark in steps:
            axes.axvline(mark, color=VERMILION, linewidth=1.0, linestyle=":")
    panels[-1].set_xlabel("step t")
    figure.suptitle(title)
    return _closed(figure)


def log_curves(series: Mapping[str, Array], xlabel: str, ylabel: str, title: str = "", floor: float = 1e-40) -> Figure:
    """Several curves by name over their index, on a logarithmic axis; what is below ``floor`` leaves the picture."""
    figure, axes = plt.subplots(figsize=(7.2, 3.6), layout="constrained")
    _draw_log(axes, series, floor)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.legend(frameon=False, fontsize=9)
    return _closed(figure)


def log_panels(panels: Mapping[str, Mapping[str, Array]], xlabel: str, ylabel: str, floor: float = 1e-20) -> Figure:
    """Panels side by side with one logarithmic axis, several curves in each; what is below ``floor`` is left out."""
    figure, grid = plt.subplots(
        1, len(panels), figsize=(4.6 * len(panels), 3.6), sharey=True, layout="constrained", squeeze=False
    )
    for axes, (title, series) in zip(grid[0], panels.items(), strict=True):
        _draw_log(axes, series, floor)
        axes.set(xlabel=xlabel, title=title)
    grid[0, 0].set_ylabel(ylabel)
    _legend_below(figure, grid[0, 0])
    return _closed(figure)


def races(results: Mapping[str, Mapping[str, Sequence[float]]], guess: float, ylabel: str, smooth: int = 20) -> Figure:
    """The loss of several networks on several tasks, side by side.

    Args:
        results: for each task (a panel), by name of the network, the loss of every minibatch.
        guess: the loss of the best answer that remembers nothing, drawn as a dashed line.
        ylabel: what the loss is.
        smooth: how many minibatches a running mean takes together.
    """
    figure, grid = plt.subplots(
        1, len(results), figsize=(3.6 * len(results), 3.3), sharey=True, layout="constrained", squeeze=False
    )
    for axes, (task, losses) in zip(grid[0], results.items(), strict=True):
        axes.axhline(guess, color=GREY, linestyle="--", linewidth=1.0, label="remembers nothing")
        for colour, style, (name, values) in zip(COLOURS, STYLES, losses.items(), strict=False):
            window = min(smooth, len(values))
            mean = np.convolve(values, np.full(window, 1 / window), mode="valid")
            axes.plot(np.arange(window, len(values) + 1), mean, color=colour, linestyle=style, label=name)
            axes.plot(len(values), mean[-1], "o", color=colour, markersize=4)
        axes.set(xlabel="minibatch", title=task, yscale="log")
        _tidy(axes)
    grid[0, 0].set_ylabel(ylabel)
    _legend_below(figure, grid[0, 0])
    return _closed(figure)


def _draw_log(axes: Axes, series: Mapping[str, Array], floor: float) -> None:
    for colour, style, (name, values) in zip(COLOURS, STYLES, series.items(), strict=False):
        axes.plot(np.where(values > 0, values, np.nan), color=colour, linestyle=style, label=name)
    lowest = min((float(values.min()) for values in series.values()), default=floor)
    axes.set_yscale("log")
    if lowest < floor:
        axes.set_ylim(bottom=floor)
    _tidy(axes)


def _legend_below(figure: Figure, axes: Axes) -> None:
    lines, names = axes.get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncols=len(names), frameon=False, fontsize=9)


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)


def _trace(figure: Figure, axes: Axes, name: str, trace: Array) -> None:
    signed = bool((trace < 0).any())
    top = float(np.abs(trace).max()) if signed else 1.0
    colours, low = ("RdBu_r", -top) if signed else ("Greys", 0.0)
    picture = axes.imshow(trace.T, cmap=colours, vmin=low, vmax=top, aspect="auto", interpolation="nearest")
    axes.set_ylabel(f"{name}\n(units)", rotation=0, ha="right", va="center")
    axes.set_yticks([])
    figure.colorbar(picture, ax=axes, pad=0.01)


def _road(axes: Axes) -> None:
    _label(axes, -0.2, 4.2, "$c_{t-1}$", GREEN)
    _label(axes, 10.6, 4.2, "$c_t$", GREEN)
    _arrow(axes, (0.3, 4.2), (1.7, 4.2), GREEN, 3)
    _operation(axes, 2.0, 4.2, r"$\odot$")
    _arrow(axes, (2.3, 4.2), (4.5, 4.2), GREEN, 3)
    _operation(axes, 4.8, 4.2, "$+$")
    _arrow(axes, (5.1, 4.2), (10.2, 4.2), GREEN, 3)
    axes.text(6.2, 4.55, "the road: one product, one sum", color=GREEN, fontsize=10, ha="left")


def _writing_and_showing(axes: Axes) -> None:
    _arrow(axes, (2.0, 1.85), (2.0, 3.9), VERMILION)
    _arrow(axes, (4.0, 1.85), (4.58, 2.82), BLUE)
    _arrow(axes, (5.6, 1.85), (5.02, 2.82), PURPLE)
    _operation(axes, 4.8, 3.0, r"$\odot$")
    _arrow(axes, (4.8, 3.3), (4.8, 3.9), GREY)
    _box(axes, 9.0, 3.1, "tanh", GREY)
    _arrow(axes, (9.0, 4.2), (9.0, 3.45), GREY)
    _operation(axes, 9.0, 2.0, r"$\odot$")
    _arrow(axes, (9.0, 2.75), (9.0, 2.3), GREY)
    _arrow(axes, (7.85, 1.6), (8.72, 1.9), ORANGE)
    _arrow(axes, (9.3, 2.0), (10.2, 2.0), GREY)
    _label(axes, 10.6, 2.0, "$h_t$", GREY)


def _inputs(axes: Axes) -> None:
    _label(axes, -0.2, 0.2, "$h_{t-1}$", GREY)
    _label(axes, 0.9, -0.7, "$x_t$", GREEN)
    axes.plot([0.25, 7.4], [0.2, 0.2], color=GREY, linewidth=1.2)
    axes.plot([0.9, 0.9], [-0.45, 0.2], color=GREY, linewidth=1.2)
    for x in (2.0, 4.0, 5.6, 7.4):
        _arrow(axes, (x, 0.2), (x, 1.13), GREY)
    axes.text(7.7, 0.2, "$x_t W_x + h_{t-1} W_h + b$, a block for each", fontsize=10, ha="left", va="center")


def _label(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    axes.text(x, y, text, ha="center", va="center", fontsize=13, color=colour)


def _box(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    shape = FancyBboxPatch((x - 0.38, y - 0.28), 0.76, 0.56, boxstyle="round,pad=0.06", facecolor="white")
    shape.set(edgecolor=colour, linewidth=1.6)
    axes.add_patch(shape)
    axes.text(x, y, text, ha="center", va="center", fontsize=12)


def _operation(axes: Axes, x: float, y: float, text: str) -> None:
    axes.add_patch(Circle((x, y), 0.28, facecolor="white", edgecolor=GREY, zorder=3))
    axes.text(x, y, text, ha="center", va="center", fontsize=12, zorder=4)


def _arrow(axes: Axes, start: Point, end: Point, colour: str, width: float = 1.2) -> None:
    arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color=colour, shrinkA=0, shrinkB=0)
    arrow.set_linewidth(width)
    axes.add_patch(arrow)


def _closed(figure: Figure) -> Figure:
    plt.close(figure)
    return figure
