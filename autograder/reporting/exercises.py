"""How an exercise went in a class, and the cases and named mistakes at which its points were lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.judge import Verdict
from autograder.record import Record, is_unwritten, told_mistakes
from seqlab.checking.casefile import NamedMistake
from seqlab.checking.outcome import CaseOutcome


@dataclass(frozen=True)
class ExerciseFigure:
    """How many earned all, a part, or none of an exercise's points.

    ``unwritten`` and ``refused`` of those who earned none did not write it, or handed in what could not be read.
    ``lost`` are the points that the class lost here, all together.
    """

    exercise: str
    points: float
    full: int
    part: int
    none: int
    unwritten: int
    refused: int
    lost: float

    @property
    def count(self) -> int:
        """How many were graded."""
        return self.full + self.part + self.none

    @property
    def mean(self) -> float:
        """Points earned on average."""
        return self.points - self.lost / self.count


@dataclass(frozen=True)
class CaseFigure:
    """A case at which points were lost: who lost them, and how many in all. Work that was not run is left out."""

    exercise: str
    title: str
    lost: float
    students: tuple[str, ...]


@dataclass(frozen=True)
class MistakeFigure:
    """A named mistake, what it says and asks, and who was told of it."""

    key: str
    exercise: str
    says: str
    asks: str
    students: tuple[str, ...]


def exercise_figures(records: Sequence[Record]) -> tuple[ExerciseFigure, ...]:
    """A figure for each exercise, in the order of the notebook."""
    by_exercise: dict[str, list[tuple[Verdict, bool]]] = defaultdict(list)
    for record in records:
        for verdict in record.verdicts:
            by_exercise[verdict.exercise].append((verdict, bool(record.refusal)))
    return tuple(_exercise(name, judged) for name, judged in by_exercise.items())


def case_figures(records: Sequence[Record]) -> tuple[CaseFigure, ...]:
    """The cases at which points were lost, the costliest first; refused and unwritten work is counted elsewhere."""
    lost: dict[tuple[str, str], float] = defaultdict(float)
    students: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in (record for record in records if not record.refusal):
        for verdict in record.verdicts:
            for outcome, points in _losses(verdict):
                lost[verdict.exercise, outcome.title] += points
                students[verdict.exercise, outcome.title].append(record.student)
    figures = (CaseFigure(*place, round(lost[place], 2), tuple(who)) for place, who in students.items())
    return tuple(sorted(figures, key=lambda one: -one.lost))


def mistake_figures(records: Sequence[Record]) -> tuple[MistakeFigure, ...]:
    """The named mistakes that students were told of, the most frequent first; each counts once for a student."""
    told: dict[str, list[str]] = defaultdict(list)
    known: dict[str, NamedMistake] = {}
    for record in records:
        seen = {mistake.key: mistake for verdict in record.verdicts for mistake in told_mistakes(verdict)}
        known |= seen
        for key in seen:
            told[key].append(record.student)
    figures = (MistakeFigure(one.key, one.exercise, one.says, one.asks, tuple(told[one.key])) for one in known.values())
    return tuple(sorted(figures, key=lambda one: -len(one.students)))


def _exercise(name: str, judged: Sequence[tuple[Verdict, bool]]) -> ExerciseFigure:
    verdicts = [verdict for verdict, _ in judged]
    full = sum(verdict.full for verdict in verdicts)
    none = sum(verdict.score <= 0 for verdict in verdicts)
    return ExerciseFigure(
        name,
        verdicts[-1].points,
        full,
        len(verdicts) - full - none,
        none,
        sum(is_unwritten(verdict) for verdict in verdicts),
        sum(refused for _, refused in judged),
        round(sum(verdict.points - verdict.score for verdict in verdicts), 2),
    )


def _losses(verdict: Verdict) -> list[tuple[CaseOutcome, float]]:
    """The cases that were not fully earned, and the points that each cost."""
    if is_unwritten(verdict):
        return []
    judged = zip(verdict.outcomes, verdict.worth, strict=True)
    return [(one, points * (1 - one.share)) for one, points in judged if one.share < 1]
