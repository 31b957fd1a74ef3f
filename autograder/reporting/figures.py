"""The figures of a class: everything that the report says, from the classroom alone. Pure: no file, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.pages import number
from autograder.reporting.classroom import Classroom
from autograder.reporting.exercises import (
    CaseFigure,
    ExerciseFigure,
    MistakeFigure,
    case_figures,
    exercise_figures,
    mistake_figures,
)
from autograder.reporting.noticed import Noticed, noticed, repairs
from autograder.reporting.people import Change, Late, TalkTo, changed_students, late_students, to_talk_to
from autograder.reporting.scores import Spread, spread_of

SAID = 120  # characters of a mistake in the headline


@dataclass(frozen=True)
class Figures:
    """What the report says; each tuple is in the order in which it is shown."""

    spread: Spread | None
    exercises: tuple[ExerciseFigure, ...]
    cases: tuple[CaseFigure, ...]
    mistakes: tuple[MistakeFigure, ...]
    noticed: tuple[Noticed, ...]
    repairs: tuple[Noticed, ...]
    refusals: tuple[tuple[str, str], ...]
    late: tuple[Late, ...]
    changes: tuple[Change, ...]
    talk_to: tuple[TalkTo, ...]


def figures_of(classroom: Classroom) -> Figures:
    """The figures of a class, also of one that handed in nothing."""
    records = [work.record for work in classroom.works]
    seen = noticed(records, classroom.kept_bytes)
    return Figures(
        spread_of([work.percent for work in classroom.works]),
        exercise_figures(records),
        case_figures(records),
        mistake_figures(records),
        seen,
        repairs(records),
        tuple((record.student, record.refusal) for record in records if record.refusal),
        late_students(classroom),
        changed_students(classroom.works),
        to_talk_to(classroom, seen),
    )


def headline(classroom: Classroom, figures: Figures) -> str:
    """The report in a sentence or two."""
    return "; ".join(_headline(classroom, figures)) + "."


def _headline(classroom: Classroom, figures: Figures) -> Iterator[str]:
    everybody = len(classroom.works) + len(classroom.ungraded) + len(classroom.missing)
    yield (
        f"{len(classroom.works) + len(classroom.ungraded)} of {everybody} handed in"
        if everybody
        else "No student is known"
    )
    if classroom.ungraded:
        yield f"{len(classroom.ungraded)} of these are not graded yet"
    if figures.spread is not None:
        yield f"the median is {number(figures.spread.median)} of 100"
    if figures.refusals:
        yield f"{_hand_ins(len(figures.refusals))} could not be read"
    costliest = max(figures.exercises, key=lambda one: one.lost, default=None)
    if costliest is not None and costliest.lost > 0:
        mean = costliest.lost / costliest.count
        yield f"most points are lost in {costliest.exercise}, {number(mean)} of {costliest.points:g} on average"
    elif costliest is not None:
        yield "everybody who is graded earned every point"
    if figures.mistakes:
        first = figures.mistakes[0]
        made = f"the most frequent mistake, made by {len(first.students)}, is in {first.exercise}"
        yield f"{made}: “{_short(first.says)}”"
    if figures.talk_to:
        yield f"{len(figures.talk_to)} to talk to"


def _hand_ins(count: int) -> str:
    return f"{count} hand-in{'s' * (count != 1)}"


def _short(text: str) -> str:
    plain = text.rstrip(".")
    return plain if len(plain) <= SAID else plain[: SAID - 1].rstrip() + "…"
