"""Sentences with labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from seqlab.data.examples import Examples
from seqlab.data.places import Places
from seqlab.data.ready import folder_of
from seqlab.data.storage.rows import Ragged, Rows
from seqlab.data.vocabulary import NULL_ID, Vocabulary

Array = NDArray[Any]


class SentenceBatch(NamedTuple):
    """Words (N, T) int32, NULL after the end; lengths (N,); labels (N,) int64; ratings (N,) float32."""

    words: Array
    lengths: Array
    labels: Array
    ratings: Array


@dataclass(frozen=True)
class SentenceSplit(Examples[SentenceBatch]):
    """The sentences of one split; T is the longest's length in each batch.

    Attributes:
        words: the sentences as ids.
        texts: as they were written (``texts.text(3)``).
        labels, ratings: (M,).
        longest: longer sentences are cut to so many words; None for no limit.
    """

    words: Ragged
    texts: Ragged
    labels: Rows
    ratings: Rows
    longest: int | None

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Array) -> SentenceBatch:
        """The sentences at ``indices`` (N,)."""
        words, lengths = self.words.padded(indices, NULL_ID, self.longest)
        return SentenceBatch(words, lengths, self.labels[indices], self.ratings[indices])


@dataclass(frozen=True)
class Sentences:
    """A set of sentences with labels."""

    name: str
    vocabulary: Vocabulary
    train: SentenceSplit
    val: SentenceSplit


def load_sentences(name: str = "sentiment", longest: int | None = None, *, places: Places | None = None) -> Sentences:
    """Load a set of sentences: label 1 is favourable, 0 is not.

    Args:
        name: sentiment; imdb where it was fetched.
        longest: cut longer sentences to so many words.
        places: where to look; None for the course's cache.

    Raises:
        ValueError: ``longest`` leaves nothing.
        DataError: see :func:`seqlab.data.ready.folder_of`.
    """
    if longest is not None and longest < 1:
        raise ValueError(f"expected sentences to be cut to at least one word; found longest={longest}")
    folder = folder_of(name, task="sentences", places=places)
    vocabulary = Vocabulary.load(folder / "vocab.json")
    train, val = (_open_split(folder / "sentences.h5", split, longest) for split in ("train", "val"))
    return Sentences(name, vocabulary, train, val)


def _open_split(path: Path, split: str, longest: int | None) -> SentenceSplit:
    return SentenceSplit(
        words=Ragged(path, f"{split}_words"),
        texts=Ragged(path, f"{split}_text"),
        labels=Rows(path, f"{split}_labels"),
        ratings=Rows(path, f"{split}_ratings"),
        longest=longest,
    )
