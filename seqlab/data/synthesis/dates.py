"""Dates as they are written in five languages, and the same day in ISO 8601: a warm-up for translation."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from babel.dates import format_date

from seqlab.data.layouts.pairs import Pair, split_by_target, write_pairs

LOCALES = ("en_US", "en_GB", "fr_FR", "de_DE", "es_ES", "it_IT")
# Months in letters: where both are numbers, 3/4 is another day in London than in New York.
PATTERNS = ("full", "long", "medium", "d MMM yyyy", "EEEE d MMMM yyyy")
DAYS = 320
FIRST, LAST = datetime.date(1970, 1, 1), datetime.date(2040, 12, 31)
HELD_OUT = 0.1


def make_dates(folder: Path, needed: Mapping[str, Path], seed: int) -> None:
    """Write ``pairs.h5``; a tenth of the days is held out by lot, in whatever way they are written."""
    rng = np.random.default_rng(seed)
    days = rng.choice((LAST - FIRST).days + 1, size=DAYS, replace=False)
    pairs = sorted({pair for day in days for pair in written(FIRST + datetime.timedelta(days=int(day)))})
    write_pairs(folder / "pairs.h5", split_by_target(pairs, HELD_OUT, seed))


def written(day: datetime.date) -> Iterator[Pair]:
    """The ways in which a day is written, without those that can be read in two ways."""
    for locale in LOCALES:
        for pattern in PATTERNS:
            text = " ".join(format_date(day, pattern, locale=locale).split())
            if not re.fullmatch(r"[\d/. -]+", text):
                yield text, day.isoformat()
