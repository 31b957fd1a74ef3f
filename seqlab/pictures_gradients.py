"""Pictures of gradients on their way back through time and through layers. Every function returns a new figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from seqlab.checking.values import Array
from seqlab.plots import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION

COLOURS = (BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE)
STYLES = ("-", "--", ":")
STEPS_BACK = "steps from the last state (time runs to the right)"
NORM = "norm of the gradient"


def stacked_graph(layers: int = 3, steps: int = 4) -> Figure:
    """States as a grid: layers upwards, time to the right, an arrow for each use of weights."""
    figure, axes = plt.subplots(figsize=(2.0 * steps + 1.5, 1.5 * layers + 1.2), layout="constrained")
    axes.set(xlim=(-0.5, steps + 0.6), ylim=(-0.4, layers + 0.6), aspect="auto")
    axes.axis("off")
    for t in range(1, steps + 1):
        _node(axes, t, 0, f"$x_{t}$", GREEN)
    for layer in range(layers):
        for t in range(steps + 1):
            _node(axes, t, layer + 1, f"$h_{t}^{{({layer})}}$", BLUE if t else GREY)
            if t:
                _arrow(axes, (t - 1, layer + 1), (t, layer + 1), f"$W_h^{{({layer})}}$")
                _arrow(axes, (t, layer), (t, layer + 1), f"$W_x^{{({layer})}}$")
    return _closed(figure)


def norms_over_time(
    measured: Mapping[str, Array],
    predicted: Mapping[str, Array] | None = None,
    title: str = "",
    note: str = "",
    clipped: Mapping[str, float] | None = None,
) -> Figure:
    """Norms of the gradient at each state on a log axis, the last state at the right.

    Args:
        measured: for each name the norms (T,), drawn as dots.
        predicted: closed forms of the same names, drawn as lines; without them the dots are joined.
        note: what the lines are, for the legend.
        clipped: for each name the factor that clipping multiplies with; drawn once more, hollow and dashed.
    """
    figure, axes = _figure(7.5, 4.0)
    for colour, (name, norms) in zip(COLOURS, measured.items(), strict=False):
        if predicted is None:
            axes.semilogy(_steps_back(norms), norms, color=colour, label=name)
            continue
        _dots_on_line(axes, norms, predicted[name], name, color=colour)
        if clipped is not None:
            scaled = clipped[name] * norms, clipped[name] * predicted[name]
            _dots_on_line(axes, *scaled, f"{name}, clipped", color=colour, linestyle="--", markerfacecolor="white")
    if note:
        axes.plot([], [], color=GREY, linewidth=1.0, label=note)
    axes.set(xlabel=STEPS_BACK, ylabel=NORM, title=title)
    _legend_beside(axes)
    return _closed(figure)


def norms_between_bounds(norms: Array, lower: Array, upper: Array, rate: float, title: str = "") -> Figure:
    """Measured norms (T,) inside their bounds (T,), and ``rate`` to the power of the distance from the end.

    The axis ends far below the norms; a lower bound that falls further leaves the picture.
    """
    figure, axes = _figure(7.5, 3.8)
    back = _steps_back(norms)
    axes.fill_between(back, lower, upper, color=SKY, alpha=0.3, label="between the two bounds")
    axes.semilogy(back, norms[-1] * rate ** (-back.astype(float)), "--", color=ORANGE, label="spectral radius^steps")
    axes.semilogy(back, norms, color=BLUE, label="measured")
    axes.set(xlabel=STEPS_BACK, ylabel=NORM, title=title, yscale="log")
    axes.set_ylim(max(float(lower.min()), float(norms.min()) * 1e-4), float(upper.max()) * 10)
    _legend_beside(axes)
    return _closed(figure)


def clipping_rules(before: Array, after: Mapping[str, Array], limit: float) -> Figure:
    """The norm after clipping against the norm before, for several rules, on log axes."""
    figure, axes = _figure(6.5, 3.6)
    for colour, style, (name, norms) in zip((BLUE, VERMILION, GREEN), STYLES, after.items(), strict=False):
        axes.loglog(before, norms, style, color=colour, label=name)
    axes.axhline(limit, color=GREY, linewidth=0.8)
    axes.text(before[0], limit * 1.1, "the limit", color=GREY, va="bottom")
    axes.set(xlabel="norm before", ylabel="norm after")
    axes.legend(frameon=False)
    return _closed(figure)


def training_runs(
    losses: Mapping[str, Sequence[float]], norms: Mapping[str, Sequence[float]], smooth: int = 1
) -> Figure:
    """Loss and gradient norm (log axis) of several runs, one above the other, over the minibatches."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(8.5, 5.0), layout="constrained", sharex=True)
    for colour, name in zip((VERMILION, BLUE, GREEN, ORANGE, PURPLE), losses, strict=False):
        above.plot(_smoothed(losses[name], smooth), color=colour, linewidth=1.0, label=name)
        below.semilogy(_smoothed(norms[name], smooth), color=colour, linewidth=0.8)
    above.set(ylabel="loss (nats)", ylim=(0, None))
    below.set(xlabel="minibatch", ylabel=NORM)
    _legend_beside(above)
    for axes in (above, below):
        _plain(axes)
    return _closed(figure)


def depth_and_time(norms: Array, title: str = "") -> Figure:
    """Norms (layers, T) of the gradient at every state as colours, on a log scale; the top layer on top."""
    figure, axes = plt.subplots(figsize=(8.0, 0.42 * len(norms) + 1.3), layout="constrained")
    picture = axes.imshow(np.log10(norms), aspect="auto", origin="lower", cmap="viridis")
    axes.set(xlabel="step", ylabel="layer", yticks=range(len(norms)), title=title)
    figure.colorbar(picture, ax=axes, label="log10 of the norm")
    return _closed(figure)


def _steps_back(norms: Array) -> Array:
    return np.arange(1 - len(norms), 1)


def _dots_on_line(axes: Axes, norms: Array, line: Array, name: str, **look: Any) -> None:
    """Every fourth norm as a dot, and a thin line."""
    back = _steps_back(norms)
    axes.semilogy(back, line, color=look["color"], linewidth=1.0, linestyle=look.get("linestyle", "-"))
    axes.semilogy(back[::4], norms[::4], "o", markersize=3.5, label=name, **(look | {"linestyle": ""}))


def _legend_beside(axes: Axes) -> None:
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _smoothed(values: Sequence[float], width: int) -> Array:
    return np.convolve(np.asarray(values, dtype=float), np.full(width, 1 / width), mode="valid")


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    _plain(axes)
    return figure, axes


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)


def _closed(figure: Figure) -> Figure:
    plt.close(figure)
    return figure


def _node(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    axes.text(x, y, text, ha="center", va="center", fontsize=13, color=colour)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], text: str) -> None:
    level = start[1] == end[1]
    gap = 20 if level else 15
    axes.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=GREY, shrinkA=gap, shrinkB=gap)
    )
    dx, dy = (0.0, 0.1) if level else (0.12, -0.05)
    middle = ((start[0] + end[0]) / 2 + dx, (start[1] + end[1]) / 2 + dy)
    axes.text(
        *middle,
        text,
        color=VERMILION,
        ha="left" if not level else "center",
        va="bottom" if level else "center",
        fontsize=9,
    )
