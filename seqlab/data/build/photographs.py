"""Images through the pretrained CNN: the feature files of every set for captioning that has images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seqlab.data.build.progress import watched
from seqlab.data.features.extract import Extractor, extract, write_features


def write_features_of(images: Any, split: str, folder: Path, lite0: Path) -> None:
    """Write ``SPLIT_features.h5`` (N, 1280) and ``SPLIT_spatial.h5`` (N, 64, 112), float16, of images of 128 pixels.

    Args:
        images: (N, 128, 128) or (N, 128, 128, 3) uint8.
        split: "train" or "val".
        folder: where to.
        lite0: the built folder of the CNN's weights.
    """
    extractor = Extractor.lite0(lite0 / "weights.pth")
    write_features(
        folder / f"{split}_features.h5", folder / f"{split}_spatial.h5", extract(images, extractor, progress=watched()), len(images)
    )
