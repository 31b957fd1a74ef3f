"""Images with captions: the files of the known COCO layout, which every set for captioning becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.storage.writing import write_arrays
from seqlab.data.vocabulary import Vocabulary, pad_captions
from seqlab.data.words import words_of

Array = NDArray[Any]


@dataclass(frozen=True)
class Captioned:
    """A caption of the image with number ``image`` of its split."""

    text: str
    image: int


def write_captions(
    folder: Path, splits: Mapping[str, Sequence[Captioned]], at_least: int = 1, length: int | None = None
) -> Vocabulary:
    """Write ``captions.h5`` (per split S: ``S_captions`` (M, T) int32, ``S_image_idxs`` (M,) int32) and ``vocab.json``.

    Args:
        folder: where to.
        splits: the captions of "train" and "val".
        at_least: words that occur less often in the training part become ``<UNK>``.
        length: T; None for what the longest caption needs.
    """
    words = {split: [words_of(one.text) for one in captioned] for split, captioned in splits.items()}
    vocabulary = Vocabulary.of_words(words["train"], at_least)
    T = length or max(len(sentence) for sentences in words.values() for sentence in sentences) + 2
    arrays = {}
    for split, captioned in splits.items():
        arrays[f"{split}_captions"] = pad_captions(words[split], vocabulary, T)
        arrays[f"{split}_image_idxs"] = np.array([one.image for one in captioned], np.int32)
    write_arrays(folder / "captions.h5", arrays)
    vocabulary.save(folder / "vocab.json")
    return vocabulary
