"""Questions about images: the file that every set for visual question answering becomes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqlab.data.storage.writing import ragged, text_bytes, write_arrays
from seqlab.data.vocabulary import Vocabulary
from seqlab.data.words import words_of

UNKNOWN_ANSWER = -1


@dataclass(frozen=True)
class Asked:
    """A question about the image with number ``image``, its answer, its kind, and all answers that people gave."""

    text: str
    answer: str
    image: int
    kind: str
    all_answers: tuple[str, ...] = ()


def write_questions(
    folder: Path,
    splits: Mapping[str, Sequence[Asked]],
    answers: Sequence[str],
    at_least: int = 1,
    image_ids: Mapping[str, Sequence[int]] | None = None,
) -> None:
    """Write ``questions.h5``.

    Per split S: ``S_questions`` (ragged words, int32), ``S_answers`` int32 (-1: not among ``answers``),
    ``S_image_idxs`` int32, ``S_kinds`` int32, and ``S_all_answers`` (N, K) int32 where people gave K answers.
    ``vocabulary``, ``answers`` and ``kinds`` are JSON.

    Args:
        folder: where to.
        splits: the questions of "train" and "val".
        answers: the answers that a model chooses from, in order.
        at_least: words that occur less often in the training part become ``<UNK>``.
        image_ids: per split, the id of each image in the collection that it comes from, by number.
    """
    words = {split: [words_of(one.text) for one in asked] for split, asked in splits.items()}
    vocabulary = Vocabulary.of_words(words["train"], at_least)
    kinds = sorted({one.kind for asked in splits.values() for one in asked})
    number = {answer: place for place, answer in enumerate(answers)}
    arrays = {
        "vocabulary": text_bytes(json.dumps(vocabulary.tokens)),
        "answers": text_bytes(json.dumps(list(answers))),
        "kinds": text_bytes(json.dumps(kinds)),
    }
    for split, asked in splits.items():
        arrays |= ragged(f"{split}_questions", (vocabulary.encode(sentence) for sentence in words[split]))
        arrays[f"{split}_answers"] = np.array([number.get(one.answer, UNKNOWN_ANSWER) for one in asked], np.int32)
        arrays[f"{split}_image_idxs"] = np.array([one.image for one in asked], np.int32)
        arrays[f"{split}_kinds"] = np.array([kinds.index(one.kind) for one in asked], np.int32)
        if asked and asked[0].all_answers:
            given = [[number.get(answer, UNKNOWN_ANSWER) for answer in one.all_answers] for one in asked]
            arrays[f"{split}_all_answers"] = np.array(given, np.int32)
    for split, ids in (image_ids or {}).items():
        arrays[f"{split}_image_ids"] = np.array(ids, np.int64)
    write_arrays(folder / "questions.h5", arrays)
