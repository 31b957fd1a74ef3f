"""Sets that stay as they are published: they are checked, and put in their place without being copied if possible."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from seqlab.data.build.contents import described_as, listed, wrong
from seqlab.data.build.progress import shown
from seqlab.data.build.sources import Sources
from seqlab.data.fetch.archives import extract

FILMED_STEPS, FILMED_SIDE = 20, 64
KINDS = ("captions", "instances", "person_keypoints")
ANNOTATIONS = tuple(f"annotations/{kind}_{split}2014.json" for kind in KINDS for split in ("train", "val"))


def build_moving_mnist(sources: Sources, folder: Path) -> None:
    """Put ``frames.npy`` there: (20, N, 64, 64) uint8.

    Raises:
        WrongContents: it is not such an array, or is cut short.
    """
    path = sources.only
    with path.open("rb") as file:
        shape, in_rows, dtype = _npy_header(path, file)
        contents = path.stat().st_size - file.tell()
    expected = f"an array ({FILMED_STEPS}, N, {FILMED_SIDE}, {FILMED_SIDE}) of uint8, row by row"
    usual = len(shape) == 4 and (shape[0], *shape[2:]) == (FILMED_STEPS, FILMED_SIDE, FILMED_SIDE)
    if not usual or not in_rows or dtype != np.uint8:
        raise wrong(path, expected, f"{shape} of {dtype}, {'row by row' if in_rows else 'column by column'}")
    if contents != np.prod(shape, dtype=np.int64):
        raise wrong(path, f"{np.prod(shape, dtype=np.int64):,} bytes of frames", f"{contents:,}")
    link_or_copy(path, folder / "frames.npy")


def build_coco2014_annotations(sources: Sources, folder: Path) -> None:
    """Extract ``annotations/``: captions, instances and keypoints of the training and validation photographs, as JSON.

    Raises:
        WrongContents: the archive does not hold all of them, or they are not JSON objects.
    """
    sources.show("extracting annotations, 0.8 GB ...")
    written = {
        path.relative_to(folder).as_posix() for path in extract(sources.only, folder, set(ANNOTATIONS).__contains__)
    }
    missing = [name for name in ANNOTATIONS if name not in written]
    if missing:
        raise wrong(sources.only, f"{len(ANNOTATIONS)} files of annotations", f"none called {', '.join(missing)}")
    for name in ANNOTATIONS:
        _require_braces(f"{name} of {sources.only}", folder / name)


def build_coco_karpathy(sources: Sources, folder: Path) -> None:
    """Put the lists of images with captions there under their own names.

    Raises:
        WrongContents: a file is not a list of entries with an image and its caption or captions.
    """
    for name, path in shown(sources.files.items(), "checking lists", "file"):
        with described_as("JSON", path):
            entries = json.loads(path.read_bytes())
        _require_captioned(path, entries)
        link_or_copy(path, folder / name)


def link_or_copy(path: Path, place: Path) -> None:
    """The same file at another place: a second name for it, or a copy where the disks differ or know no such names."""
    source = path.resolve()
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)


def _npy_header(path: Path, file: BinaryIO) -> tuple[tuple[int, ...], bool, Any]:
    """Shape, whether row by row, and dtype. Nothing else is read: an array of objects would run code."""
    with described_as("an array in NumPy's format (.npy)", path):
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, by_column, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, by_column, dtype = np.lib.format.read_array_header_2_0(file)
    return shape, not by_column, dtype


def _require_captioned(path: Path, entries: Any) -> None:
    if not isinstance(entries, list) or not entries:
        raise wrong(path, "a list of captioned images", f"a {type(entries).__name__}")
    odd = [f"entry {number}" for number, entry in enumerate(entries) if not _is_captioned(entry)]
    if odd:
        raise wrong(path, "entries with an image and a caption or several", listed(odd))


def _is_captioned(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("image"), str):
        return False
    caption = entry.get("caption")
    captions = caption if isinstance(caption, list) else [caption]
    return bool(captions) and all(isinstance(one, str) for one in captions)


def _require_braces(place: str, path: Path) -> None:
    """These files are too large to be parsed only to be checked; a page with an error message begins otherwise."""
    with path.open("rb") as file:
        begin = file.read(64).lstrip()
        file.seek(-min(64, path.stat().st_size), os.SEEK_END)
        end = file.read().rstrip()
    if not begin.startswith(b"{") or not end.endswith(b"}"):
        raise wrong(place, "a JSON object", f"{begin[:20]!r} to {end[-20:]!r}")
