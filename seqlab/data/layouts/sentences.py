"""Sentences with labels: the file that every set for sentiment becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.storage.writing import ragged, ragged_text, write_arrays
from seqlab.data.vocabulary import Vocabulary
from seqlab.data.words import words_of

Array = NDArray[Any]


@dataclass(frozen=True)
class Rated:
    """A text and what people thought: a rating on the set's own scale, and the label that follows from it (0 or 1)."""

    text: str
    rating: float
    label: int


def write_sentences(folder: Path, splits: Mapping[str, Sequence[Rated]], at_least: int) -> None:
    """Write ``sentences.h5`` and ``vocab.json``.

    Per split S: ``S_words`` (ragged, int32), ``S_text`` (ragged, UTF-8), ``S_ratings`` float32, ``S_labels`` int64.

    Args:
        folder: where to.
        splits: the examples of "train" and "val".
        at_least: words that occur less often in the training part become ``<UNK>``.
    """
    words = {split: [words_of(one.text) for one in rated] for split, rated in splits.items()}
    vocabulary = Vocabulary.of_words(words["train"], at_least)
    vocabulary.save(folder / "vocab.json")
    arrays: dict[str, Array] = {}
    for split, rated in splits.items():
        arrays |= ragged(f"{split}_words", (vocabulary.encode(sentence) for sentence in words[split]))
        arrays |= ragged_text(f"{split}_text", (one.text for one in rated))
        arrays[f"{split}_ratings"] = np.array([one.rating for one in rated], dtype=np.float32)
        arrays[f"{split}_labels"] = np.array([one.label for one in rated], dtype=np.int64)
    write_arrays(folder / "sentences.h5", arrays)
