"""Where things stand in the report's pictures, in the units of an SVG's view box. The template draws them."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.reporting.exercises import ExerciseFigure
from autograder.reporting.scores import WIDTH, Spread

SLOT = 36  # width of a bin
GAP = 6  # between two bars
PLOT_HEIGHT = 110
BAR = 200  # width of the bar of an exercise


@dataclass(frozen=True)
class Column:
    """A bar of the histogram: where it stands, the number above it, the score at its left edge, its scores in words."""

    edge: float
    x: float
    y: float
    width: float
    height: float
    count: int
    low: int
    label: str


@dataclass(frozen=True)
class Histogram:
    """The bars, and under them a box from quartile to quartile, its median, and whiskers to lowest and highest."""

    width: int
    height: int
    columns: tuple[Column, ...]
    lowest: float
    lower: float
    median: float
    upper: float
    highest: float


@dataclass(frozen=True)
class Part:
    """A part of an exercise's bar; ``kind`` is ``full``, ``part`` or ``none``."""

    kind: str
    x: float
    width: float


def histogram(spread: Spread) -> Histogram:
    """The picture of a spread."""
    most = max(one.count for one in spread.bins)
    columns = []
    for one in spread.bins:
        height, edge = PLOT_HEIGHT * one.count / most, _x(one.low)
        columns.append(
            Column(edge, edge + GAP / 2, PLOT_HEIGHT - height, SLOT - GAP, height, one.count, one.low, one.label)
        )
    marks = (_x(mark) for mark in (spread.lowest, spread.lower, spread.median, spread.upper, spread.highest))
    return Histogram(SLOT * len(spread.bins), PLOT_HEIGHT, tuple(columns), *marks)


def parts(figure: ExerciseFigure) -> tuple[Part, ...]:
    """The bar of an exercise: all, part and none of its points, as shares of the class."""
    found: list[Part] = []
    x = 0.0
    for kind, count in (("full", figure.full), ("part", figure.part), ("none", figure.none)):
        width = BAR * count / figure.count
        if count:
            found.append(Part(kind, round(x, 2), round(width, 2)))
        x += width
    return tuple(found)


def _x(percent: float) -> float:
    """Where a score is on the axis."""
    return round(SLOT * percent / WIDTH, 2)
