"""Loaders against NumPy: drawing minibatches from captions and features of COCO's size."""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Line, best_seconds
from seqlab.data.captions import OURS, open_captions
from seqlab.data.storage.writing import write_arrays
from seqlab.data.vocabulary import SPECIAL_TOKENS, Vocabulary

Array = NDArray[Any]
CAPTIONS, IMAGES, WORDS, STEPS, SIZES = 400_135, 82_783, 1004, 17, (512,)
BATCHES, BATCH = 1000, 100


def measure() -> Iterator[Line]:
    """Write files of COCO's size into a temporary folder, and draw from them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arrays = _write(folder)
        lazily, in_memory = best_seconds(5, lambda: _draw_lazily(folder), lambda: _draw_from_memory(*arrays))
        yield Line(
            f"open, then {BATCHES:,} minibatches of {BATCH} with features (COCO's size), against arrays in memory",
            f"{lazily / in_memory:.2f} times ({lazily:.3f} s and {in_memory:.3f} s)",
            "at most 2",
        )
        yield Line("memory that 50 captions with features cost", f"{_peak_of_fifty(folder) / 1e6:.1f} MB", "not 250 MB")


def _write(folder: Path) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(0)
    captions = rng.integers(0, WORDS, (CAPTIONS, STEPS), dtype=np.int32)
    image_idxs = rng.integers(0, IMAGES, CAPTIONS, dtype=np.int32)
    features = rng.standard_normal((IMAGES, *SIZES), dtype=np.float32)
    few = slice(0, 100)
    write_arrays(
        folder / OURS.captions,
        {
            "train_captions": captions,
            "train_image_idxs": image_idxs,
            "val_captions": captions[few],
            "val_image_idxs": image_idxs[few],
        },
    )
    for split, part in (("train", features), ("val", features[few])):
        write_arrays(folder / f"{split}_features.h5", {"features": part})
    words = (f"word{number}" for number in range(WORDS - len(SPECIAL_TOKENS)))
    Vocabulary((*SPECIAL_TOKENS, *words)).save(folder / OURS.vocabulary)
    return captions, image_idxs, features


def _draw_lazily(folder: Path) -> None:
    rng = np.random.default_rng(1)
    train = open_captions("benchmark", folder).train
    for _ in range(BATCHES):
        train.sample(BATCH, rng)


def _draw_from_memory(captions: Array, image_idxs: Array, features: Array) -> None:
    rng = np.random.default_rng(1)
    for _ in range(BATCHES):
        chosen = rng.integers(CAPTIONS, size=BATCH)
        _ = captions[chosen], features[image_idxs[chosen]]


def _peak_of_fifty(folder: Path) -> int:
    tracemalloc.start()
    open_captions("benchmark", folder).train.sample(50, np.random.default_rng(2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
