"""COCO 2014 captions with VGG16 features, as the best-known course hands them out: checked, and kept as they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy as np

from seqlab.data.build.contents import described_as, listed, wrong
from seqlab.data.build.progress import shown
from seqlab.data.build.sources import Sources
from seqlab.data.fetch.archives import extract
from seqlab.data.storage.rows import plain_array
from seqlab.data.vocabulary import SPECIAL_TOKENS

SPLITS = ("train", "val")
CAPTIONS, VOCABULARY = "coco2014_captions.h5", "coco2014_vocab.json"
REDUCED, UNREDUCED = "{split}2014_vgg16_fc7_pca.h5", "{split}2014_vgg16_fc7.h5"
LISTS = ("{split}2014_images.txt", "{split}2014_urls.txt")
WIDTHS = {REDUCED: 512, UNREDUCED: 4096}
NEEDED = (CAPTIONS, VOCABULARY, *(REDUCED.format(split=split) for split in SPLITS))
KNOWN = frozenset({CAPTIONS, VOCABULARY, *(name.format(split=split) for name in (*WIDTHS, *LISTS) for split in SPLITS)})
LENGTH = 17
MOST_ROWS = 2_000_000  # COCO has 400,000 captions; a file of a few kilobytes can claim any number


def build_coco(sources: Sources, folder: Path) -> None:
    """Write ``captions/`` with the files of the archive, without its top folder. Nothing is converted.

    Raises:
        WrongContents: files are missing, are of other kinds than described, or contradict each other.
    """
    sources.show("extracting coco_captioning.zip ...")
    place = folder / "captions"
    _extract_flat(sources.only, place)
    missing = [name for name in NEEDED if not (place / name).is_file()]
    if missing:
        there = ", ".join(sorted(path.name for path in place.glob("*"))) or "none of them"
        raise wrong(sources.only, f"the files {', '.join(missing)}", there)
    words = _require_vocabulary(sources.only, place)
    for split in shown(SPLITS, "checking captions and features", "split"):
        images = _require_features(sources.only, place, split)
        _require_lists(sources.only, place, split, images)
        _require_captions(sources.only, place, split, words, images)


def _extract_flat(archive: Path, folder: Path) -> None:
    """Names of macOS's side files, ``__MACOSX/._name``, are not known ones."""
    for path in extract(archive, folder, lambda name: PurePosixPath(name).name in KNOWN):
        place = folder / path.name
        if path != place and place.exists():
            raise wrong(archive, f"one file {path.name}", "several")
        path.rename(place)
    for empty in [path for path in folder.glob("*") if path.is_dir()]:
        shutil.rmtree(empty)  # there may be folders in folders


def _require_vocabulary(archive: Path, folder: Path) -> int:
    """How many words there are."""
    place = f"{VOCABULARY} of {archive}"
    with described_as("a vocabulary with idx_to_word and word_to_idx", place):
        contents = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
        words, numbers = list(contents["idx_to_word"]), dict(contents["word_to_idx"])
    if tuple(words[:4]) != SPECIAL_TOKENS:
        raise wrong(place, f"words that begin {' '.join(SPECIAL_TOKENS)}", f"{words[:4]}")
    if not all(isinstance(word, str) for word in words):
        raise wrong(place, "words that are texts", "others")
    if numbers != {word: number for number, word in enumerate(words)}:
        raise wrong(place, "the same numbers in idx_to_word and word_to_idx", "others")
    return len(words)


def _require_features(archive: Path, folder: Path, split: str) -> int:
    """How many images there are."""
    counts = {}
    for name, width in WIDTHS.items():
        file = name.format(split=split)
        if (folder / file).is_file():
            with _array(archive, folder / file, "features") as features:
                _require(archive, file, "features", features, np.float32, (None, width))
                counts[file] = len(features)
    if len(set(counts.values())) != 1:
        raise wrong(archive, f"features of the same images in {' and '.join(counts)}", f"{counts} images")
    return counts[REDUCED.format(split=split)]


def _require_lists(archive: Path, folder: Path, split: str, images: int) -> None:
    for name in LISTS:
        path = folder / name.format(split=split)
        if path.is_file():
            place = f"{path.name} of {archive}"
            with described_as("text in UTF-8", place):
                lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines != images:
                raise wrong(place, f"{images:,} lines, one for each row of {split} features", f"{lines:,}")


def _require_captions(archive: Path, folder: Path, split: str, words: int, images: int) -> None:
    with (
        _array(archive, folder / CAPTIONS, f"{split}_captions") as captions,
        _array(archive, folder / CAPTIONS, f"{split}_image_idxs") as image_idxs,
    ):
        _require(archive, CAPTIONS, f"{split}_captions", captions, np.int32, (None, LENGTH))
        _require(archive, CAPTIONS, f"{split}_image_idxs", image_idxs, np.int32, (captions.shape[0],))
        _require_below(archive, f"{split}_captions", captions, words, "words of the vocabulary")
        _require_below(archive, f"{split}_image_idxs", image_idxs, images, "rows of the features")


def _require(archive: Path, file: str, key: str, array: Any, dtype: Any, shape: Sequence[int | None]) -> None:
    fits = len(array.shape) == len(shape) and all(
        wanted in (None, found) for wanted, found in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype != dtype or not 0 < array.shape[0] <= MOST_ROWS:
        named = ", ".join("N" if size is None else str(size) for size in shape)
        expected = f"{key} of shape ({named}), {np.dtype(dtype)}"
        raise wrong(f"{file} of {archive}", expected, f"shape {array.shape}, {array.dtype}")


def _require_below(archive: Path, key: str, array: Any, count: int, what: str) -> None:
    values = array[:]
    least, most = int(values.min()), int(values.max())
    if least < 0 or most >= count:
        raise wrong(f"{CAPTIONS} of {archive}", f"{key} among the {count:,} {what}", f"numbers from {least} to {most}")


@contextmanager
def _array(archive: Path, path: Path, key: str) -> Iterator[Any]:
    place = f"{path.name} of {archive}"
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        raise wrong(place, "a whole HDF5 file", str(error)) from error
    with file:
        try:
            array = plain_array(file, key)
        except (OSError, KeyError) as error:
            raise wrong(place, f"an array {key}", f"{listed(sorted(file))} ({error})") from error
        yield array
