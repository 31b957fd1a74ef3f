"""Captions under the names that people know from the best-known course, with the same arguments and results.

The arrays are the lazy ones of :mod:`seqlab.data.captions`: they are indexed like NumPy's, and only what is asked for
comes into memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.captions import SPLITS, Captions, load_captions, open_captions
from seqlab.data.vocabulary import END, NULL

Array = NDArray[Any]


def load_coco_data(
    base_dir: str | Path | None = None, max_train: int | None = None, pca_features: bool = True, name: str = "coco"
) -> dict[str, Any]:
    """Load captions with features as a dictionary.

    Args:
        base_dir: the folder of the files; None for the set ``name`` of the cache.
        max_train: draw so many training captions (the same ones each time); None for all.
        pca_features: the reduced features (N, 512), else the unreduced (N, 4096).
        name: which set of the cache.

    Returns:
        ``train_captions``, ``train_image_idxs``, ``train_features``, ``train_urls``, the same for val, ``idx_to_word``
        and ``word_to_idx``.

    Raises:
        DataError: the files are not there, or are not what they should be.
    """
    kind = "pooled" if pca_features else "unreduced"
    opened = load_captions(name, kind) if base_dir is None else open_captions(str(base_dir), Path(base_dir), kind)
    data = _as_dictionary(opened)
    if max_train is not None:
        chosen = np.random.default_rng(0).integers(len(opened.train), size=max_train)
        data["train_captions"] = opened.train.captions[chosen]
        data["train_image_idxs"] = opened.train.image_idxs[chosen]
    return data


def _as_dictionary(opened: Captions) -> dict[str, Any]:
    data: dict[str, Any] = {
        "idx_to_word": list(opened.vocabulary.idx_to_word),
        "word_to_idx": dict(opened.vocabulary.word_to_idx),
    }
    for split in SPLITS:
        part = opened.split(split)
        data[f"{split}_captions"] = part.captions
        data[f"{split}_image_idxs"] = part.image_idxs
        data[f"{split}_features"] = part.features
        data[f"{split}_urls"] = np.asarray(part.listed.get("urls", ()))
    return data


def sample_coco_minibatch(
    data: dict[str, Any], batch_size: int = 100, split: str = "train", rng: np.random.Generator | None = None
) -> tuple[Array, Array, Array]:
    """Draw a minibatch from what :func:`load_coco_data` returns.

    Args:
        data: the dictionary.
        batch_size: N.
        split: "train" or "val".
        rng: decides what is drawn; None for a fresh one.

    Returns:
        Captions (N, T) int32, features (N, D) float32, and the images' addresses (N,), empty where none are known.

    Raises:
        ValueError: there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"expected a split of {', '.join(SPLITS)}; found {split!r}")
    generator = rng or np.random.default_rng()
    captions = data[f"{split}_captions"]
    chosen = generator.integers(len(captions), size=batch_size)
    image_idxs = data[f"{split}_image_idxs"][chosen]
    urls = data[f"{split}_urls"]
    features = data[f"{split}_features"][image_idxs].astype(np.float32, copy=False)
    return captions[chosen], features, urls[image_idxs] if len(urls) else urls


def decode_captions(captions: Array, idx_to_word: Sequence[str]) -> str | list[str]:
    """Captions as text: NULL is left out, END is the last word shown.

    Args:
        captions: one caption (T,) or several (N, T).
        idx_to_word: the word of each number.

    Returns:
        A string for one caption, a list for several.
    """
    if np.ndim(captions) == 1:
        return _decoded(captions, idx_to_word)
    return [_decoded(caption, idx_to_word) for caption in captions]


def _decoded(caption: Array, idx_to_word: Sequence[str]) -> str:
    words = [idx_to_word[int(number)] for number in caption]
    whole = words[: words.index(END) + 1] if END in words else words
    return " ".join(word for word in whole if word != NULL)
