"""The questions of one split as tensors, grouped by the image that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqlab.checking.values import Array
from seqlab.data.questions import QuestionSplit


class Group(NamedTuple):
    """All questions about some images.

    Attributes:
        images: the numbers of the images, (B,).
        places: for each question the place of its image among those, (N,).
        rows: the numbers of the questions in their split, (N,).
        questions, lengths: (N, Q) and (N,), no wider than the longest needs.
        answers: (N,); -1 where the answer is none of those to choose from.
    """

    images: Tensor
    places: Tensor
    rows: Tensor
    questions: Tensor
    lengths: Tensor
    answers: Tensor


@dataclass(frozen=True)
class QuestionsByImage:
    """One split. Each image has several questions: to see it once for all of them saves most of the time.

    Attributes:
        images: (I, height, width, 3) of 0 to 255.
        questions, lengths, answers, kinds, image_idxs: as in :class:`seqlab.data.questions.QuestionBatch`, int64.
        order: the questions sorted by image, (N,).
        starts: where in ``order`` those of each image begin, (I + 1,).
    """

    images: Tensor
    questions: Tensor
    lengths: Tensor
    answers: Tensor
    kinds: Tensor
    image_idxs: Tensor
    order: Array
    starts: Array

    @classmethod
    def of(cls, split: QuestionSplit, device: str = "cpu") -> QuestionsByImage:
        """A split of a set whose images are stored with it.

        Raises:
            ValueError: the set has no images.
        """
        if split.images is None:
            raise ValueError("expected a set whose images are stored with its questions")
        questions, lengths = split.questions.padded(np.arange(len(split)))
        numbers = (questions, lengths, split.answers[:], split.kinds[:], split.image_idxs[:])
        order = np.argsort(numbers[-1], kind="stable")
        starts = np.searchsorted(numbers[-1][order], np.arange(len(split.images) + 1))
        words, ends, answers, kinds, idxs = (torch.tensor(a, dtype=torch.int64, device=device) for a in numbers)
        images = torch.tensor(split.images[:], device=device)
        return cls(images, words, ends, answers, kinds, idxs, order, starts)

    def __len__(self) -> int:
        return len(self.questions)

    def about(self, images: Array) -> Group:
        """The questions about some images, by the numbers of the images (B,)."""
        pieces = [self.order[self.starts[one] : self.starts[one + 1]] for one in images]
        places = np.repeat(np.arange(len(images)), [len(piece) for piece in pieces])
        rows, device = np.concatenate(pieces), self.images.device
        wanted, where, which = (torch.tensor(one, device=device) for one in (images, places, rows))
        return self._group(wanted, where, which)

    def minibatches(self, size: int, rng: np.random.Generator | None = None) -> Iterator[Group]:
        """The questions about ``size`` images at a time; in an order that ``rng`` decides, or in that of the images."""
        count = len(self.images)
        order = np.arange(count) if rng is None else rng.permutation(count)
        for start in range(0, count, size):
            group = self.about(order[start : start + size])
            if len(group.rows):
                yield group

    def _group(self, images: Tensor, places: Tensor, rows: Tensor) -> Group:
        lengths = self.lengths[rows]
        width = int(lengths.max()) if len(rows) else 0
        return Group(images, places, rows, self.questions[rows][:, :width], lengths, self.answers[rows])


def columns(split: QuestionSplit) -> tuple[Array, Array, Array]:
    """A split of a set whose images are elsewhere (``vqa2``): questions (N, Q), ids of their images (N,), answers (N,).

    Ids are the same in both splits, unlike the numbers of images.

    Raises:
        ValueError: the set does not tell the ids of its images.
    """
    if split.image_ids is None:
        raise ValueError("expected a set that tells the ids of its images, such as vqa2")
    ids = split.image_ids[:]
    return split.questions.padded(np.arange(len(split)))[0], ids[split.image_idxs[:]], split.answers[:]
