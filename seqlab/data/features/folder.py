"""Features of every image in a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from tqdm.auto import tqdm

from seqlab.data.features.extract import BATCH_SIZE, extract, write_features
from seqlab.data.features.extractor import Extractor, Images
from seqlab.data.features.images import ImageFolder, UnreadableImages, find_images, read_images
from seqlab.data.storage.folders import clear_about_the_disk

POOLED_NAME, SPATIAL_NAME, LIST_NAME = "features.h5", "spatial.h5", "images.txt"


@dataclass(frozen=True)
class FolderFeatures:
    """What :func:`extract_folder` did.

    Attributes:
        pooled, spatial, listing: the files that it wrote.
        names: of the images, in the order of the features.
        skipped: the reason for each image that was left out, by name.
        others: how many other entries the folder has, which were left alone.
    """

    pooled: Path
    spatial: Path
    listing: Path
    names: tuple[str, ...]
    skipped: Mapping[str, str]
    others: int


def extract_folder(
    folder: Path,
    out: Path,
    extractor: Extractor,
    *,
    batch_size: int = BATCH_SIZE,
    progress: bool = True,
    device: str | torch.device | None = None,
    skip_unreadable: bool = False,
) -> FolderFeatures:
    """Write the features of every image in a folder (see :func:`find_images` and :func:`read_image`).

    ``out`` then holds features.h5 with ``features`` (N, D), pooled, and spatial.h5 with ``features`` (N, L, D_s), both
    float16, and images.txt with the N file names in the same order, one a line.

    Args:
        folder, out: where the images are, and where to write, which is made if it is not there.
        extractor: the network; images are brought to its ``image_size``.
        batch_size, progress, device: see :func:`extract`.
        skip_unreadable: leave out the images that cannot be read, and report them in the result.

    Raises:
        UnreadableImages: the folder has no images, or some cannot be read (all are named, with reasons, and nothing
            is computed or written), or none can.
        CannotExtract, NoSpace, NotWritable: see :func:`extract` and :func:`write_features`.
    """
    found = find_images(folder)
    with clear_about_the_disk(out):
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out) as store:
            skipped = _store_squares(found, extractor.image_size, store, progress)
            names = tuple(name for name in found.names if name not in skipped)
            _require_readable(found, skipped, skip_unreadable)
            images = _stored(store, len(names), extractor.image_size)
            paths = (out / POOLED_NAME, out / SPATIAL_NAME, out / LIST_NAME)
            batches = extract(images, extractor, batch_size, progress, device)
            write_features(paths[0], paths[1], batches, len(names))
        _write_lines(paths[2], names)
    return FolderFeatures(*paths, names, skipped, found.others)


def _store_squares(found: ImageFolder, size: int, store: BinaryIO, progress: bool) -> dict[str, str]:
    """Write the images one after the other, so that each is read once and none has to stay in memory.

    Returns:
        The reason for each image that cannot be read, by name.
    """
    faults: dict[str, str] = {}
    squares = tqdm(read_images(found, size), "reading", len(found.names), unit="image", disable=not progress)
    for name, square in zip(found.names, squares, strict=True):
        if isinstance(square, UnreadableImages):
            faults[name] = str(square)
        else:
            store.write(square.tobytes())
    store.flush()
    return faults


def _stored(store: Any, count: int, size: int) -> Images:
    return np.memmap(store, np.uint8, "r", shape=(count, size, size, 3))


def _require_readable(found: ImageFolder, faults: Mapping[str, str], skip: bool) -> None:
    if not faults or (skip and len(faults) < len(found.names)):
        return
    advice = "None is left." if skip else "Mend or remove them, or leave them out with --skip-unreadable."
    lines = "\n".join(f"  {reason}" for reason in faults.values())
    raise UnreadableImages(
        f"{len(faults)} of the {len(found.names)} images in {found.folder} cannot be read, and nothing was written. "
        f"{advice}\n{lines}"
    )


def _write_lines(path: Path, lines: tuple[str, ...]) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.replace(path)
