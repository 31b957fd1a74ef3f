"""Captions with a vector of features for each image, ready for training: the icons', or another set's."""

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
    """The captions of one split with their images' features, as tensors.

    Attributes:
        images: a vector of features for each image, (I, F) float32.
        captions: (N, T) int64: START, words, END, then NULL.
        image_of: which image each caption belongs to, (N,); None where every image has one, in the same order.
    """

    images: Tensor
    captions: Tensor
    image_of: Tensor | None = None

    def __len__(self) -> int:
        return len(self.captions)

    @property
    def features(self) -> Tensor:
        """The features that belong to the captions, (N, F)."""
        return self.images if self.image_of is None else self.images[self.image_of]

    def part(self, rows: Tensor) -> Task:
        """Some of the captions, each with its image."""
        places = rows if self.image_of is None else self.image_of[rows]
        return Task(self.images[places], self.captions[rows])

    def first_of_each_image(self, most: int) -> tuple[Tensor, list[Tensor]]:
        """Features (I, F) of up to ``most`` images that have captions, and all captions (K, T) of each of them."""
        image_of = torch.arange(len(self), device=self.images.device) if self.image_of is None else self.image_of
        some = image_of.unique()[:most]
        order = image_of.argsort(stable=True)
        starts = torch.searchsorted(image_of[order], torch.stack([some, some + 1], dim=1)).tolist()
        return self.images[some], [self.captions[order[start:end]] for start, end in starts]

    def to(self, device: str) -> Task:
        """The same on another device."""
        image_of = None if self.image_of is None else self.image_of.to(device)
        return Task(self.images.to(device), self.captions.to(device), image_of)


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
    """Training and held-out split; each feature has mean 0 and spread 1 over the images of the training split.

    Pooled features are taken as they are; spatial ones by :func:`coarse_maps`.
    """
    raw = [_features(split) for split in (captions.train, captions.val)]
    mean, spread = raw[0].mean(axis=0), raw[0].std(axis=0) + 1e-2
    train, held_out = (
        Task(torch.from_numpy(((one - mean) / spread).astype(np.float32)), _captions(split), _image_of(split))
        for one, split in zip(raw, (captions.train, captions.val), strict=True)
    )
    return train, held_out


def _features(split: CaptionSplit) -> Array:
    if split.features is None:
        raise ValueError("expected captions with features; load them with features='pooled' or 'spatial'")
    found = np.asarray(split.features_of(np.arange(len(split.features))))
    return coarse_maps(found) if found.ndim == 3 else found


def _captions(split: CaptionSplit) -> Tensor:
    return torch.from_numpy(split.captions[:].astype(np.int64))


def _image_of(split: CaptionSplit) -> Tensor | None:
    found = np.asarray(split.image_idxs[:], dtype=np.int64)
    one_each = split.features is not None and np.array_equal(found, np.arange(len(split.features)))
    return None if one_each else torch.from_numpy(found)


def most_common(train: Task, count: int) -> Array:
    """The most common caption of the training split, ``count`` times: (count, T - 1) without START."""
    kinds, counts = np.unique(train.captions[:, 1:].numpy(), axis=0, return_counts=True)
    return np.asarray(np.repeat(kinds[counts.argmax()][None], count, axis=0))


def of_the_nearest(train: Task, others: Task) -> Array:
    """For each other image the caption of the training image with the most similar features (cosine), without START."""
    mine, theirs = (torch.nn.functional.normalize(one.features, dim=1) for one in (others, train))
    nearest = torch.cat([(some @ theirs.T).argmax(dim=1) for some in mine.split(256)])
    return np.asarray(train.captions[nearest][:, 1:].numpy())
