"""Texts, character by character, for language models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.data.examples import require_generator
from seqlab.data.places import Places
from seqlab.data.ready import folder_of
from seqlab.data.storage.rows import Rows, read_text
from seqlab.data.vocabulary import Vocabulary

Array = NDArray[Any]


class TextBatch(NamedTuple):
    """Pieces of text (N, T), int32, and at each place the character that follows there."""

    inputs: Array
    targets: Array


@dataclass(frozen=True)
class Text:
    """A corpus.

    Attributes:
        name: which.
        vocabulary: its characters.
        train, val: character ids (n,), int32, read-only, mapped from the file.
    """

    name: str
    vocabulary: Vocabulary
    train: Array
    val: Array

    def encode(self, text: str) -> Array:
        """The ids (T,) of a text, int32.

        Raises:
            ValueError: it has a character that the corpus has not.
        """
        return self.vocabulary.encode(text)

    def decode(self, ids: Array) -> str:
        """The text of some ids."""
        return "".join(self.vocabulary.decode(ids))

    def pieces(self, size: int, length: int, rng: np.random.Generator, split: str = "train") -> TextBatch:
        """``size`` pieces of ``length`` characters from anywhere in a part, drawn by ``rng``.

        Raises:
            ValueError: the part is shorter than one piece and the character after it, or less than nothing is wanted.
            TypeError: ``rng`` is no NumPy generator.
        """
        require_generator(rng)
        ids = {"train": self.train, "val": self.val}[split]
        if size < 1 or length < 1:
            raise ValueError(f"expected at least one piece of at least one character; found {size} of {length}")
        if len(ids) <= length:
            raise ValueError(f"expected pieces shorter than the {len(ids)} characters of {split}; found {length}")
        places = rng.integers(len(ids) - length, size=size)[:, None] + np.arange(length + 1)
        drawn = ids[places]
        # Two arrays: as views of one, whoever changes the inputs would change the targets.
        return TextBatch(drawn[:, :-1].copy(), drawn[:, 1:].copy())


def load_text(name: str = "plays", *, places: Places | None = None) -> Text:
    """Load a corpus.

    Args:
        name: plays, latex, c_source; where they were fetched, tinyshakespeare, shakespeare, war_and_peace, stacks,
            linux.
        places: where to look; None for the course's cache.

    Raises:
        DataError: see :func:`seqlab.data.ready.folder_of`.
    """
    return open_text(name, folder_of(name, task="text", places=places))


def open_text(name: str, folder: Path) -> Text:
    """Open a corpus in its folder.

    Raises:
        DataDamaged: it is not what was written there.
    """
    path = folder / "text.h5"
    vocabulary = Vocabulary(tuple(json.loads(read_text(path, "vocabulary"))))
    return Text(name, vocabulary, Rows(path, "train_ids")[:], Rows(path, "val_ids")[:])
