"""10,500 small COCO photographs with a caption each, from the tensors of a course at Michigan (EECS 498)."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from seqlab.data.build.contents import described_as, streamed, wrong
from seqlab.data.build.photographs import write_features_of
from seqlab.data.build.progress import shown
from seqlab.data.build.sources import Sources
from seqlab.data.storage.rows import Rows
from seqlab.data.storage.writing import write_arrays
from seqlab.data.vocabulary import SPECIAL_TOKENS, Vocabulary

Array = NDArray[Any]
SPLITS = ("train", "val")
SIDE, SEEN_SIDE = 112, 128  # pixels: of the photographs, and as the CNN sees them
LENGTH = 17
AT_ONCE = 256
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


class Enlarged:
    """Photographs (N, 112, 112, 3) as the CNN wants them, (N, 128, 128, 3); only those asked for are in memory."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.shape = (len(rows), SEEN_SIDE, SEEN_SIDE, 3)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, some: slice) -> Array:
        images = (Image.fromarray(image) for image in self.rows[some])
        large = [image.resize((SEEN_SIDE, SEEN_SIDE), Image.Resampling.BICUBIC) for image in images]
        return np.array(large, np.uint8).reshape(-1, *self.shape[1:])


def build_coco_tensors(sources: Sources, folder: Path) -> None:
    """Write captions with their own vocabulary, images (N, 112, 112, 3), and features of the images at 128 pixels.

    Raises:
        WrongContents: the file does not hold the tensors.
    """
    tensors = read_tensors(sources.only)
    images = {split: _images(sources.only, tensors, split) for split in SPLITS}
    vocabulary, number = vocabulary_of(sources.only, tensors)
    arrays = {}
    for split in SPLITS:
        arrays[f"{split}_captions"] = _captions(sources.only, tensors, split, number, len(images[split]))
        arrays[f"{split}_image_idxs"] = np.arange(len(images[split]), dtype=np.int32)
    write_arrays(folder / "captions.h5", arrays)
    vocabulary.save(folder / "vocab.json")
    _write_images(folder / "images.h5", images)
    for split in SPLITS:
        rows = Enlarged(Rows(folder / "images.h5", f"{split}_images"))
        write_features_of(rows, split, folder, sources.needed["lite0"])


def read_tensors(path: Path) -> Mapping[str, Any]:
    """The dictionary in a file of torch; no code in it is run. Files of torch 1.6 and later are mapped, not read.

    Raises:
        WrongContents: it is no such file.
    """
    expected = "a dictionary of tensors, written by torch.save"
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # torch has a dozen ways to say that a file is not what it wants
        raise wrong(path, expected, f"something else ({' '.join(str(error).split())[:200]})") from error
    if not isinstance(found, dict):
        raise wrong(path, expected, f"a {type(found).__name__}")
    return found


def vocabulary_of(path: Path, tensors: Mapping[str, Any]) -> tuple[Vocabulary, Array]:
    """The file's vocabulary with the special tokens in front, and the new number of each old one (V,) int32.

    Raises:
        WrongContents: the file has none, or its two directions contradict each other.
    """
    with described_as("vocab with idx_to_token and token_to_idx", path):
        known = tensors["vocab"]["token_to_idx"]
        tokens = [str(tensors["vocab"]["idx_to_token"][number]) for number in range(len(known))]
        contradictions = [token for number, token in enumerate(tokens) if known.get(token) != number]
        missing = [token for token in SPECIAL_TOKENS if token not in known]
    if missing or contradictions:
        found = f"without {', '.join(missing)}" if missing else f"other numbers for {', '.join(contradictions[:5])}"
        raise wrong(path, f"a vocabulary with {' '.join(SPECIAL_TOKENS)}, the same in both directions", f"one {found}")
    vocabulary = Vocabulary((*SPECIAL_TOKENS, *(token for token in tokens if token not in SPECIAL_TOKENS)))
    return vocabulary, vocabulary.encode(tokens)


def _images(path: Path, tensors: Mapping[str, Any], split: str) -> Tensor:
    images = tensors.get(f"{split}_images")
    if not _is_whole(images) or images.dtype != torch.uint8 or images.shape[1:] != (3, SIDE, SIDE):
        raise wrong(path, f"{split}_images of shape (N, 3, {SIDE}, {SIDE}), uint8", _described(images))
    return images


def _captions(path: Path, tensors: Mapping[str, Any], split: str, number: Array, count: int) -> Array:
    """Captions (N, 17) in the new numbers, int32."""
    captions = tensors.get(f"{split}_captions")
    if not _is_whole(captions) or captions.dtype not in INTEGERS or captions.shape != (count, LENGTH):
        raise wrong(path, f"{split}_captions of shape ({count}, {LENGTH}), whole numbers", _described(captions))
    old = captions.numpy()
    if old.size and not 0 <= old.min() <= old.max() < len(number):
        expected = f"{split}_captions with numbers of the {len(number)} tokens"
        raise wrong(path, expected, f"numbers from {old.min()} to {old.max()}")
    result: Array = number[old]
    return result


def _is_whole(found: Any) -> TypeGuard[Tensor]:
    """Whether it is a tensor of which every number is in the file: one number may else be repeated to terabytes."""
    if not isinstance(found, Tensor) or found.layout != torch.strided or found.device.type != "cpu" or not len(found.shape):
        return False
    return bool(len(found)) and found.untyped_storage().nbytes() >= found.numel() * found.element_size()


def _write_images(path: Path, images: Mapping[str, Tensor]) -> None:
    shapes = {f"{split}_images": (len(some), SIDE, SIDE, 3) for split, some in images.items()}
    with streamed(path, shapes, np.uint8) as arrays:
        for split, some in images.items():
            for start in shown(range(0, len(some), AT_ONCE), f"writing {split} images", "batch"):
                part = some[start : start + AT_ONCE].permute(0, 2, 3, 1)
                arrays[f"{split}_images"][start : start + AT_ONCE] = part.contiguous().numpy()


def _described(found: Any) -> str:
    if found is None:
        return "nothing of that name"
    return f"shape {tuple(found.shape)}, {found.dtype}" if isinstance(found, Tensor) else f"a {type(found).__name__}"
