"""Looking into fetched files: what is not there, or not of the kind described, becomes an error that names the file."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.errors import WrongContents
from seqlab.data.fetch.archives import UNREADABLE, read_member
from seqlab.data.storage.writing import RowWriter, reserve

LISTED = 20


def wrong(place: Path | str, expected: str, found: str) -> WrongContents:
    """The error for a file that arrived whole and is not what it should be."""
    return WrongContents(
        f"expected {expected} in {place}; found {found}. "
        "Delete the fetched file and fetch it from elsewhere, such as a mirror (--mirror)."
    )


def listed(problems: Sequence[str]) -> str:
    """Problems in one line, the first 20 in full."""
    more = f"; and {len(problems) - LISTED} more" if len(problems) > LISTED else ""
    return f"{len(problems)} problems: " + "; ".join(problems[:LISTED]) + more


@contextmanager
def described_as(expected: str, place: Path | str) -> Iterator[None]:
    """Turn what Python says about values of another kind into what was expected where.

    Raises:
        WrongContents: something inside the block met such values.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, csv.Error) as error:
        raise wrong(place, expected, f"something else ({type(error).__name__}: {error})") from error


def json_of(archive: Path, member: str, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """The contents of a JSON file inside an archive.

    Args:
        archive: the archive.
        member: the file's name in it.
        object_hook: see :func:`json.loads`; it can make small things of large ones while the file is read.

    Raises:
        WrongContents: the file is not there, or is not JSON.
    """
    data = read_member(archive, member)
    with described_as("JSON", f"{member} of {archive}"):
        return json.loads(data, object_hook=object_hook)


def lines_of(archive: Path, member: str) -> list[str]:
    """The lines of a text inside an archive, without those that are empty.

    Raises:
        WrongContents: the file is not there, or is not UTF-8.
    """
    data = read_member(archive, member)
    with described_as("text in UTF-8", f"{member} of {archive}"):
        # Not splitlines(): that would cut at the odd separators that occur inside sentences.
        return [line for line in data.decode("utf-8-sig").replace("\r\n", "\n").split("\n") if line.strip()]


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive that is opened once, for thousands of small reads.

    Raises:
        WrongContents: it is none, or is cut short.
    """
    try:
        file = zipfile.ZipFile(path)
    except UNREADABLE as error:
        raise wrong(path, "a whole zip archive", str(error)) from error
    with file:
        yield file


@contextmanager
def streamed(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dtype: Any, whole: Mapping[str, NDArray[Any]] | None = None
) -> Iterator[dict[str, RowWriter]]:
    """An HDF5 file whose arrays are filled row by row: each lies in one piece, so that a loader can map it.

    Args:
        path: the new file.
        shapes: of each array.
        dtype: of all.
        whole: small arrays that are written at once.

    Yields:
        The arrays, for writing, by name.
    """
    layout = {name: (array.shape, array.dtype) for name, array in (whole or {}).items()}
    layout |= {name: (shape, np.dtype(dtype)) for name, shape in shapes.items()}
    places = reserve(path, layout)
    with path.open("r+b") as file:
        arrays = {name: RowWriter(file, places[name], *layout[name]) for name in layout}
        for name, array in (whole or {}).items():
            arrays[name][:] = array
        yield {name: arrays[name] for name in shapes}
