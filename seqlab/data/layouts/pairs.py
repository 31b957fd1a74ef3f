"""Pairs of sentences: the file that every set for translation becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.storage.writing import ragged, ragged_text, text_bytes, write_arrays
from seqlab.data.vocabulary import Vocabulary
from seqlab.data.words import words_of

Array = NDArray[Any]
Pair = tuple[str, str]
SIDES = ("source", "target")
UNITS: Mapping[str, Callable[[str], list[str]]] = {"character": list, "word": words_of}


def write_pairs(path: Path, splits: Mapping[str, Sequence[Pair]]) -> None:
    """Write pairs as text, as words and as characters, with a vocabulary for each side and unit.

    Per split S, side and unit: ``S_SIDE_text`` (UTF-8), ``S_SIDE_UNIT`` (ragged, int32); ``vocabulary_SIDE_UNIT``: the
    tokens that occur in the training part, one a line.
    """
    arrays: dict[str, Array] = {}
    for place, side in enumerate(SIDES):
        texts = {split: [pair[place] for pair in pairs] for split, pairs in splits.items()}
        for split, lines in texts.items():
            arrays |= ragged_text(f"{split}_{side}_text", lines)
        for unit, tokens_of in UNITS.items():
            tokens = {split: [tokens_of(text) for text in lines] for split, lines in texts.items()}
            vocabulary = Vocabulary.of_words(tokens["train"])
            arrays[f"vocabulary_{side}_{unit}"] = text_bytes("\n".join(vocabulary.tokens))
            for split, sentences in tokens.items():
                arrays |= ragged(f"{split}_{side}_{unit}", (vocabulary.encode(sentence) for sentence in sentences))
    write_arrays(path, arrays)


def split_by_source(pairs: Sequence[Pair], held_out: float, seed: int) -> dict[str, list[Pair]]:
    """Hold out a share of the *sources*, by lot, with all their targets: a source is never on both sides."""
    return _split_by(SIDES.index("source"), pairs, held_out, seed)


def split_by_target(pairs: Sequence[Pair], held_out: float, seed: int) -> dict[str, list[Pair]]:
    """Hold out a share of the *targets*, by lot, with all their sources: no target is asked for that was learned."""
    return _split_by(SIDES.index("target"), pairs, held_out, seed)


def _split_by(side: int, pairs: Sequence[Pair], held_out: float, seed: int) -> dict[str, list[Pair]]:
    texts = sorted({pair[side] for pair in pairs})
    chosen = np.random.default_rng(seed).permutation(len(texts))[: round(len(texts) * held_out)]
    unseen = {texts[i] for i in chosen}
    return {
        "train": [pair for pair in pairs if pair[side] not in unseen],
        "val": [pair for pair in pairs if pair[side] in unseen],
    }
