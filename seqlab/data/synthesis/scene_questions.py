"""Questions that a scene of digits can be asked, with their answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seqlab.data.layouts.questions import Asked
from seqlab.data.synthesis.scenes import COLOURS, NAMES, RELATIONS, Scene, Thing

ANSWERS = ("yes", "no", "one digit", "two digits", "nothing", *COLOURS, *NAMES)
OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


def questions_about(scene: Scene, image: int, rng: np.random.Generator) -> Iterator[Asked]:
    """One question of each kind that has an answer in this scene: count, colour, digit, place, and yes or no."""
    answer = "one digit" if len(scene.things) == 1 else "two digits"
    yield Asked("how many digits are there?", answer, image, "count")
    thing = scene.things[rng.integers(len(scene.things))]
    if sum(one.name == thing.name for one in scene.things) == 1:
        yield Asked(f"what color is the {thing.name}?", thing.colour, image, "colour")
    if sum(one.colour == thing.colour for one in scene.things) == 1:
        yield Asked(f"which digit is {thing.colour}?", thing.name, image, "digit")
    yield from _place(scene, image, rng)
    yield _existence(scene, thing, image, rng)


def _place(scene: Scene, image: int, rng: np.random.Generator) -> Iterator[Asked]:
    """What stands somewhere beside one of two digits: half of the time the other one, else nothing."""
    if scene.relation is None or scene.things[0].words == scene.things[1].words:
        return
    subject, other = scene.things if rng.random() < 0.5 else scene.things[::-1]
    side = scene.relation if subject is scene.things[0] else OPPOSITE[scene.relation]
    if rng.random() < 0.5:
        yield Asked(f"what is {side} the {other.words}?", subject.name, image, "place")
    else:
        wrong = [relation for relation in RELATIONS if relation != side]
        yield Asked(f"what is {wrong[rng.integers(len(wrong))]} the {other.words}?", "nothing", image, "place")


def _existence(scene: Scene, thing: Thing, image: int, rng: np.random.Generator) -> Asked:
    """Whether a digit of a colour is there; the wrong ones have either the right colour or the right digit."""
    if rng.random() < 0.5:
        return Asked(f"is there a {thing.words}?", "yes", image, "yes or no")
    there = {one.words for one in scene.things}
    near = [f"{thing.colour} {name}" for name in NAMES] + [f"{colour} {thing.name}" for colour in COLOURS]
    absent = [words for words in near if words not in there]
    return Asked(f"is there a {absent[rng.integers(len(absent))]}?", "no", image, "yes or no")
