"""Scenes of one or two coloured digits, with a caption, questions, and a box around each digit.

Where a model should look is known here, so where it does look can be scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.layouts.captions import Captioned, write_captions
from seqlab.data.layouts.questions import write_questions
from seqlab.data.storage.rows import Rows
from seqlab.data.storage.writing import write_arrays
from seqlab.data.synthesis.scene_questions import ANSWERS, questions_about
from seqlab.data.synthesis.scenes import COLOURS, NAMES, RELATIONS, Scene, Thing

Array = NDArray[Any]
SIDE, DIGIT = 64, 28
NOISE = 24  # of 255, at the most, everywhere in the background
INK = 64  # of 255: from here on a pixel belongs to the digit, for its box
SCENES = {"train": 6000, "val": 1000}
PALETTE = {"red": (255, 64, 64), "green": (64, 220, 64), "blue": (80, 120, 255), "yellow": (250, 230, 60)}
NO_BOX = -1


def make_digit_scenes(folder: Path, needed: Mapping[str, Path], seed: int) -> None:
    """Write ``captions.h5``, ``vocab.json``, ``images.h5``, ``questions.h5`` and ``boxes.h5``.

    In boxes.h5, per split S: ``S_boxes`` (N, 2, 4) int32, left, top, right, bottom (-1 where there is no second digit);
    ``S_word_things`` (N, T) int32, for each word of the caption the digit that it speaks of, 0 or 1 (-1: neither). The
    digits of the training scenes are training digits of mnist5k, those of the others are its held-out ones.
    """
    rng = np.random.default_rng(seed)
    scenes, images, boxes = {}, {}, {}
    for split, count in SCENES.items():
        digits = needed["mnist5k"] / "digits.h5"
        ink, labels = Rows(digits, f"{split}_images")[:], Rows(digits, f"{split}_labels")[:]
        scenes[split] = [arranged(labels, rng) for _ in range(count)]
        drawn = [draw(scene, ink, rng) for scene in scenes[split]]
        images[f"{split}_images"] = np.stack([image for image, _ in drawn])
        boxes[f"{split}_boxes"] = np.stack([box for _, box in drawn])
    write_arrays(folder / "images.h5", images)
    _write_words(folder, scenes, boxes, rng)


def arranged(labels: Array, rng: np.random.Generator) -> Scene:
    """A scene: one digit anywhere, or two that stand in a relation that leaves no doubt."""
    chosen = rng.integers(len(labels), size=2)
    colours = rng.choice(COLOURS, size=2)
    free = SIDE - DIGIT
    if rng.random() < 1 / 3:
        left, top = rng.integers(free + 1, size=2)
        return Scene((_thing(chosen[0], labels, colours[0], left, top),), None)
    relation = str(rng.choice(RELATIONS))
    near, far = rng.integers(0, 7), free - rng.integers(0, 7)
    across = rng.integers(free + 1) + rng.integers(-6, 7, size=2)
    along = (near, far) if relation in ("left of", "above") else (far, near)
    places = [(a, c) if relation in ("left of", "right of") else (c, a) for a, c in zip(along, across, strict=True)]
    clipped = np.clip(places, 0, free)
    things = (
        _thing(i, labels, colour, left, top) for i, colour, (left, top) in zip(chosen, colours, clipped, strict=True)
    )
    return Scene(tuple(things), relation)


def draw(scene: Scene, ink: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The picture (64, 64, 3) uint8 of a scene, and the boxes (2, 4) around the ink of its digits."""
    image = rng.integers(0, NOISE, size=(SIDE, SIDE, 3)).astype(np.float64)
    boxes = np.full((2, 4), NO_BOX, np.int32)
    for thing, box in zip(scene.things, boxes, strict=False):
        digit = ink[thing.source]
        window = image[thing.top : thing.top + DIGIT, thing.left : thing.left + DIGIT]
        opacity = digit[:, :, None] / 255
        window[:] = (1 - opacity) * window + opacity * np.array(PALETTE[thing.colour])
        box[:] = _box(digit >= INK) + np.array([thing.left, thing.top] * 2)
    return image.round().astype(np.uint8), boxes


def _thing(source: int, labels: Array, colour: str, left: int, top: int) -> Thing:
    return Thing(NAMES[labels[source]], str(colour), int(source), int(left), int(top))


def _box(ink: Array) -> Array:
    """Left, top, right, bottom of what is true; right and bottom are the first column and row beyond it."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.int32)


def _write_words(
    folder: Path, scenes: Mapping[str, Sequence[Scene]], boxes: dict[str, Array], rng: np.random.Generator
) -> None:
    captions = {split: [Captioned(one.caption, i) for i, one in enumerate(many)] for split, many in scenes.items()}
    write_captions(folder, captions)
    T = Rows(folder / "captions.h5", "train_captions").shape[1]
    for split, many in scenes.items():
        boxes[f"{split}_word_things"] = np.array([list(_word_things(scene, T)) for scene in many], np.int32)
    write_arrays(folder / "boxes.h5", boxes)
    asked = {
        split: [question for i, scene in enumerate(many) for question in questions_about(scene, i, rng)]
        for split, many in scenes.items()
    }
    write_questions(folder, asked, ANSWERS)


def _word_things(scene: Scene, T: int) -> Iterator[int]:
    """START, then the thing that each word speaks of, then nothing up to T."""
    spoken = [NO_BOX, *scene.word_things]
    yield from spoken + [NO_BOX] * (T - len(spoken))
