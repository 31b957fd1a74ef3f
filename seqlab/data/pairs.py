"""Pairs of sentences, for models that turn one sequence into another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.data.errors import DataMissing
from seqlab.data.examples import Examples
from seqlab.data.places import Places
from seqlab.data.ready import folder_of
from seqlab.data.storage.rows import Ragged, read_text
from seqlab.data.vocabulary import END_ID, NULL_ID, START_ID, Vocabulary

Array = NDArray[Any]
UNITS = ("word", "character")


class PairBatch(NamedTuple):
    """Sources (N, S) and their lengths (N,); targets (N, T) from START to END, and their lengths (N,) with both.

    The words are int32, NULL after the end.
    """

    source: Array
    source_lengths: Array
    target: Array
    target_lengths: Array


@dataclass(frozen=True)
class PairSplit(Examples[PairBatch]):
    """The pairs of one split; S and T are what the longest of each batch need."""

    source: Ragged
    target: Ragged
    source_texts: Ragged
    target_texts: Ragged

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, indices: Array) -> PairBatch:
        """The pairs at ``indices`` (N,)."""
        source, source_lengths = self.source.padded(indices, NULL_ID)
        target, lengths = self.target.padded(indices, NULL_ID)
        framed = np.full((len(indices), target.shape[1] + 2), NULL_ID, np.int32)
        framed[:, 0] = START_ID
        framed[:, 1:-1] = target
        framed[np.arange(len(indices)), lengths + 1] = END_ID
        return PairBatch(source, source_lengths, framed, lengths + 2)

    def texts(self, index: int) -> tuple[str, str]:
        """Pair number ``index`` as it was written."""
        return self.source_texts.text(index), self.target_texts.text(index)


@dataclass(frozen=True)
class Pairs:
    """A set of pairs, in words or characters."""

    name: str
    unit: str
    source_vocabulary: Vocabulary
    target_vocabulary: Vocabulary
    train: PairSplit
    val: PairSplit


def load_pairs(
    name: str = "translation",
    unit: str = "word",
    language: str = "fr",
    *,
    seed: int | None = None,
    places: Places | None = None,
) -> Pairs:
    """Load a set of pairs.

    Args:
        name: translation, dates; eng_fra where it was fetched.
        unit: "word" or "character".
        language: of the targets, where the set has several: "fr" or "es".
        seed: of a synthesised set; None for the usual one.
        places: where to look; None for the course's cache.

    Raises:
        DataMissing: there is no such unit or language.
        DataError: see :func:`seqlab.data.ready.folder_of`.
    """
    if unit not in UNITS:
        raise DataMissing(f"a sentence is cut into one of {', '.join(UNITS)}; found {unit!r}")
    path = _file(folder_of(name, task="pairs", seed=seed, places=places), language)
    train, val = (_open_split(path, split, unit) for split in ("train", "val"))
    return Pairs(name, unit, _vocabulary(path, "source", unit), _vocabulary(path, "target", unit), train, val)


def _file(folder: Path, language: str) -> Path:
    if (folder / "pairs.h5").is_file():
        return folder / "pairs.h5"
    path = folder / f"pairs_en_{language}.h5"
    if not path.is_file():
        there = ", ".join(sorted(one.stem.removeprefix("pairs_en_") for one in folder.glob("pairs_en_*.h5")))
        raise DataMissing(f"there are no pairs from English to {language!r} in {folder}; there are: {there}")
    return path


def _vocabulary(path: Path, side: str, unit: str) -> Vocabulary:
    return Vocabulary(tuple(read_text(path, f"vocabulary_{side}_{unit}").split("\n")))


def _open_split(path: Path, split: str, unit: str) -> PairSplit:
    return PairSplit(
        source=Ragged(path, f"{split}_source_{unit}"),
        target=Ragged(path, f"{split}_target_{unit}"),
        source_texts=Ragged(path, f"{split}_source_text"),
        target_texts=Ragged(path, f"{split}_target_text"),
    )
