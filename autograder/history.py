"""What changed between two gradings of a student's work, and why."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.record import Record


def changes(before: Record, after: Record) -> list[str]:
    """A line for each exercise whose score changed, after a line that says what was different; nothing if none did."""
    moved = list(_moved(before, after))
    if not moved:
        return []
    total = f"{before.score:g} to {after.score:g} of {after.points:g}"
    return [f"{total}, because {' and '.join(reasons(before, after))}", *moved]


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


def _moved(before: Record, after: Record) -> Iterator[str]:
    scores = before.scores()
    why = {verdict.exercise: verdict.reason for verdict in (*before.verdicts, *after.verdicts) if verdict.reason}
    for exercise, score in after.scores().items():
        if scores.get(exercise) != score:
            old = scores.get(exercise)
            was = "not graded" if old is None else f"{old:g}"
            yield f"{exercise}: {was} to {score:g} ({why.get(exercise, 'full')})"
