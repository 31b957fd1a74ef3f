"""Questions about drawn shapes, from the package easy-vqa."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seqlab.data.layouts.questions import Asked, write_questions
from seqlab.data.build.sources import Sources
from seqlab.data.errors import WrongContents
from seqlab.data.fetch.archives import read_member
from seqlab.data.storage.writing import write_arrays

PARTS = {"train": ("train", 4000, 38_575), "val": ("test", 1000, 9_673)}
SIDE = 64
NEGATIONS = {"no", "not"}


def build_easy_vqa(sources: Sources, folder: Path) -> None:
    """Write ``images.h5`` and ``questions.h5``; the published test part is held out.

    Raises:
        WrongContents: the archive does not hold the images and questions.
    """
    archive = sources.only
    answers = read_member(archive, "easy_vqa/data/answers.txt").decode().split()
    splits = {split: list(_questions(archive, *part)) for split, part in PARTS.items()}
    images = {f"{split}_images": _images(archive, *part[:2]) for split, part in PARTS.items()}
    write_arrays(folder / "images.h5", images)
    write_questions(folder, splits, sorted(answers))


def kind_of(question: str, answer: str) -> str:
    """What a question asks for: a colour, a shape, or whether something is there."""
    if answer in ("yes", "no"):
        return "negated yes or no" if NEGATIONS & set(question.split()) else "yes or no"
    return "colour" if "color" in question else "shape"


def _questions(archive: Path, part: str, images: int, expected: int) -> Iterator[Asked]:
    rows = json.loads(read_member(archive, f"easy_vqa/data/{part}/questions.json"))
    if len(rows) != expected:
        raise WrongContents(f"expected {expected:,} questions of {part} in {archive}; found {len(rows):,}")
    for question, answer, image in rows:
        if not 0 <= image < images:
            raise WrongContents(f"expected images 0 to {images - 1} in {part} of {archive}; found {image}")
        yield Asked(question, answer, image, kind_of(question, answer))


def _images(archive: Path, part: str, count: int) -> NDArray[Any]:
    result = np.empty((count, SIDE, SIDE, 3), np.uint8)
    with zipfile.ZipFile(archive) as file:
        for number, place in enumerate(result):
            data = file.read(f"easy_vqa/data/{part}/images/{number}.png")
            place[:] = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    return result
