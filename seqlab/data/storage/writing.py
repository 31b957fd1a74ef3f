"""Writing HDF5 files that :mod:`seqlab.data.storage.rows` can map into memory: in one piece, without times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays under their names; the same arrays give the same bytes.

    Raises:
        OSError: the disk is full, or may not be written.
    """
    places = reserve(path, {name: (array.shape, array.dtype) for name, array in arrays.items()})
    with path.open("r+b") as file:
        for name, array in arrays.items():
            _put(file, places[name], array)


@dataclass(frozen=True)
class RowWriter:
    """An array in a file, for writing its rows: ``writer[3] = row``, ``writer[2:5] = rows``.

    Attributes:
        file: the file, open for writing.
        place: where the array's bytes begin.
        shape, dtype: of the whole array.
    """

    file: BinaryIO
    place: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __setitem__(self, index: int | slice, rows: Array) -> None:
        """Write a row, or those of a slice.

        Raises:
            IndexError: there is no such row.
            ValueError: the rows have another shape.
            OSError: the disk is full.
        """
        if isinstance(index, slice):
            chosen = range(self.shape[0])[index]
            first, shape = chosen.start, (len(chosen), *self.shape[1:])
        else:
            first, shape = range(self.shape[0])[index], self.shape[1:]
        if rows.shape != shape:
            raise ValueError(f"expected rows of shape {shape} for {index}; found {rows.shape}")
        place = self.place + first * math.prod(self.shape[1:]) * self.dtype.itemsize
        _put(self.file, place, rows.astype(self.dtype, copy=False))


def reserve(path: Path, layout: Mapping[str, tuple[tuple[int, ...], Any]]) -> dict[str, int]:
    """Make an HDF5 file with room for arrays, each in one piece.

    The bytes are then written without HDF5: on a disk that fills up its library fails in ways that end the process.

    Args:
        path: the file.
        layout: shape and dtype of each array by its name.

    Returns:
        Where in the file the bytes of each array begin; 0 for an array without any.
    """
    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    how.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    how.set_obj_track_times(False)
    places = {}
    with h5py.File(path, "w") as file:
        for name, (shape, dtype) in layout.items():
            kind, space = h5py.h5t.py_create(np.dtype(dtype)), h5py.h5s.create_simple(shape)
            made = h5py.h5d.create(file.id, name.encode(), kind, space, how)
            places[name] = made.get_offset() or 0
    return places


def ragged(key: str, sequences: Iterable[Array | Sequence[int]], dtype: Any = np.int32) -> dict[str, Array]:
    """The two arrays in which sequences of different lengths are kept (see :class:`Ragged`)."""
    parts = [np.asarray(sequence, dtype) for sequence in sequences]
    starts = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
    values = np.concatenate(parts) if parts else np.empty(0, dtype)
    return {key: values, f"{key}_starts": starts}


def ragged_text(key: str, texts: Iterable[str]) -> dict[str, Array]:
    """The two arrays in which texts are kept, as UTF-8."""
    return ragged(key, (text_bytes(text) for text in texts), np.uint8)


def text_bytes(text: str) -> Array:
    """A text as an array of UTF-8 bytes."""
    return np.frombuffer(text.encode("utf-8"), np.uint8)


def _put(file: BinaryIO, place: int, array: Array) -> None:
    file.seek(place)
    file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
