"""Films with a label for every frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.data.examples import Examples
from seqlab.data.places import Places
from seqlab.data.ready import folder_of
from seqlab.data.storage.rows import Rows, read_text

Array = NDArray[Any]


class VideoBatch(NamedTuple):
    """Frames (N, T, height, width[, 3]) float32 in [0, 1], and the label of each, (N, T) int64."""

    frames: Array
    labels: Array


@dataclass(frozen=True)
class VideoSplit(Examples[VideoBatch]):
    """The films of one split: ``frames`` (M, T, height, width[, 3]) uint8 and ``labels`` (M, T)."""

    frames: Rows
    labels: Rows

    def __len__(self) -> int:
        return len(self.frames)

    def batch(self, indices: Array) -> VideoBatch:
        """The films at ``indices`` (N,)."""
        return VideoBatch(self.frames[indices] / np.float32(255), self.labels[indices])


@dataclass(frozen=True)
class Videos:
    """A set of films; ``classes`` are the names of the labels."""

    name: str
    classes: tuple[str, ...]
    train: VideoSplit
    val: VideoSplit


def load_videos(name: str = "moving_digits", *, seed: int | None = None, places: Places | None = None) -> Videos:
    """Load a set of films.

    Args:
        name: moving_digits; ucf101 where it was fetched.
        seed: of a synthesised set; None for the usual one.
        places: where to look; None for the course's cache.

    Raises:
        DataError: see :func:`seqlab.data.ready.folder_of`.
    """
    path = folder_of(name, task="videos", seed=seed, places=places) / "videos.h5"
    classes = tuple(json.loads(read_text(path, "classes")))
    train, val = (
        VideoSplit(Rows(path, f"{split}_frames"), Rows(path, f"{split}_labels")) for split in ("train", "val")
    )
    return Videos(name, classes, train, val)
