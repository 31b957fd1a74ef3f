"""Questions about images, with answers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.data.examples import Examples
from seqlab.data.places import Places
from seqlab.data.ready import folder_of
from seqlab.data.storage.rows import Ragged, Rows, keys_of, read_text
from seqlab.data.vocabulary import NULL_ID, Vocabulary

Array = NDArray[Any]


class QuestionBatch(NamedTuple):
    """Questions with their answers, and the images that they are about.

    Attributes:
        questions: words (N, Q) int32, NULL after the end.
        lengths: of the questions, (N,).
        answers: (N,); -1 for an answer that is none of those to choose from.
        kinds: (N,).
        image_idxs: the images' numbers, (N,).
        images: (N, height, width, 3) float32 in [0, 1]; None where the set has none.
        all_answers: (N, K), what K people answered; None where only one answer is known.
    """

    questions: Array
    lengths: Array
    answers: Array
    kinds: Array
    image_idxs: Array
    images: Array | None
    all_answers: Array | None


@dataclass(frozen=True)
class QuestionSplit(Examples[QuestionBatch]):
    """The questions of one split.

    ``images`` (I, height, width, 3) uint8 where the set has them; ``image_ids`` (I,) int64 where they come from a
    collection with ids of its own (see :func:`coco_rows`).
    """

    questions: Ragged
    answers: Rows
    kinds: Rows
    image_idxs: Rows
    images: Rows | None
    all_answers: Rows | None
    image_ids: Rows | None = None

    def __len__(self) -> int:
        return len(self.questions)

    def batch(self, indices: Array) -> QuestionBatch:
        """The questions at ``indices`` (N,)."""
        questions, lengths = self.questions.padded(indices, NULL_ID)
        image_idxs = self.image_idxs[indices]
        images = None if self.images is None else self.images[image_idxs] / np.float32(255)
        given = None if self.all_answers is None else self.all_answers[indices]
        answers, kinds = self.answers[indices], self.kinds[indices]
        return QuestionBatch(questions, lengths, answers, kinds, image_idxs, images, given)


@dataclass(frozen=True)
class Questions:
    """A set of questions; ``answers`` are those to choose from, ``kinds`` the kinds of questions."""

    name: str
    vocabulary: Vocabulary
    answers: tuple[str, ...]
    kinds: tuple[str, ...]
    train: QuestionSplit
    val: QuestionSplit


def load_questions(name: str = "easy_vqa", *, seed: int | None = None, places: Places | None = None) -> Questions:
    """Load a set of questions.

    Args:
        name: easy_vqa, digit_scenes; vqa2 where it was fetched.
        seed: of a synthesised set; None for the usual one.
        places: where to look; None for the course's cache.

    Raises:
        DataError: see :func:`seqlab.data.ready.folder_of`.
    """
    folder = folder_of(name, task="questions", seed=seed, places=places)
    path = folder / "questions.h5"
    vocabulary, answers, kinds = (tuple(json.loads(read_text(path, key))) for key in ("vocabulary", "answers", "kinds"))
    train, val = (_open_split(folder, path, split) for split in ("train", "val"))
    return Questions(name, Vocabulary(vocabulary), answers, kinds, train, val)


def coco_rows(image_ids: Array, files: Sequence[str]) -> Array:
    """In which row of COCO's features each image is found, to join questions with them.

    Args:
        image_ids: (I,) COCO's ids of images, as in ``load_questions("vqa2").train.image_ids[:]``.
        files: the file of the image in each row, as in ``load_captions("coco").train.listed["files"]``.

    Returns:
        Rows (I,) int64; -1 where no file is of that image.

    Raises:
        ValueError: a file's name does not end in an id.
    """
    rows = {_id_in(file): row for row, file in enumerate(files)}
    return np.array([rows.get(int(number), -1) for number in image_ids], np.int64)


def _id_in(file: str) -> int:
    match = re.search(r"(\d+)(\.\w+)?\s*$", file)
    if match is None:
        raise ValueError(f"expected a name like COCO_train2014_000000000009.jpg; found {file!r}")
    return int(match[1])


def _open_split(folder: Path, path: Path, split: str) -> QuestionSplit:
    images = folder / "images.h5"
    keys = keys_of(path)
    given, image_ids = f"{split}_all_answers", f"{split}_image_ids"
    return QuestionSplit(
        questions=Ragged(path, f"{split}_questions"),
        answers=Rows(path, f"{split}_answers"),
        kinds=Rows(path, f"{split}_kinds"),
        image_idxs=Rows(path, f"{split}_image_idxs"),
        images=Rows(images, f"{split}_images") if images.is_file() else None,
        all_answers=Rows(path, given) if given in keys else None,
        image_ids=Rows(path, image_ids) if image_ids in keys else None,
    )
