"""How far a download is: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tqdm import tqdm

from seqlab.data.fetch.options import FetchOptions

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def measuring(name: str, start: int, total: int | None, options: FetchOptions) -> Iterator[Callable[[int], object]]:
    """A function that is told of each number of bytes that came.

    Args:
        name: of the file.
        start: bytes that were there before.
        total: bytes that there will be; None if that is not known.
        options: whether and to whom progress is shown.
    """
    if not options.progress:
        yield lambda _: None
    elif sys.stderr.isatty():
        with tqdm(
            desc=name, initial=start, total=total, unit="B", unit_scale=True, leave=False, dynamic_ncols=True
        ) as bar:
            yield bar.update
    else:
        yield _Lines(name, start, total, options.show).add


def in_bytes(count: float) -> str:
    """A number of bytes for people: ``1.1 MB``."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:.0f} bytes"


@dataclass
class _Lines:
    name: str
    done: int
    total: int | None
    show: Callable[[str], None]
    last: float = field(default_factory=time.monotonic)

    def add(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        if now - self.last >= SECONDS_BETWEEN_LINES:
            self.last = now
            of = "" if self.total is None else f" of {in_bytes(self.total)}"
            self.show(f"  {self.name}: {in_bytes(self.done)}{of}")
