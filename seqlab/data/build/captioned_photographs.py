"""Archives of photographs with captions, as COCO and Flickr8k publish them, as the files of a set for captioning."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.build.progress import shown
from seqlab.data.build.contents import listed, opened_zip, streamed, wrong
from seqlab.data.build.photographs import write_features_of
from seqlab.data.fetch.archives import UNREADABLE
from seqlab.data.features.images import UnreadableImages, read_image
from seqlab.data.layouts.captions import Captioned, write_captions
from seqlab.data.storage.rows import Rows
from seqlab.data.words import words_of

SIDE = 128  # pixels
LARGEST_PHOTOGRAPH = 64 * 2**20  # bytes
SEEN_AT_LEAST = 5
LENGTH = 17  # as in the known COCO files: START, up to 15 words, END


@dataclass(frozen=True)
class Photograph:
    """A photograph, by its name in its archive, and what people said about it."""

    member: str
    captions: tuple[str, ...]


def write_captioned(archive: Path, splits: Mapping[str, Sequence[Photograph]], folder: Path, lite0: Path) -> None:
    """Write all files of a set for captioning: captions, vocabulary, images of 128 pixels, features.

    Args:
        archive: a zip with the photographs.
        splits: the photographs of "train" and "val".
        folder: where to.
        lite0: the built folder of the CNN's weights.

    Raises:
        WrongContents: photographs have no captions, are not in the archive, or cannot be read; all are listed.
    """
    silent = [
        f"{one.member} has no caption" for photographs in splits.values() for one in photographs if not one.captions
    ]
    if silent:
        raise wrong(archive, "photographs that all have captions", listed(silent))
    write_captions(folder, {split: _captions(some) for split, some in splits.items()}, SEEN_AT_LEAST, LENGTH)
    members = {split: [one.member for one in photographs] for split, photographs in splits.items()}
    write_photographs(archive, members, folder / "images.h5")
    for split in splits:
        write_features_of(Rows(folder / "images.h5", f"{split}_images"), split, folder, lite0)


def write_photographs(archive: Path, members: Mapping[str, Sequence[str]], path: Path) -> None:
    """Write ``S_images`` (N, 128, 128, 3) uint8 per split S, one photograph after the other.

    Raises:
        WrongContents: photographs are not in the archive or cannot be read; all are listed.
    """
    shapes = {f"{split}_images": (len(names), SIDE, SIDE, 3) for split, names in members.items()}
    wanted = [(f"{split}_images", row, name) for split, names in members.items() for row, name in enumerate(names)]
    problems: list[str] = []
    with opened_zip(archive) as file, streamed(path, shapes, np.uint8) as arrays:
        for key, row, name in shown(wanted, "resizing photographs", "photo"):
            try:
                arrays[key][row] = photograph(file, name)
            except UnreadableImages as error:
                problems.append(str(error))
    if problems:
        raise wrong(archive, f"{len(wanted):,} photographs that can be read", listed(problems))


def photograph(file: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """The middle of a photograph in an opened archive, (128, 128, 3) uint8.

    Raises:
        UnreadableImages: it is not there, or cannot be read.
    """
    try:
        size = file.getinfo(name).file_size
        if size > LARGEST_PHOTOGRAPH:
            raise UnreadableImages(f"{name}: it has {size:,} bytes, more than a photograph has")
        data = file.read(name)
    except KeyError as error:
        raise UnreadableImages(f"{name} is missing") from error
    except UNREADABLE as error:
        raise UnreadableImages(f"{name}: {error}") from error
    try:
        return read_image(io.BytesIO(data), SIDE)
    except UnreadableImages as error:
        raise UnreadableImages(f"{name}: {str(error).removeprefix('an image: ')}") from error


def plain(caption: str) -> str:
    """A caption without its punctuation, as in the known COCO files: half the writers put a full stop, half do not."""
    return " ".join(word for word in words_of(caption) if word[0].isalnum())


def _captions(photographs: Sequence[Photograph]) -> list[Captioned]:
    return [Captioned(plain(text), number) for number, one in enumerate(photographs) for text in one.captions]
