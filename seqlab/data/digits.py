"""Handwritten digits as sequences of rows: 1,797 real ones that come with scikit-learn.

Source: the test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998, UCI repository,
CC BY 4.0), 43 writers; 8 by 8 pixels, each the count of ink in a 4 by 4 block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from seqlab.checking.values import Array

INK = 16.0
SPLIT_SEED = 0


@dataclass(frozen=True)
class Digits:
    """Images (N, 8, 8) as float64 in [0, 1], rows from the top, and their labels (N,), for training and held out."""

    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array


def load_rows(held_out: float = 0.2) -> Digits:
    """Load the digits, split the same way every time, with equal shares of each digit on both sides.

    Raises:
        ValueError: ``held_out`` is not a share between 0 and 1.
    """
    if not 0 < held_out < 1:
        raise ValueError(f"held_out is a share between 0 and 1; found {held_out}")
    images, labels = load_digits(return_X_y=True)
    rows = np.asarray(images).reshape(-1, 8, 8) / INK
    parts = train_test_split(rows, labels, test_size=held_out, stratify=labels, random_state=SPLIT_SEED)
    train_images, test_images, train_labels, test_labels = parts
    return Digits(train_images, train_labels, test_images, test_labels)
