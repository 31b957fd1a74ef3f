"""Films of a real digit that bounces behind noise: no frame shows enough, all together do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.storage.rows import Rows
from seqlab.data.storage.writing import text_bytes, write_arrays

Array = NDArray[Any]
FRAMES, SIDE, DIGIT = 10, 36, 28
ROOM = SIDE - DIGIT
DROPPED = 0.78
FILMS = {"train": 4000, "val": 1000}
SPEED = 3.0  # pixels a frame, at the most, along each axis


def make_moving_digits(folder: Path, needed: Mapping[str, Path], seed: int) -> None:
    """Write ``videos.h5``: ``S_frames`` (N, 10, 36, 36) uint8, ``S_labels`` (N, 10) int64, ``classes``.

    The digits of the training films are training digits of mnist5k, those of the others are its held-out ones.
    """
    rng = np.random.default_rng(seed)
    arrays: dict[str, Array] = {"classes": text_bytes(json.dumps([str(digit) for digit in range(10)]))}
    for split, count in FILMS.items():
        digits = needed["mnist5k"] / "digits.h5"
        images, labels = Rows(digits, f"{split}_images")[:], Rows(digits, f"{split}_labels")[:]
        chosen = rng.integers(len(images), size=count)
        arrays[f"{split}_frames"] = filmed(images[chosen], rng)
        arrays[f"{split}_labels"] = np.repeat(labels[chosen][:, None], FRAMES, axis=1)
    write_arrays(folder / "videos.h5", arrays)


def filmed(digits: Array, rng: np.random.Generator) -> Array:
    """Films (N, 10, 36, 36) of digits (N, 28, 28) that move straight and bounce off the edges; 78 % of the pixels of
    every frame are dropped, each frame others."""
    films = np.zeros((len(digits), FRAMES, SIDE, SIDE), np.uint8)
    start = rng.uniform(0, ROOM, size=(len(digits), 2))
    speed = rng.uniform(-SPEED, SPEED, size=(len(digits), 2))
    for t in range(FRAMES):
        for film, digit, (top, left) in zip(films[:, t], digits, bounced(start + t * speed), strict=True):
            film[top : top + DIGIT, left : left + DIGIT] = digit
    films *= rng.random(films.shape, dtype=np.float32) >= DROPPED
    return films


def bounced(places: Array) -> Array:
    """Places on a line as places between two walls, at 0 and at 8 pixels, off which what moves bounces; integers."""
    folded: Array = ROOM - np.abs(places % (2 * ROOM) - ROOM)
    return folded.round().astype(np.int64)
