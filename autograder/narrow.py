"""Narrow cases: one size is 1. Answers stumble there that squeeze axes away, or broadcast by luck."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autograder.student import Play
from autograder.suite import Case, Draw

NARROW = 0.7  # with the other weights of a suite, 5 to 10 % of an exercise: whoever stumbles here keeps most points
TITLES = {
    "T": "several examples of a single step",
    "D": "a single feature",
    "F": "a single feature of the image",
    "H": "a single hidden unit",
    "M": "a single score",
}


def narrow_cases(
    play: Play,
    draw_of: Callable[[str], Draw],
    letters: str,
    titles: Mapping[str, str] | None = None,
    weight: float = NARROW,
) -> tuple[Case, ...]:
    """A case for each letter in ``letters``, with that size 1 and the others ordinary; ``draw_of("H")`` makes its draw.

    ``titles`` replaces titles by letter, in a stage whose axes have other names.
    """
    named = TITLES | dict(titles or {})
    return tuple(Case(named[letter], draw_of(letter), play, weight=weight) for letter in letters)
