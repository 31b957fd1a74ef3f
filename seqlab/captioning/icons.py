"""Captions with one vector of features for each image, ready for training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqlab.checking.values import Array
from seqlab.data.captions import Captions, CaptionSplit

GRID = 4


@dataclass(frozen=True)
class Task:
    """Features (N, F) float32 and captions (N, T) of one split, one caption an image, as tensors."""

    features: Tensor
    captions: Tensor

    def __len__(self) -> int:
        return len(self.captions)

    def part(self, rows: Tensor) -> Task:
        """Some of it."""
        return Task(self.features[rows], self.captions[rows])

    def to(self, device: str) -> Task:
        """The same on another device."""
        return Task(self.features.to(device), self.captions.to(device))


def coarse_maps(features: Array) -> Array:
    """Spatial features (N, L, D), L a square number of positions, averaged to a grid of 4 by 4, in one row (N, 16 D).

    A mean over the whole image forgets where things are, and "arrow left" and "arrow right" become alike.

    Raises:
        ValueError: the positions are no square that a grid of 4 by 4 divides.
    """
    N, L, D = features.shape
    side = round(L**0.5)
    if side * side != L or side % GRID:
        raise ValueError(f"expected positions of a square whose side {GRID} divides; found {L}")
    step = side // GRID
    boxes = features.reshape(N, GRID, step, GRID, step, D)
    return np.asarray(boxes.mean(axis=(2, 4)).reshape(N, GRID * GRID * D))


def standardised(captions: Captions) -> tuple[Task, Task]:
    """Training and held-out split; each feature has mean 0 and spread 1 over the training split.

    Pooled features are taken as they are; spatial ones by :func:`coarse_maps`.
    """
    raw = [_features(split) for split in (captions.train, captions.val)]
    mean, spread = raw[0].mean(axis=0), raw[0].std(axis=0) + 1e-2
    scaled = [torch.from_numpy(((one - mean) / spread).astype(np.float32)) for one in raw]
    told = [torch.from_numpy(split.captions[:].astype(np.int64)) for split in (captions.train, captions.val)]
    return Task(scaled[0], told[0]), Task(scaled[1], told[1])


def _features(split: CaptionSplit) -> Array:
    found = split.batch(np.arange(len(split))).features
    if found is None:
        raise ValueError("expected captions with features; load them with features='pooled' or 'spatial'")
    return coarse_maps(found) if found.ndim == 3 else found


def most_common(train: Task, count: int) -> Array:
    """The most common caption of the training split, ``count`` times: (count, T - 1) without START."""
    kinds, counts = np.unique(train.captions[:, 1:].numpy(), axis=0, return_counts=True)
    return np.asarray(np.repeat(kinds[counts.argmax()][None], count, axis=0))


def of_the_nearest(train: Task, others: Task) -> Array:
    """For each other image the caption of the training image with the most similar features (cosine), without START."""
    mine, theirs = (torch.nn.functional.normalize(one.features, dim=1) for one in (others, train))
    nearest = (mine @ theirs.T).argmax(dim=1)
    return np.asarray(train.captions[nearest][:, 1:].numpy())
