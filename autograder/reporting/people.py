"""Who was late, whose score changed since the grading before, and with whom a talk may help, with the reason."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.history import changes
from autograder.late import lateness
from autograder.printable import printable
from autograder.record import Record, is_unwritten
from autograder.reporting.classroom import Classroom, Work
from autograder.reporting.noticed import Noticed

FAR_BELOW = 30  # percent below the average of the student's own earlier stages
MANY = 3  # different files that brought no progress
QUOTED = 300


@dataclass(frozen=True)
class Late:
    """A student who was late: by how much, in words, and the points that it costs."""

    student: str
    how_late: str
    penalty: float


@dataclass(frozen=True)
class TalkTo:
    """A student and why a talk may help."""

    student: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A student who was graded before: percent then and now, and what changed and why."""

    student: str
    before: float
    after: float
    lines: tuple[str, ...]

    @property
    def rose(self) -> bool:
        """Whether the score is higher now."""
        return self.after > self.before


def late_students(classroom: Classroom) -> tuple[Late, ...]:
    """Who handed in after the due date, the latest first."""
    standings = ((work.student, classroom.standings.of(work.student)) for work in classroom.works)
    late = [(one.late_seconds, name, one.penalty) for name, one in standings if one.late_seconds]
    return tuple(Late(name, lateness(seconds), penalty) for seconds, name, penalty in sorted(late, reverse=True))


def changed_students(works: Sequence[Work]) -> tuple[Change, ...]:
    """Whose score is another than in the grading before, the largest fall first."""
    found = []
    for work in works:
        lines = changes(work.before, work.record) if work.before is not None else []
        if lines:
            shown = tuple(printable(line, QUOTED) for line in lines)
            found.append(Change(work.student, work.attempts[-2].percent, work.percent, shown))
    return tuple(sorted(found, key=lambda one: (one.after - one.before, one.student)))


def to_talk_to(classroom: Classroom, seen: Sequence[Noticed]) -> tuple[TalkTo, ...]:
    """The students for whom there is a reason, those with most reasons first."""
    asked: dict[str, list[str]] = {}
    for one in (one for one in seen if one.kind.ask):
        for student, words in one.seen:
            asked.setdefault(student, []).append(f"{one.kind.name.lower()} ({words[0]}): ask what it was for")
    found = [TalkTo(work.student, (*_reasons(work), *asked.get(work.student, ()))) for work in classroom.works]
    found += [TalkTo(student, (_missed(earlier),)) for student, earlier in classroom.missing.items() if earlier]
    return tuple(sorted((one for one in found if one.reasons), key=lambda one: (-len(one.reasons), one.student)))


def _reasons(work: Work) -> Iterator[str]:
    record = work.record
    if record.refusal:
        yield f"the hand-in could not be read: {printable(record.refusal, QUOTED)}"
    elif record.score <= 0:
        yield _why_zero(record)
    if work.earlier and statistics.fmean(work.earlier.values()) - work.percent >= FAR_BELOW:
        yield f"far below their earlier stages: {work.percent:.0f} here, {_before(work.earlier)}"
    scores = _score_of_each_file(work)
    if len(scores) >= MANY and max(scores[1:]) <= scores[0] < 100:
        yield f"{len(scores)} different files without progress: {', '.join(f'{score:.0f}' for score in scores)}"


def _why_zero(record: Record) -> str:
    written = sum(not is_unwritten(verdict) for verdict in record.verdicts)
    if not written:
        return "no points: no exercise is written yet"
    return f"no points, though {written} of {len(record.verdicts)} exercises are written"


def _before(earlier: Mapping[str, float]) -> str:
    each = ", ".join(f"{stage} {percent:.0f}" for stage, percent in earlier.items())
    return f"{statistics.fmean(earlier.values()):.0f} on average before ({each})"


def _missed(earlier: Mapping[str, float]) -> str:
    return f"handed in nothing; {_before(earlier)}"


def _score_of_each_file(work: Work) -> list[float]:
    """The score of each file that differs from the one graded before it, as it was graded last."""
    scores: list[float] = []
    last = ""
    for attempt in work.attempts:
        if attempt.digest == last:
            scores.pop()
        scores.append(attempt.percent)
        last = attempt.digest
    return scores
