"""How the scores of a class are spread: median, quartiles and a histogram, in percent."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 10  # percent in a bin; full marks have one of their own


@dataclass(frozen=True)
class Bin:
    """Scores from ``low`` up to, but not including, ``low + WIDTH``; the last bin is 100 alone."""

    low: int
    count: int

    @property
    def label(self) -> str:
        """``40-49``, or ``100``."""
        return str(self.low) if self.low == 100 else f"{self.low}-{self.low + WIDTH - 1}"


@dataclass(frozen=True)
class Spread:
    """Where scores lie, in percent. Quartiles are interpolated linearly between neighbours, as NumPy's are."""

    count: int
    lowest: float
    lower: float
    median: float
    upper: float
    highest: float
    mean: float
    bins: tuple[Bin, ...]


def spread_of(percents: Sequence[float]) -> Spread | None:
    """The spread of some scores; None where there are none."""
    if not percents:
        return None
    several = percents if len(percents) > 1 else [*percents, *percents]
    lower, median, upper = statistics.quantiles(several, n=4, method="inclusive")
    return Spread(
        len(percents), min(percents), lower, median, upper, max(percents), statistics.fmean(percents), _bins(percents)
    )


def _bins(percents: Sequence[float]) -> tuple[Bin, ...]:
    places = [int(percent // WIDTH) for percent in percents]
    return tuple(Bin(place * WIDTH, places.count(place)) for place in range(100 // WIDTH + 1))
