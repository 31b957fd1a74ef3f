"""Texts as arrays of character ids: the file that every character-level corpus becomes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from seqlab.data.storage.writing import text_bytes, write_arrays
from seqlab.data.vocabulary import Vocabulary

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def write_text(folder: Path, train: Sequence[str], val: Sequence[str], rare_below: int = 1) -> None:
    """Write ``text.h5``: ``train_ids`` and ``val_ids`` int32, and the vocabulary as JSON.

    Args:
        folder: where to.
        train, val: the documents of each part, which are put one after the other.
        rare_below: characters that occur less often in all become U+FFFD, so that no id stands for next to nothing.
    """
    parts = {"train": "".join(train), "val": "".join(val)}
    counts = Counter(parts["train"]) + Counter(parts["val"])
    rare = {ord(character): REPLACEMENT for character, count in counts.items() if count < rare_below}
    kept = {split: text.translate(rare) for split, text in parts.items()}
    vocabulary = Vocabulary.of_characters(kept["train"] + kept["val"])
    arrays = {f"{split}_ids": vocabulary.encode(text) for split, text in kept.items()}
    write_arrays(folder / "text.h5", {**arrays, "vocabulary": text_bytes(json.dumps(vocabulary.tokens))})
