"""Arrays in HDF5 files, read lazily: only the rows that are asked for come into memory.

A data set that lies in one piece in its file (not chunked, not compressed) is mapped into memory by its offset, so
that drawing rows costs what it costs in NumPy, worker processes share the pages, and nothing of the HDF5 library
crosses a fork. Any other is read through h5py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from seqlab.data.errors import DataDamaged

Array = NDArray[Any]
Index = int | np.integer[Any] | slice | Sequence[int] | Array
WHOLE_BYTES = 64 * 2**20  # a chunked array up to this size is read once and kept


class Rows:
    """A read-only array of an HDF5 file, whose first axis is indexed: ``rows[3]``, ``rows[2:5]``, ``rows[[4, 1, 4]]``.

    It may be pickled, and used in worker processes made by fork or spawn.
    """

    def __init__(self, path: Path, key: str) -> None:
        """The array ``key`` of the file ``path``.

        Raises:
            DataDamaged: the file is not HDF5, is cut short, or has no such array.
        """
        self.path = path
        self.key = key
        with self._opened() as dataset:
            self.shape: tuple[int, ...] = tuple(dataset.shape)
            self.dtype: np.dtype[Any] = dataset.dtype
            self._array = _in_memory(path, dataset)

    @property
    def mapped(self) -> bool:
        """Whether rows are taken from memory (else each reading opens the file)."""
        return self._array is not None

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Index) -> Array:
        """The rows at ``index``; a list or array of indices may repeat and be in any order. Always a new array or a
        read-only view.

        Raises:
            IndexError: an index is out of range.
        """
        if self._array is not None:
            found: Array = self._array[index]
            return found
        with self._opened() as dataset:
            plain = isinstance(index, int | np.integer | slice)
            return np.asarray(dataset[index]) if plain else self._read_rows(dataset, np.asarray(index))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self[:], dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return f"Rows({self.key!r} of {self.path.name}, shape {self.shape}, {self.dtype})"

    def __reduce__(self) -> tuple[type[Rows], tuple[Path, str]]:
        return Rows, (self.path, self.key)

    @contextmanager
    def _opened(self) -> Iterator[h5py.Dataset]:
        """Opened for one reading: an open handle would not survive a fork, and would stand in others' way."""
        # No locks: what is in the cache is never changed, only replaced, and a read-only disk may not know locks.
        try:
            with h5py.File(self.path, "r", locking=False) as file:
                yield plain_array(file, self.key)
        except (OSError, KeyError, AttributeError) as error:
            raise damaged(self.path, f"expected an HDF5 file with an array {self.key!r}: {error}") from error

    def _read_rows(self, dataset: h5py.Dataset, index: Array) -> Array:
        """h5py wants each row once and in order."""
        if index.dtype == bool:
            index = np.flatnonzero(index)
        if index.size == 0:
            return np.empty((0, *self.shape[1:]), self.dtype)
        index = _whole(index)
        wanted = np.where(index < 0, index + len(self), index)
        if wanted.min() < 0 or wanted.max() >= len(self):
            raise IndexError(f"expected indices in [{-len(self)}, {len(self)}); found {index.min()} to {index.max()}")
        rows, places = np.unique(wanted, return_inverse=True)
        result: Array = dataset[rows][places]
        return result


class Ragged:
    """Sequences of different lengths: one after the other in ``KEY``, and where each begins in ``KEY_starts``."""

    def __init__(self, path: Path, key: str) -> None:
        """The sequences ``key`` of the file ``path``.

        Raises:
            DataDamaged: the file does not hold them.
        """
        self.values = Rows(path, key)
        self.starts = Rows(path, f"{key}_starts")

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> Array:
        """Sequence number ``index``.

        Raises:
            IndexError: there is none.
        """
        place = range(len(self))[index]
        start, stop = self.starts[place : place + 2]
        return self.values[int(start) : int(stop)]

    def lengths(self, indices: Array) -> Array:
        """The lengths (N,) of some sequences, int64."""
        wanted = _whole(indices)  # in one byte 255 + 1 would be 0
        return self.starts[wanted + 1] - self.starts[wanted]

    def padded(self, indices: Array, fill: int = 0, longest: int | None = None) -> tuple[Array, Array]:
        """Some sequences side by side.

        Args:
            indices: which, (N,), not negative.
            fill: what stands after the end of the shorter ones.
            longest: longer ones are cut to so many.

        Returns:
            The sequences (N, T), where T is the longest's length, and the lengths (N,).
        """
        starts = self.starts[indices]
        lengths = np.minimum(self.lengths(indices), np.iinfo(np.int64).max if longest is None else longest)
        T = int(lengths.max(initial=0))
        steps = np.arange(T)
        inside = steps < lengths[:, None]
        result = np.full((len(indices), T), fill, self.values.dtype)
        result[inside] = self.values[(starts[:, None] + steps)[inside]]
        return result, lengths

    def text(self, index: int) -> str:
        """Sequence number ``index`` of a text that is kept as UTF-8 bytes."""
        return self[index].tobytes().decode("utf-8")


def plain_array(file: h5py.File, key: str) -> h5py.Dataset:
    """The array ``key`` of numbers, which lies in this file itself.

    HDF5 may say that an array lies in another file of this machine (by its path, or by a link or a view); then whoever
    made the file would decide what else is read. Text and references are kept as addresses in memory, so that mapping
    them would end the process.

    Raises:
        KeyError: there is none.
        OSError: it is something else.
    """
    found = file[key] if isinstance(file.get(key, getlink=True), h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset) or found.shape is None or found.dtype.kind not in "biuf":
        raise OSError(f"expected {key!r} to be an array of numbers, found {found or 'a link'}")
    if found.is_virtual or found.external:
        raise OSError(f"expected {key!r} to lie in the file itself; it says that it lies in others")
    return found


def _whole(indices: Array | Sequence[int]) -> Array:
    wanted = np.asarray(indices)
    if wanted.dtype.kind not in "iu":
        raise IndexError(f"expected whole numbers as indices; found {wanted.dtype}")
    return wanted.astype(np.int64)


def damaged(path: Path, found: str) -> DataDamaged:
    """The error for a file of the cache that is not what was written there."""
    folder = path.parent
    return DataDamaged(
        f"{path} is damaged; {found}. Remove {folder} and run the command again that brought it "
        "(make download-data SET=..., or seqlab data fetch ...)."
    )


def read_text(path: Path, key: str) -> str:
    """A text that is kept as one value of an HDF5 file.

    Raises:
        DataDamaged: the file does not hold it.
    """
    return Rows(path, key)[:].tobytes().decode("utf-8")


def keys_of(path: Path) -> frozenset[str]:
    """The names of the arrays in a file.

    Raises:
        DataDamaged: the file is not HDF5.
    """
    try:
        with h5py.File(path, "r", locking=False) as file:
            return frozenset(file)
    except OSError as error:
        raise damaged(path, f"expected an HDF5 file: {error}") from error


def _in_memory(path: Path, dataset: h5py.Dataset) -> Array | None:
    """The array mapped from the file if it lies there in one piece, read if it is small; else None."""
    offset = None if dataset.chunks or dataset.size == 0 else dataset.id.get_offset()
    if offset is None:
        return _read_only(dataset[()]) if dataset.nbytes <= WHOLE_BYTES else None
    try:
        # "c", not "r": torch.from_numpy ignores that an array is read-only, and a write would end the process.
        return _read_only(np.memmap(path, dataset.dtype, "c", offset, dataset.shape).view(np.ndarray))
    except ValueError as error:  # the file ends before the array does
        raise OSError(str(error)) from error


def _read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array
