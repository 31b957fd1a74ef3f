"""What is in a scene, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass

COLOURS = ("red", "green", "blue", "yellow")
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RELATIONS = ("left of", "right of", "above", "below")


@dataclass(frozen=True)
class Thing:
    """A digit: name, colour, which picture of a digit it is, and the place of that picture's corner in pixels."""

    name: str
    colour: str
    source: int
    left: int
    top: int

    @property
    def words(self) -> str:
        """Such as ``red five``."""
        return f"{self.colour} {self.name}"


@dataclass(frozen=True)
class Scene:
    """One digit, or two and how the first stands to the second."""

    things: tuple[Thing, ...]
    relation: str | None

    @property
    def caption(self) -> str:
        """Such as ``a red five left of a green four``."""
        return f" {self.relation} ".join(f"a {thing.words}" for thing in self.things)

    @property
    def word_things(self) -> list[int]:
        """For each word of the caption the place of the thing that it speaks of; -1 for the words of the relation."""
        between = [-1] * len((self.relation or "").split())
        parts = [[place] * 3 for place in range(len(self.things))]
        return parts[0] if len(parts) == 1 else [*parts[0], *between, *parts[1]]
