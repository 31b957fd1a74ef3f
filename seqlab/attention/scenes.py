"""Digit scenes: a small network to see them with, and how well looks agree with the boxes, which are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn

from seqlab.boxes import covered, middles_inside
from seqlab.checking.values import Array
from seqlab.data.places import Places
from seqlab.data.ready import folder_of
from seqlab.data.storage.rows import Rows

SIDE, CELLS = 64, 8  # pixels and places along one side of a scene
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above", "of": "of"}


class SceneEyes(nn.Module):
    """A small convolutional network: images (N, 64, 64, 3) in [0, 1] to features (N, 64, D) at 8 by 8 places.

    The last two features of a place are its row and its column, from -1 to 1, so that *left of* can be seen. In
    training mode images are moved by a few pixels, and whole features are left out, by chance.
    """

    def __init__(self, width: int = 16, drop: float = 0.15, move: int = 5) -> None:
        """``width`` channels after the first layer, four times as many after the last; D is ``feature_dim``.

        Args:
            width: see above.
            drop: the probability that a feature is left out.
            move: by how many pixels at most the images of a minibatch are moved.
        """
        super().__init__()
        self.see = nn.Sequential(
            *_layer(3, width, 4, 2),
            *_layer(width, 2 * width, 3, 1),
            nn.MaxPool2d(2),
            *_layer(2 * width, 4 * width, 3, 1),
            nn.MaxPool2d(2),
            *_layer(4 * width, 4 * width, 3, 1),
            nn.Dropout2d(drop),
        )
        self.feature_dim, self.move = 4 * width + 2, move

    def forward(self, images: Tensor) -> Tensor:
        """What is at every place, row by row."""
        moved = _moved(images, self.move) if self.training else images
        seen = self.see(moved.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)
        line = torch.linspace(-1, 1, CELLS, device=seen.device, dtype=seen.dtype)
        places = torch.cartesian_prod(line, line).expand(len(seen), -1, -1)
        return torch.cat([seen, places], dim=2)


def _layer(channels: int, out: int, size: int, stride: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, out, size, stride, padding=(size - 1) // 2, bias=False)
    return convolution, nn.BatchNorm2d(out), nn.ReLU()


def _moved(images: Tensor, most: int) -> Tensor:
    """All images of a minibatch, moved by the same few pixels; what comes in from the border is black."""
    down, across = (int(one) for one in torch.randint(0, 2 * most + 1, (2,)))
    wide = nn.functional.pad(images, (0, 0, most, most, most, most))
    return wide[:, down : down + images.shape[1], across : across + images.shape[2]]


def known_boxes(split: str, places: Places | None = None) -> Array:
    """Around each digit of the scenes of a split: (N, 2, 4), left, top, right, bottom; -1 where there is no second."""
    path = folder_of("digit_scenes", task="captions", places=places) / "boxes.h5"
    return Rows(path, f"{split}_boxes")[:]


def told_from_the_other_side(words: Sequence[str]) -> list[str]:
    """The same scene told from its other digit, which is as true; a scene with one digit can be told in one way only.

    *a red five left of a green four* becomes *a green four right of a red five*.
    """
    between = [place for place, word in enumerate(words) if word in OPPOSITE]
    if not between:
        return list(words)
    last = between[-1]
    return [*words[last + 1 :], *(OPPOSITE[words[place]] for place in between), *words[: between[0]]]


def digits_told(said: Sequence[str], right: Sequence[str]) -> list[int] | None:
    """Of which digit each word speaks, if the caption is true: 0 or 1, in the order of ``right``; -1 for neither.

    Both ways to tell a scene are true. None for a caption that is not.
    """
    swapped = list(said) != list(right)
    if swapped and list(said) != told_from_the_other_side(right):
        return None
    found, digit = [], int(swapped)
    for word in said:
        found.append(-1 if word in OPPOSITE else digit)
        digit = 1 - int(swapped) if word in OPPOSITE else digit
    return found


@dataclass(frozen=True)
class BoxScores:
    """How looks agree with boxes, one entry for each word that speaks of a digit.

    Attributes:
        inside: the share of the weights that lies inside the digit's box.
        peak: whether the middle of the place with the largest weight lies inside the box.
        area: the box's share of the image: what ``inside`` is for weights that are all alike.
        chance: the share of the places whose middle lies inside the box: what ``peak`` is for a place drawn blindly.
        words: the words.
    """

    inside: Array
    peak: Array
    area: Array
    chance: Array
    words: Array

    def of(self, *words: str) -> BoxScores:
        """Those of certain words."""
        wanted = np.isin(self.words, words)
        return BoxScores(*(getattr(self, field.name)[wanted] for field in fields(self)))


def box_scores(
    said: Sequence[Sequence[str]], digits: Sequence[Sequence[int] | None], weights: Array, boxes: Array
) -> BoxScores:
    """Score looks at 8 by 8 places of scenes of 64 by 64 pixels.

    Args:
        said: the words of each caption.
        digits: of which digit each word speaks, from :func:`digits_told`; captions with None are left out.
        weights: (N, T, 64), those of each word.
        boxes: (N, 2, 4), left, top, right, bottom in pixels.

    Raises:
        ValueError: the weights are not those of 8 by 8 places.
    """
    if weights.shape[2] != CELLS**2:
        raise ValueError(f"expected weights of {CELLS**2} places; found {weights.shape[2]}")
    found = [(n, t, digit) for n, told in enumerate(digits) for t, digit in enumerate(told or ()) if digit >= 0]
    rows, steps, things = np.array(found, dtype=np.int64).reshape(-1, 3).T
    meant = boxes[rows, things]
    inside, middles = covered(meant, CELLS, SIDE), middles_inside(meant, CELLS, SIDE)
    looks = weights[rows, steps].reshape(-1, CELLS, CELLS)
    peaks = weights[rows, steps].argmax(axis=1)
    return BoxScores(
        inside=(looks * inside).sum(axis=(1, 2)),
        peak=middles.reshape(-1, CELLS**2)[np.arange(len(looks)), peaks],
        area=inside.mean(axis=(1, 2)),
        chance=middles.mean(axis=(1, 2)),
        words=np.array([said[n][t] for n, t, _ in found]),
    )


def phrase_scores(digits: Sequence[Sequence[int] | None], weights: Array, boxes: Array) -> BoxScores:
    """The same for whole phrases, such as *a red five*: the mean of the weights of its words. ``words`` is "phrase".

    A gaze runs ahead of the voice, so the right place is not always seen at the very word.
    """
    told = [sorted({digit for digit in one or () if digit >= 0}) for one in digits]
    means = np.zeros((len(digits), 2, weights.shape[2]))
    for n, present in enumerate(told):
        for place, digit in enumerate(present):
            means[n, place] = weights[n, np.flatnonzero(np.array(digits[n]) == digit)].mean(axis=0)
    return box_scores([["phrase"] * 2] * len(digits), told, means, boxes)
