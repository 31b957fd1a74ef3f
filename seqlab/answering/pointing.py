"""Does a question look at the digit that it asks about? In the digit scenes the boxes are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqlab.boxes import covered, middles_inside
from seqlab.checking.values import Array
from seqlab.data import load_captions
from seqlab.data.places import Places
from seqlab.data.questions import Questions
from seqlab.data.ready import folder_of
from seqlab.data.storage.rows import Rows

ABOUT = ("colour", "digit")  # kinds of questions that ask about one digit: what colour, which digit


class Pointed(NamedTuple):
    """How well attention points: the share of it inside the right box, and how often its peak is there."""

    inside: float
    peaks: float


def asked_about(scenes: Questions, places: Places | None = None) -> tuple[Array, Array]:
    """Held-out questions about one of two digits, and where that digit is.

    Args:
        scenes: ``load_questions("digit_scenes")``.
        places: where the data set lies; None for the course's cache.

    Returns:
        The numbers of the questions in ``scenes.val`` (R,), and the boxes of the digits meant (R, 4): left, top, right,
        bottom in pixels, right and bottom beyond the ink.
    """
    captions = load_captions(scenes.name, features=None, places=places)
    path = folder_of(scenes.name, task="questions", places=places) / "boxes.h5"
    boxes, things = Rows(path, "val_boxes")[:], Rows(path, "val_word_things")[:]
    names = captions.vocabulary.tokens
    said = [[names[word] for word in row] for row in captions.val.captions[:]]
    rows, found = [], []
    for row in np.flatnonzero(np.isin(scenes.val.kinds[:], [scenes.kinds.index(kind) for kind in ABOUT])):
        image = int(scenes.val.image_idxs[int(row)])
        words = {scenes.vocabulary.tokens[word] for word in scenes.val.questions[int(row)]}
        meant = {int(one) for one, word in zip(things[image], said[image], strict=False) if word in words - {"a"}}
        meant -= {-1}
        if len(meant) == 1 and things[image].max() == 1:
            rows.append(int(row))
            found.append(boxes[image][meant.pop()])
    return np.array(rows), np.array(found)


def pointing(weights: Array, boxes: Array, side: int) -> Pointed:
    """How much of the attention lies inside the boxes.

    Args:
        weights: (R, L) of a square grid of positions, row by row.
        boxes: left, top, right, bottom in pixels, (R, 4).
        side: of the image in pixels.
    """
    grid = round(weights.shape[1] ** 0.5)
    share = covered(boxes, grid, side).reshape(weights.shape)
    hit = middles_inside(boxes, grid, side).reshape(weights.shape)[np.arange(len(weights)), weights.argmax(axis=1)]
    return Pointed(float((weights * share).sum(axis=1).mean()), float(hit.mean()))
