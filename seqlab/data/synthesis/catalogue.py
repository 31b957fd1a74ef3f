"""Which set is made by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from seqlab.data.synthesis.dates import make_dates
from seqlab.data.synthesis.digit_scenes import make_digit_scenes
from seqlab.data.synthesis.moving_digits import make_moving_digits

Generator = Callable[[Path, Mapping[str, Path], int], None]

GENERATORS: Mapping[str, Generator] = {
    "dates": make_dates,
    "moving_digits": make_moving_digits,
    "digit_scenes": make_digit_scenes,
}
