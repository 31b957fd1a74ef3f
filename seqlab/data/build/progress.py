"""Progress of long work, shown where somebody watches: in a terminal, not in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Thing = TypeVar("Thing")


def watched() -> bool:
    """Whether somebody watches."""
    return sys.stderr.isatty()


def shown(things: Iterable[Thing], title: str, unit: str) -> Iterator[Thing]:
    """The same things one by one, with a bar that says how far the work is."""
    yield from tqdm(things, desc=title, unit=unit, disable=not watched())
