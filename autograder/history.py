"""What changed between two gradings of a student's work, and why."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.record import Record


@dataclass(frozen=True)
class Moved:
    """An exercise whose score changed: the score before (None: not graded), the one now, and why it is not full."""

    exercise: str
    before: float | None
    now: float
    points: float
    why: str

    @property
    def was(self) -> str:
        """The score before, in words."""
        return "not graded" if self.before is None else f"{self.before:g}"


def changes(before: Record, after: Record) -> list[str]:
    """A line for each exercise whose score changed, after a line that says what was different; nothing if none did."""
    found = moved(before, after)
    if not found:
        return []
    total = f"{before.score:g} to {after.score:g} of {after.points:g}"
    lines = [f"{one.exercise}: {one.was} to {one.now:g} ({one.why or 'full'})" for one in found]
    return [f"{total}, because {' and '.join(reasons(before, after))}", *lines]


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
    """The exercises whose score changed."""
    scores = before.scores()
    why = {verdict.exercise: verdict.reason for verdict in (*before.verdicts, *after.verdicts) if verdict.reason}
    return [
        Moved(
            verdict.exercise, scores.get(verdict.exercise), verdict.score, verdict.points, why.get(verdict.exercise, "")
        )
        for verdict in after.verdicts
        if scores.get(verdict.exercise) != verdict.score
    ]
