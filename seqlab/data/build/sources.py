"""What a builder is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sources:
    """What one set is made from.

    Attributes:
        files: the fetched files by their names in the registry, in its order.
        needed: the built folders of the sets that this one is made from.
        show: tells a person something, in a line.
    """

    files: Mapping[str, Path]
    needed: Mapping[str, Path]
    show: Callable[[str], None]

    @property
    def only(self) -> Path:
        """The file, of a set that has one."""
        (path,) = self.files.values()
        return path


Builder = Callable[[Sources, Path], None]
