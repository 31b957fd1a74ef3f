"""What changed between two gradings of a student's work, and why."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.record import Record


@dataclass(frozen=True)
class Moved:
    """An exercise whose score changed.

    Attributes:
        before: the score before; None if it was not graded.
        now: the score now; None if the suite no longer asks for it.
        points: that it is worth, or was.
        why: why it is not full now; empty if it is.
    """

    exercise: str
    before: float | None
    now: float | None
    points: float
    why: str

    @property
    def was(self) -> str:
        """The score before, in words."""
        return "not graded" if self.before is None else f"{self.before:g}"

    @property
    def came(self) -> str:
        """The score now, in words."""
        return "no longer asked" if self.now is None else f"{self.now:g}"

    @property
    def told(self) -> str:
        """The change in a line."""
        because = "" if self.now is None else f" ({self.why or 'full'})"
        return f"{self.exercise}: {self.was} to {self.came}{because}"


def changes(before: Record, after: Record) -> list[str]:
    """A line for each exercise whose score changed, after a line that says what was different; nothing if none did."""
    found = moved(before, after)
    if not found:
        return []
    total = f"{before.score:g} to {after.score:g} of {after.points:g}"
    return [f"{total}, because {' and '.join(reasons(before, after))}", *(one.told for one in found)]


def reasons(before: Record, after: Record) -> list[str]:
    """What was different between two gradings."""
    found = []
    if before.digest != after.digest:
        found.append("another file was handed in")
    if before.suite != after.suite:
        found.append("the suite, the release or the judging code is another")
    if (before.seed, before.secret) != (after.seed, after.secret):
        found.append("the hidden inputs were drawn anew")
    found += [
        f"{name} is {after.versions[name]} and was {before.versions.get(name, 'not recorded')}"
        for name in after.versions
        if before.versions.get(name) != after.versions[name]
    ]
    return found or ["the same work was graded again under the same circumstances and came out differently"]


def moved(before: Record, after: Record) -> list[Moved]:
    """The exercises whose score changed, and those that are no longer asked."""
    scores, asked = before.scores(), after.scores()
    changed = [
        Moved(one.exercise, scores.get(one.exercise), one.score, one.points, one.reason)
        for one in after.verdicts
        if scores.get(one.exercise) != one.score
    ]
    dropped = [one for one in before.verdicts if one.exercise not in asked]
    return changed + [Moved(one.exercise, one.score, None, one.points, "") for one in dropped]
