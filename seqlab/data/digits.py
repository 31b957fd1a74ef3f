"""Handwritten digits: a first set of images, and with rows as steps in time a first set of sequences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.data.examples import Examples
from seqlab.data.places import Places
from seqlab.data.ready import folder_of
from seqlab.data.storage.rows import Rows

Array = NDArray[Any]
WITH_SCIKIT_LEARN = "digits"
FULL_INK = {"uint8": 255, "float64": 16}
HELD_OUT = 0.2
SPLIT_SEED = 0


class DigitBatch(NamedTuple):
    """Images (N, height, width) float32, from 0 (paper) to 1 (ink), rows from the top; and labels (N,) int64."""

    images: Array
    labels: Array


@dataclass(frozen=True)
class DigitSplit(Examples[DigitBatch]):
    """The digits of one split: ``ink`` (M, height, width) as it is stored, ``labels`` (M,)."""

    ink: Rows | Array
    labels: Rows | Array

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Array) -> DigitBatch:
        """The digits at ``indices`` (N,)."""
        ink = self.ink[indices]
        images = ink.astype(np.float32) / np.float32(FULL_INK[ink.dtype.name])
        return DigitBatch(images, self.labels[indices])


@dataclass(frozen=True)
class Digits:
    """A set of digits."""

    name: str
    train: DigitSplit
    val: DigitSplit


def load_digits(name: str = WITH_SCIKIT_LEARN, *, places: Places | None = None) -> Digits:
    """Load a set of digits.

    Args:
        name: digits (8 by 8 pixels, 1,797, nothing to fetch), mnist5k (28 by 28), mnist where it was fetched.
        places: where to look; None for the course's cache.

    Raises:
        DataError: see :func:`seqlab.data.ready.folder_of`.
    """
    if name == WITH_SCIKIT_LEARN:
        return _with_scikit_learn()
    path = folder_of(name, task="digits", places=places) / "digits.h5"
    return Digits(name, _open_split(path, "train"), _open_split(path, "val"))


def _open_split(path: Path, split: str) -> DigitSplit:
    return DigitSplit(Rows(path, f"{split}_images"), Rows(path, f"{split}_labels"))


def _with_scikit_learn() -> Digits:
    """Those that come with scikit-learn, with equal shares of each digit on both sides."""
    from sklearn import datasets, model_selection  # noqa: PLC0415 (a second to import; the other sets do without)

    images, labels = datasets.load_digits(return_X_y=True)
    parts = model_selection.train_test_split(
        np.asarray(images).reshape(-1, 8, 8), labels, test_size=HELD_OUT, stratify=labels, random_state=SPLIT_SEED
    )
    train_images, val_images, train_labels, val_labels = parts
    return Digits(WITH_SCIKIT_LEARN, DigitSplit(train_images, train_labels), DigitSplit(val_images, val_labels))
