"""Images with captions, in the layout of the known COCO files and in our own, through the same code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.data.errors import DataMissing
from seqlab.data.examples import Examples
from seqlab.data.places import Places
from seqlab.data.ready import folder_of
from seqlab.data.storage.rows import Rows, keys_of
from seqlab.data.vocabulary import Vocabulary

Array = NDArray[Any]
SPLITS = ("train", "val")


class CaptionBatch(NamedTuple):
    """Captions (N, T) int32, their images' features float32, and the images' numbers (N,).

    The features are (N, D) pooled, (N, L, D) spatial, (N, height, width[, 3]) images in [0, 1], or None.
    """

    captions: Array
    features: Array | None
    image_idxs: Array


@dataclass(frozen=True)
class Layout:
    """What the files of a set are called; ``{split}`` stands for train or val.

    ``features`` has a file (and the array in it) for each kind of features that the layout knows.
    """

    captions: str
    vocabulary: str
    features: Mapping[str, tuple[str, str]]
    listed: Mapping[str, str]


OURS = Layout(
    captions="captions.h5",
    vocabulary="vocab.json",
    features={
        "pooled": ("{split}_features.h5", "features"),
        "spatial": ("{split}_spatial.h5", "features"),
        "images": ("images.h5", "{split}_images"),
    },
    listed={},
)
KNOWN = Layout(
    captions="coco2014_captions.h5",
    vocabulary="coco2014_vocab.json",
    features={
        "pooled": ("{split}2014_vgg16_fc7_pca.h5", "features"),
        "unreduced": ("{split}2014_vgg16_fc7.h5", "features"),
    },
    listed={"urls": "{split}2014_urls.txt", "files": "{split}2014_images.txt"},
)


@dataclass(frozen=True)
class CaptionSplit(Examples[CaptionBatch]):
    """The captions of one split; several may belong to one image.

    Attributes:
        captions: (M, T) int32: START, words, END, then NULL.
        image_idxs: (M,): which image each belongs to.
        features: of the images, by number: pooled (I, D), spatial (I, L, D) or images (I, height, width[, 3]); None.
        images: the images themselves, (I, height, width[, 3]) uint8, where the set has them.
        listed: what else is known of the images, by number, such as their addresses.
    """

    captions: Rows
    image_idxs: Rows
    features: Rows | None
    images: Rows | None
    listed: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.captions)

    def batch(self, indices: Array) -> CaptionBatch:
        """The captions at ``indices`` (N,) with the features of their images."""
        image_idxs = self.image_idxs[indices]
        return CaptionBatch(self.captions[indices], self.features_of(image_idxs), image_idxs)

    def features_of(self, image_idxs: Array) -> Array | None:
        """The features of some images, float32; images as numbers in [0, 1]."""
        if self.features is None:
            return None
        found = self.features[image_idxs]
        return found / np.float32(255) if found.dtype == np.uint8 else found.astype(np.float32, copy=False)

    def captions_of(self, image: int) -> Array:
        """All captions (K, T) of the image with this number."""
        return self.captions[np.flatnonzero(self.image_idxs[:] == image)]


@dataclass(frozen=True)
class Captions:
    """A set of images with captions."""

    name: str
    vocabulary: Vocabulary
    train: CaptionSplit
    val: CaptionSplit

    def split(self, name: str) -> CaptionSplit:
        """The split called "train" or "val"."""
        return {"train": self.train, "val": self.val}[name]


def load_captions(
    name: str = "icons", features: str | None = "pooled", *, seed: int | None = None, places: Places | None = None
) -> Captions:
    """Load a set of captions.

    Args:
        name: icons, digit_scenes; coco, coco_tensors, coco2017, flickr8k where they were fetched.
        features: what a batch has beside its captions: "pooled" (N, D), "spatial" (N, L, D), "images", for coco also
            "unreduced" (N, 4096); None for nothing.
        seed: of a synthesised set; None for the usual one.
        places: where to look; None for the course's cache.

    Raises:
        DataMissing: the set is not there, or does not have such features.
        DataError: see :func:`seqlab.data.ready.folder_of`.
    """
    return open_captions(name, folder_of(name, task="captions", seed=seed, places=places), features)


def open_captions(name: str, folder: Path, features: str | None = "pooled") -> Captions:
    """Open a set of captions in its folder, in our layout or the known one.

    Raises:
        DataMissing: the folder is in neither, or does not have such features.
        DataDamaged: a file is not what was written there.
    """
    where = folder / "captions" if (folder / "captions").is_dir() else folder
    layout = layout_of(where)
    splits = {split: _open_split(name, where, layout, split, features) for split in SPLITS}
    return Captions(name, Vocabulary.load(where / layout.vocabulary), splits["train"], splits["val"])


def layout_of(folder: Path) -> Layout:
    """Which layout a folder has.

    Raises:
        DataMissing: neither.
    """
    for layout in (OURS, KNOWN):
        if (folder / layout.captions).is_file():
            return layout
    raise DataMissing(f"expected {OURS.captions} or {KNOWN.captions} in {folder}; found neither")


def _open_split(name: str, folder: Path, layout: Layout, split: str, features: str | None) -> CaptionSplit:
    captions = folder / layout.captions
    return CaptionSplit(
        captions=Rows(captions, f"{split}_captions"),
        image_idxs=Rows(captions, f"{split}_image_idxs"),
        features=None if features is None else _open_features(name, folder, layout, split, features),
        images=_open_images(folder, layout, split),
        listed={kind: _lines(folder / file.format(split=split)) for kind, file in layout.listed.items()},
    )


def _open_features(name: str, folder: Path, layout: Layout, split: str, kind: str) -> Rows:
    found = _available(folder, layout, split)
    if kind not in found:
        raise DataMissing(f"{name} has no features {kind!r} in {folder}; there are: {', '.join(found) or 'none'}")
    file, key = layout.features[kind]
    return Rows(folder / file.format(split=split), key.format(split=split))


def _available(folder: Path, layout: Layout, split: str) -> list[str]:
    return [kind for kind, (file, _) in layout.features.items() if (folder / file.format(split=split)).is_file()]


def _open_images(folder: Path, layout: Layout, split: str) -> Rows | None:
    if "images" not in _available(folder, layout, split):
        return None
    path, key = folder / layout.features["images"][0], f"{split}_images"
    return Rows(path, key) if key in keys_of(path) else None


def _lines(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else ()
