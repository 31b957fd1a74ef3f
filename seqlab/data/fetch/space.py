"""Whether a set will fit on the disk, before anything is fetched."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from seqlab.data.errors import NoSpace, NotWritable
from seqlab.data.fetch.part import Part
from seqlab.data.fetch.progress import in_bytes
from seqlab.data.places import Places
from seqlab.data.registry import DataSet, SourceFile

MARGIN = 1.05
SPARE = 20_000_000


def require_space(places: Places, data_set: DataSet, missing: Sequence[SourceFile]) -> None:
    """Compare what is still to be fetched, and what is built of it, with the free space.

    Raises:
        NoSpace: there is less.
    """
    folder = places.raw(data_set)
    to_fetch = sum(max(0, file.about_size - Part(folder / file.name).size()) for file in missing)
    needed = int((to_fetch + data_set.built_size) * MARGIN) + SPARE
    free = shutil.disk_usage(_nearest(places.cache)).free
    if free < needed:
        raise NoSpace(
            f"{data_set.name} needs about {in_bytes(needed)} ({in_bytes(to_fetch)} to fetch, "
            f"{in_bytes(data_set.built_size)} to build, and something to spare); the disk of {places.cache} has "
            f"{in_bytes(free)} free. Make room, or set SEQLAB_CACHE to a folder on another disk."
        )


def require_folder(cache: Path) -> None:
    """See that the cache is a folder, or can become one.

    Raises:
        NotWritable: something else is in its place.
    """
    nearest = _nearest(cache)
    if not nearest.is_dir():
        raise NotWritable(
            f"expected the folder of the cache at {cache}; {nearest} is not a folder. Set SEQLAB_CACHE to another."
        )


def _nearest(path: Path) -> Path:
    """``path`` itself, or the nearest folder above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())
